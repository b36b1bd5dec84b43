"""The mirror: what Stripe said last of each object, and never anything older.

Order never matters. What an event carries is saved only when it is certainly newer than what is there;
in every other case the caller is told that the object is stale, and reads it from Stripe.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Column,
    Table,
    select,
    update,
)

from tiergate.rules.instants import from_unix_seconds
from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.engine import Transaction
from tiergate.store.erased_rows import erased_accounts, without_personal_values
from tiergate.store.insert_rows import InsertRows
from tiergate.store.mirror_rows import (
    customer_values,
    invoice_values,
    payment_method_values,
    schedule_values,
    subscription_values,
)
from tiergate.store.newer import LONG_BEFORE, statement
from tiergate.store.prepared import Prepared
from tiergate.store.tables import (
    customers,
    invoices,
    payment_methods,
    subscription_schedules,
    subscriptions,
)

Json = Mapping[str, Any]

Kind = Literal["customer", "subscription", "invoice", "payment_method", "subscription_schedule"]
"""The objects that are mirrored, by Stripe's own word in ``object``."""

TABLES: Mapping[Kind, Table] = {
    "customer": customers,
    "subscription": subscriptions,
    "invoice": invoices,
    "payment_method": payment_methods,
    "subscription_schedule": subscription_schedules,
}
"""Where each is mirrored."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """How something was learnt: from an event, or by reading it from Stripe.

    ``as_of`` is the instant, in the object's own time, at which it is known to have been so. ``seen_at``
    is real time: when the event arrived, or when the reading began.
    """

    as_of: datetime
    seen_at: datetime
    event_id: str | None = None
    account_id: str | None = None


_CERTAINLY = timedelta(minutes=1)
"""Longer than Stripe takes from looking at an object to the date of its answer."""


class Saved(Enum):
    """What became of a sighting."""

    SAVED = "saved"
    COVERED = "covered"
    """Stripe was read after this arrived: there is nothing in it that is not known."""
    STALE = "stale"
    """It may be older than what is there: read the object from Stripe, once more if this was a reading."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """An object as it was sighted, with all the columns of its row.

    ``keeps_version``: as long as a subscription sells the same plan at the same price, it stays in the
    version of the catalogue that it was first seen in, for nothing says that it was moved to another.
    """

    kind: Kind
    values: dict[str, Any]
    sighting: Sighting
    keeps_version: bool = False

    @property
    def key(self) -> str:
        """Return the object's id."""
        found: str = self.values[_KEYS[self.kind]]
        return found


def subscription_sighted(
    subscription: Subscription, raw: Json, sighting: Sighting, now: datetime, *, keeps_version: bool = False
) -> Sighted:
    """Describe a subscription; one that has ended is revived by a reading only."""
    values = {
        **subscription_values(subscription, str(raw["status"])),
        **_stamps(subscription, subscription.test_clock, raw, sighting, subscription.created_at, now),
    }
    return Sighted("subscription", values, sighting, keeps_version)


def invoice_sighted(invoice: Invoice, raw: Json, sighting: Sighting, now: datetime) -> Sighted:
    """Describe an invoice."""
    values = {
        **invoice_values(invoice, str(raw["status"])),
        **_stamps(invoice, invoice.test_clock, raw, sighting, invoice.created_at, now),
    }
    return Sighted("invoice", values, sighting)


def customer_sighted(customer: Customer, raw: Json, sighting: Sighting, now: datetime) -> Sighted:
    """Describe a customer."""
    values = {
        **customer_values(customer),
        **_stamps(customer, customer.test_clock, raw, sighting, sighting.as_of, now),
    }
    return Sighted("customer", values, sighting)


def payment_method_sighted(
    method: PaymentMethod, raw: Json, sighting: Sighting, now: datetime, test_clock: str | None = None
) -> Sighted:
    """Describe a payment method, which lives on its customer's ``test_clock``."""
    created_at = from_unix_seconds(raw.get("created")) or sighting.as_of
    values = {
        **payment_method_values(method),
        **_stamps(method, test_clock, raw, sighting, created_at, now),
    }
    return Sighted("payment_method", values, sighting)


def schedule_sighted(schedule: Schedule, raw: Json, sighting: Sighting, now: datetime) -> Sighted:
    """Describe a subscription schedule."""
    created_at = from_unix_seconds(raw.get("created")) or sighting.as_of
    values = {
        **schedule_values(schedule),
        **_stamps(schedule, schedule.test_clock, raw, sighting, created_at, now),
    }
    return Sighted("subscription_schedule", values, sighting)


def save_subscription(
    tx: Transaction,
    subscription: Subscription,
    raw: Json,
    sighting: Sighting,
    now: datetime,
    *,
    keeps_version: bool = False,
) -> Saved:
    """Save what is known of a subscription."""
    return _save(tx, subscription_sighted(subscription, raw, sighting, now, keeps_version=keeps_version))


def save_invoice(tx: Transaction, invoice: Invoice, raw: Json, sighting: Sighting, now: datetime) -> Saved:
    """Save what is known of an invoice."""
    return _save(tx, invoice_sighted(invoice, raw, sighting, now))


def save_customer(tx: Transaction, customer: Customer, raw: Json, sighting: Sighting, now: datetime) -> Saved:
    """Save what is known of a customer."""
    return _save(tx, customer_sighted(customer, raw, sighting, now))


def save_payment_method(
    tx: Transaction,
    method: PaymentMethod,
    raw: Json,
    sighting: Sighting,
    now: datetime,
    *,
    test_clock: str | None = None,
) -> Saved:
    """Save what is known of a payment method, which lives on its customer's ``test_clock``."""
    return _save(tx, payment_method_sighted(method, raw, sighting, now, test_clock))


def save_schedule(tx: Transaction, schedule: Schedule, raw: Json, sighting: Sighting, now: datetime) -> Saved:
    """Save what is known of a subscription schedule."""
    return _save(tx, schedule_sighted(schedule, raw, sighting, now))


def _save(tx: Transaction, sighted: Sighted) -> Saved:
    return save_all(tx, [sighted])[0]


def save_all(
    tx: Transaction, sighted: Sequence[Sighted], erased: Collection[str] | None = None
) -> list[Saved]:
    """Save objects with few statements, and return what became of each.

    Several sightings of one object are saved in the order given, with the outcome of one by one. ``erased``
    are those of their accounts that were erased, where the caller knows.
    """
    sighted = _without_what_was_erased(tx, sighted, erased)
    outcomes: list[Saved | None] = [None] * len(sighted)
    for places in _rounds(sighted):
        group = [sighted[place] for place in places.values()]
        first = group[0]
        is_event = first.sighting.event_id is not None
        save = _statement(first.kind, is_event, first.keeps_version)
        binds = {} if is_event else {LONG_BEFORE: _long_before(group)}
        written = {row[0] for row in save(tx, [one.values for one in group], **binds)}
        kept = _kept(tx, first.kind, places.keys() - written)
        for (key, place), one in zip(places.items(), group, strict=True):
            outcomes[place] = _outcome(one, kept[key]) if key in kept else Saved.SAVED
    return [outcome for outcome in outcomes if outcome is not None]


def _without_what_was_erased(
    tx: Transaction, sighted: Sequence[Sighted], erased: Collection[str] | None
) -> Sequence[Sighted]:
    """Leave out what is personal wherever the account was erased: it does not come back by itself."""
    if erased is None:
        erased = erased_accounts(tx, {owner for one in sighted if (owner := one.sighting.account_id)})
    if not erased:
        return sighted
    return [
        replace(one, values=without_personal_values(one.values)) if one.sighting.account_id in erased else one
        for one in sighted
    ]


def _rounds(sighted: Sequence[Sighted]) -> Iterator[dict[str, int]]:
    """Group places by statement, each under its object's id, so that each object's order is kept."""
    rounds: dict[tuple[int, Kind, bool, bool], dict[str, int]] = {}
    times_seen: dict[tuple[Kind, str], int] = {}
    for place, one in enumerate(sighted):
        key = one.key
        round_number = times_seen.get((one.kind, key), 0)
        times_seen[one.kind, key] = round_number + 1
        is_event = one.sighting.event_id is not None
        rounds.setdefault((round_number, one.kind, is_event, one.keeps_version), {})[key] = place
    yield from (rounds[which] for which in sorted(rounds))


def _long_before(readings: Sequence[Sighted]) -> datetime:
    """Return before when, by Stripe's clock, what was known is older than these, whatever ours showed."""
    real = [one.sighting.as_of for one in readings if one.values["test_clock"] is None]
    return min(real) - _CERTAINLY if real else datetime.min.replace(tzinfo=UTC)


def _outcome(one: Sighted, kept: "_Kept") -> Saved:
    is_read_since = kept.fetched_at is not None and kept.fetched_at > one.sighting.seen_at
    # Those instants may come from two machines, whose clocks need not agree: Stripe's stamps must too.
    is_as_new = kept.test_clock == one.values["test_clock"] and kept.as_of >= one.sighting.as_of
    return Saved.COVERED if is_read_since and is_as_new else Saved.STALE


def _kept(tx: Transaction, kind: Kind, keys: Collection[str]) -> dict[str, "_Kept"]:
    if not keys:
        return {}
    return {row[0]: _Kept(*row[1:]) for row in _KEPT[kind](tx, {"ids": sorted(keys)})}


class _Kept(NamedTuple):
    """What is known instead of a sighting that was not saved."""

    fetched_at: datetime | None
    as_of: datetime
    test_clock: str | None


def adopt_customer(tx: Transaction, customer_id: str, account_id: str) -> None:
    """Give an account all that is mirrored of its customer and belongs to nobody yet."""
    for table in TABLES.values():
        tx.execute(
            update(table)
            .where(table.c.stripe_customer_id == customer_id, table.c.account_id.is_(None))
            .values(account_id=account_id)
        )


def is_mirrored(tx: Transaction, kind: Kind, object_id: str) -> bool:
    """Whether anything is known of an object."""
    table = TABLES[kind]
    return tx.execute(select(1).where(key_of(table) == object_id)).first() is not None


def customer_facts(tx: Transaction, customer_id: str) -> tuple[str | None, dict[str, str]]:
    """Return a mirrored customer's test clock and metadata; nothing for one that was never seen."""
    query = select(customers.c.test_clock, customers.c.metadata).where(
        customers.c.stripe_customer_id == customer_id
    )
    row = tx.execute(query).first()
    return (row.test_clock, row.metadata) if row else (None, {})


def mirrored_customers(tx: Transaction, customer_ids: Collection[str]) -> set[str]:
    """Return those of some customers of whom anything is known."""
    if not customer_ids:
        return set()
    return {row[0] for row in _MIRRORED_CUSTOMERS(tx, {"ids": sorted(customer_ids)})}


_MIRRORED_CUSTOMERS = Prepared(
    lambda ids: select(customers.c.stripe_customer_id).where(customers.c.stripe_customer_id.in_(ids))
)


def is_customer_deleted(tx: Transaction, customer_id: str) -> bool:
    """Whether a customer is known to be deleted at Stripe."""
    query = select(customers.c.deleted).where(customers.c.stripe_customer_id == customer_id)
    return bool(tx.execute(query).scalar())


def mark_customer_deleted(tx: Transaction, customer_id: str, now: datetime) -> None:
    """Note that Stripe does not know a customer any more; its row stays."""
    owner = tx.execute(
        update(customers)
        .where(customers.c.stripe_customer_id == customer_id)
        .values(deleted=True, default_payment_method=None, updated_at=now)
        .returning(customers.c.account_id)
    ).scalar()
    if owner:
        note_change(tx, account_topic(owner))


def mark_cards_read(tx: Transaction, customer_id: str, at: datetime) -> None:
    """Note that all payment methods of a customer are known since ``at``: others do not exist."""
    tx.execute(
        update(customers)
        .where(customers.c.stripe_customer_id == customer_id, customers.c.cards_read_at.is_(None))
        .values(cards_read_at=at)
    )


def owner_of(tx: Transaction, kind: Kind, object_id: str) -> str | None:
    """Return the account that a mirrored object belongs to."""
    table = TABLES[kind]
    found: str | None = tx.execute(select(table.c.account_id).where(key_of(table) == object_id)).scalar()
    return found


def _stamps(
    thing: Customer | Subscription | Invoice | PaymentMethod | Schedule,
    test_clock: str | None,
    raw: Json,
    sighting: Sighting,
    created_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "account_id": sighting.account_id,
        "livemode": thing.livemode,
        "test_clock": test_clock,
        "as_of": sighting.as_of,
        "fetched_at": None if sighting.event_id else sighting.seen_at,
        "event_seen_at": sighting.seen_at if sighting.event_id else None,
        "last_event_id": sighting.event_id,
        "raw": raw,
        "created_at": created_at,
        "updated_at": now,
    }


@cache
def _statement(kind: Kind, is_event: bool, keeps_version: bool) -> InsertRows:
    return statement(TABLES[kind], key_of(TABLES[kind]), is_event=is_event, keeps_version=keeps_version)


@cache
def key_of(table: Table) -> Column[str]:
    """Return the column that holds Stripe's id of an object."""
    found: Column[str] = next(iter(table.primary_key.columns))
    return found


def _kept_of(table: Table) -> Prepared:
    key = key_of(table)
    asked = select(key, table.c.fetched_at, table.c.as_of, table.c.test_clock)
    return Prepared(lambda ids: asked.where(key.in_(ids)))


_KEPT: Mapping[Kind, Prepared] = {kind: _kept_of(table) for kind, table in TABLES.items()}
_KEYS: Mapping[Kind, str] = {kind: key_of(table).name for kind, table in TABLES.items()}
