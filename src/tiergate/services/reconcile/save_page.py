"""Saves a page of objects read from Stripe: only what differs from the mirror is written."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.services.context import Context
from tiergate.services.mirror.find_owner import find_owner
from tiergate.services.mirror.sold_as import Prices, prices_in, scheduled_as, sold_as
from tiergate.services.reconcile.differences import Difference, differences_of
from tiergate.store import Transaction
from tiergate.store.account_rows import owners_of
from tiergate.store.catalog_rows import find_prices
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.due_rows import make_due
from tiergate.store.erased_rows import erased_accounts, without_personal_facts
from tiergate.store.mirror import (
    Kind,
    Saved,
    Sighted,
    Sighting,
    customer_sighted,
    invoice_sighted,
    payment_method_sighted,
    save_all,
    schedule_sighted,
    subscription_sighted,
)
from tiergate.store.mirror_many import (
    Mirrored,
    clocks_of_customers,
    known_accounts,
    mirrored,
    told_since,
)
from tiergate.store.test_clock_rows import clocks_now
from tiergate.stripe_api.listed import Json, Listed
from tiergate.stripe_api.read_shapes import (
    read_customer,
    read_invoice,
    read_payment_method,
    read_schedule,
    read_subscription,
)

ACCOUNT_KEY = "account_id"
"""The metadata key under which we name the host's account at Stripe."""

Page = Mapping[Kind, Sequence[Listed]]
"""What Stripe answered at once, by kind, in an order in which owners come before what they own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """When something was read: ``began_at`` in real time here, ``answered_at`` by Stripe's clock."""

    began_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """How many objects of each kind were looked at, what differed, and the accounts that it concerns."""

    looked_at: Mapping[str, int]
    differences: tuple[Difference, ...]
    account_ids: frozenset[str]


@dataclass(slots=True)
class _Found:
    """One object as Stripe has it, beside what we had of it before, and what it was read from."""

    kind: Kind
    thing: Mirrored
    before: Mirrored | None
    source: Listed
    owner: str | None
    differences: tuple[Difference, ...] = ()


def save_page(context: Context, page: Page, reading: Reading, *, dry_run: bool = False) -> PageOutcome:
    """Compare a page with the mirror, and save what differs in one transaction.

    Nothing is written where nothing differs. The accounts concerned become due, so that what changed for
    them is announced. ``dry_run`` only compares. What was learnt of an object since the reading began is no
    difference, and is left as it is.
    """
    with context.database.read() as tx:
        differing = _not_told_since(tx, _differing(tx, page), reading)
    if differing and not dry_run:
        with context.database.write() as tx:
            differing = _save(context, tx, differing, reading)
            _tell(tx, differing)
    differences = tuple(difference for one in differing for difference in one.differences)
    looked_at: dict[str, int] = {kind: len(entries) for kind, entries in page.items()}
    return PageOutcome(looked_at, differences, frozenset(one.owner for one in differing if one.owner))


def save_page_within(
    context: Context,
    tx: Transaction,
    page: Page,
    reading: Reading,
    account_key: str = ACCOUNT_KEY,
    changed: Collection[str] = (),
) -> None:
    """Save what differs of a page in a transaction of the caller's, in which that becomes due as well.

    ``account_key`` is the metadata key under which the host's account is named. ``changed`` are accounts
    that something else was changed for.
    """
    differing = _differing(tx, page)
    saved = _save(context, tx, differing, reading, account_key) if differing else []
    _tell(tx, saved, changed)


def _save(
    context: Context,
    tx: Transaction,
    differing: Sequence[_Found],
    reading: Reading,
    account_key: str = ACCOUNT_KEY,
) -> list[_Found]:
    """Save objects, and return those that were not overtaken by something newer."""
    _find_owners(context, tx, differing, account_key)
    outcomes = save_all(tx, list(_sighted(context, tx, differing, reading)))
    return [one for one, outcome in zip(differing, outcomes, strict=True) if outcome is Saved.SAVED]


def _tell(tx: Transaction, saved: Sequence[_Found], changed: Collection[str] = ()) -> None:
    owners = {*changed, *(one.owner for one in saved if one.owner)}
    note_change(tx, *map(account_topic, owners))
    make_due(tx, owners)


def _not_told_since(tx: Transaction, differing: Sequence[_Found], reading: Reading) -> list[_Found]:
    ids: dict[Kind, list[str]] = {}
    for one in differing:
        if one.before is not None:
            ids.setdefault(one.kind, []).append(one.thing.id)
    told = {kind: told_since(tx, kind, found, reading.began_at) for kind, found in ids.items()}
    return [one for one in differing if one.thing.id not in told.get(one.kind, ())]


def _differing(tx: Transaction, page: Page) -> list[_Found]:
    read = {kind: [_READERS[kind](entry.body) for entry in entries] for kind, entries in page.items()}
    things = [thing for kind in read for thing in read[kind]]
    prices = find_prices(tx, {price for thing in things for price in _prices_of(thing)})
    owners = owners_of(tx, {_customer_of(thing) for thing in things})
    unlike = []
    for kind, entries in page.items():
        ours = mirrored(tx, kind, [thing.id for thing in read[kind]])
        for thing, entry in zip(read[kind], entries, strict=True):
            sold = _as_sold(thing, prices)
            if ours.says(sold.named):
                continue
            before, owner = ours.get(thing.id), owners.get(_customer_of(thing))
            unlike.append(_Found(kind, sold.beside(before), before, entry, owner))
    _name_former_owners(tx, unlike)
    return _with_differences(tx, unlike)


def _name_former_owners(tx: Transaction, unlike: Sequence[_Found]) -> None:
    """Name the owners of cards that were detached: Stripe says of none whose it was."""
    whose = {one.thing.id: one.before.customer_id for one in unlike if isinstance(one.before, PaymentMethod)}
    owners = owners_of(tx, {customer_id for customer_id in whose.values() if customer_id})
    for one in unlike:
        if one.owner is None and one.kind == "payment_method":
            one.owner = owners.get(whose.get(one.thing.id) or "")


def _with_differences(tx: Transaction, unlike: Sequence[_Found]) -> list[_Found]:
    """Return what differs; that something personal was erased here is no difference, and stays untold."""
    erased = erased_accounts(tx, {one.owner for one in unlike if one.owner})
    for one in unlike:
        stripes = without_personal_facts(one.thing) if one.owner in erased else one.thing
        one.differences = tuple(differences_of(one.kind, one.before, stripes, one.owner))
    return [one for one in unlike if one.differences]


def _prices_of(thing: Mirrored) -> Iterable[str]:
    return prices_in(thing) if isinstance(thing, (Subscription, Schedule)) else ()


class _AsSold(NamedTuple):
    """An object with the names of what it sells, and whether it tells under which version that was sold."""

    named: Mirrored
    is_told: bool = True

    def beside(self, before: Mirrored | None) -> Mirrored:
        """Return it as it follows what was mirrored.

        As long as a subscription sells the same at the same price it keeps its version. Of a deleted customer
        Stripe shows nothing but the id: it stays in its mode, and on its clock.
        """
        named = self.named
        if isinstance(named, Customer) and named.deleted and isinstance(before, Customer):
            return replace(named, test_clock=before.test_clock, livemode=before.livemode)
        if self.is_told or not isinstance(named, Subscription) or not isinstance(before, Subscription):
            return named
        same = before.plan_key == named.plan_key and _price_ids(before)[:1] == _price_ids(named)[:1]
        keeps = same and before.catalog_version is not None
        return replace(named, catalog_version=before.catalog_version) if keeps else named


def _as_sold(thing: Mirrored, prices: Prices) -> _AsSold:
    if isinstance(thing, Schedule):
        return _AsSold(scheduled_as(thing, prices))
    if not isinstance(thing, Subscription):
        return _AsSold(thing)
    sold = sold_as(thing, prices)
    return _AsSold(sold.subscription, sold.is_told)


def _price_ids(subscription: Subscription) -> list[str]:
    return [item.price_id for item in subscription.items]


def _find_owners(context: Context, tx: Transaction, differing: Sequence[_Found], account_key: str) -> None:
    """Find the owners of what belongs to nobody yet: its metadata may name an account that is known.

    What carries none of its own was looked up by its customer, whose metadata was read before.
    """
    nobodys = [one for one in differing if one.owner is None]
    named = {account_id for one in nobodys if (account_id := _metadata_of(one.thing).get(account_key))}
    known = known_accounts(tx, named) if named else set()
    owners = {}
    for one in nobodys:
        account_id, customer_id = _metadata_of(one.thing).get(account_key), _customer_of(one.thing)
        if account_id in known:
            told = {ACCOUNT_KEY: account_id}
            owners[customer_id] = find_owner(context, tx, customer_id, told, _clock_of(one.thing))
    for one in nobodys:
        one.owner = owners.get(_customer_of(one.thing))


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _sighted(
    context: Context, tx: Transaction, found: Sequence[_Found], reading: Reading
) -> Iterator[Sighted]:
    of_cards = {} if context.livemode else _clocks_of_cards(tx, found)
    clock_of = {one.thing.id: of_cards.get(one.thing.id) or _clock_of(one.thing) for one in found}
    clock_ids = {clock for clock in clock_of.values() if clock}
    clocks = clocks_now(tx, clock_ids) if clock_ids else {}
    now = context.now()
    for one in found:
        clock = clock_of[one.thing.id]
        as_of = clocks.get(clock, _LONG_AGO) if clock else reading.answered_at
        sighting = Sighting(as_of, seen_at=reading.began_at, account_id=one.owner)
        sighted = _as_sighted(one.thing, one.source.body, sighting, now, clock)
        sighted.values["raw"] = one.source.text
        yield sighted


def _clocks_of_cards(tx: Transaction, found: Sequence[_Found]) -> Mapping[str, str | None]:
    """Return the test clocks of cards, which name none themselves: a card lives on its customer's."""
    whose = {one.thing.id: _holder_of(one) for one in found if isinstance(one.thing, PaymentMethod)}
    if not whose:
        return {}
    along = {one.thing.id: one.thing.test_clock for one in found if isinstance(one.thing, Customer)}
    known = clocks_of_customers(tx, set(whose.values()) - along.keys())
    return {card: (along | known).get(customer_id) for card, customer_id in whose.items()}


def _holder_of(card: _Found) -> str:
    """Return a card's customer; of one that was detached, whose it was."""
    before = card.before.customer_id if isinstance(card.before, PaymentMethod) else None
    return _customer_of(card.thing) or before or ""


def _as_sighted(
    thing: Mirrored, raw: Json, sighting: Sighting, now: datetime, test_clock: str | None
) -> Sighted:
    match thing:
        case Subscription():
            return subscription_sighted(thing, raw, sighting, now)
        case Invoice():
            return invoice_sighted(thing, raw, sighting, now)
        case Customer():
            return customer_sighted(thing, raw, sighting, now)
        case PaymentMethod():
            return payment_method_sighted(thing, raw, sighting, now, test_clock)
        case Schedule():
            return schedule_sighted(thing, raw, sighting, now)


def _metadata_of(thing: Mirrored) -> Mapping[str, str]:
    return {} if isinstance(thing, PaymentMethod) else thing.metadata


def _clock_of(thing: Mirrored) -> str | None:
    return None if isinstance(thing, PaymentMethod) else thing.test_clock


def _customer_of(thing: Mirrored) -> str:
    return thing.id if isinstance(thing, Customer) else thing.customer_id or ""


_READERS: dict[Kind, Callable[[Json], Mirrored]] = {
    "customer": read_customer,
    "subscription": read_subscription,
    "invoice": read_invoice,
    "payment_method": read_payment_method,
    "subscription_schedule": read_schedule,
}
