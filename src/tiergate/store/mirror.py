"""The mirror: what Stripe said last of each object, and never anything older.

Order never matters. What an event carries is saved only when it is certainly newer than what is there;
in every other case the caller is told that the object is stale, and reads it from Stripe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select, update

from tiergate.rules.state import ENDED, Customer, Invoice, Subscription
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import customers, invoices, subscriptions

Json = Mapping[str, Any]


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


class Saved(Enum):
    """What became of a sighting."""

    SAVED = "saved"
    COVERED = "covered"
    """Stripe was read after this arrived: there is nothing in it that is not known."""
    STALE = "stale"
    """It may be older than what is there: read the object from Stripe."""


def save_subscription(
    tx: Transaction, subscription: Subscription, raw: Json, sighting: Sighting, now: datetime
) -> Saved:
    """Save what is known of a subscription; one that has ended is revived by a reading only."""
    values = {
        "stripe_subscription_id": subscription.id,
        "account_id": sighting.account_id,
        "stripe_customer_id": subscription.customer_id,
        "stripe_price_id": subscription.items[0].price_id if subscription.items else None,
        "plan_key": subscription.plan_key,
        "status": str(raw["status"]),
        "start_date": subscription.start_date,
        "trial_start": subscription.trial_start,
        "trial_end": subscription.trial_end,
        "current_period_start": subscription.current_period_start,
        "current_period_end": subscription.current_period_end,
        "cancel_at": subscription.cancel_at,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "canceled_at": subscription.canceled_at,
        "ended_at": subscription.ended_at,
        "default_payment_method": subscription.default_payment_method,
        "collection_method": subscription.collection_method,
        "latest_invoice_id": subscription.latest_invoice_id,
        "items": [_item(item) for item in subscription.items],
        "metadata": dict(subscription.metadata),
        **_stamps(subscription, raw, sighting, subscription.created_at, now),
    }
    revives = None
    if subscription.status not in ENDED:
        revives = subscriptions.c.status.not_in([str(status) for status in ENDED])
    return _save(tx, subscriptions, values, sighting, revives)


def save_invoice(tx: Transaction, invoice: Invoice, raw: Json, sighting: Sighting, now: datetime) -> Saved:
    """Save what is known of an invoice."""
    values = {
        "stripe_invoice_id": invoice.id,
        "account_id": sighting.account_id,
        "stripe_customer_id": invoice.customer_id,
        "stripe_subscription_id": invoice.subscription_id,
        "status": str(raw["status"]),
        "billing_reason": invoice.billing_reason,
        "currency": invoice.currency,
        "total": invoice.total,
        "amount_paid": invoice.amount_paid,
        "amount_due": invoice.amount_due,
        "attempted": invoice.attempted,
        "attempt_count": invoice.attempt_count,
        "finalized_at": invoice.finalized_at,
        "due_date": invoice.due_date,
        "paid_at": invoice.paid_at,
        "next_payment_attempt": invoice.next_payment_attempt,
        "number": invoice.number,
        "hosted_invoice_url": invoice.hosted_invoice_url,
        "invoice_pdf": invoice.invoice_pdf,
        "metadata": dict(invoice.metadata),
        **_stamps(invoice, raw, sighting, invoice.created_at, now),
    }
    return _save(tx, invoices, values, sighting)


def save_customer(tx: Transaction, customer: Customer, raw: Json, sighting: Sighting, now: datetime) -> Saved:
    """Save what is known of a customer."""
    values = {
        "stripe_customer_id": customer.id,
        "account_id": sighting.account_id,
        "email": customer.email,
        "default_payment_method": customer.default_payment_method,
        "deleted": customer.deleted,
        "metadata": dict(customer.metadata),
        **_stamps(customer, raw, sighting, sighting.as_of, now),
    }
    return _save(tx, customers, values, sighting)


def adopt_customer(tx: Transaction, customer_id: str, account_id: str) -> None:
    """Give an account all that is mirrored of its customer and belongs to nobody yet."""
    for table in (customers, subscriptions, invoices):
        tx.execute(
            update(table)
            .where(table.c.stripe_customer_id == customer_id, table.c.account_id.is_(None))
            .values(account_id=account_id)
        )


def is_mirrored(tx: Transaction, kind: str, object_id: str) -> bool:
    """Whether anything is known of a ``customer``, ``subscription`` or ``invoice``."""
    table = {"customer": customers, "subscription": subscriptions, "invoice": invoices}[kind]
    return tx.execute(select(1).where(_key(table) == object_id)).first() is not None


def customer_facts(tx: Transaction, customer_id: str) -> tuple[str | None, dict[str, str]]:
    """Return a mirrored customer's test clock and metadata; nothing for one that was never seen."""
    query = select(customers.c.test_clock, customers.c.metadata).where(
        customers.c.stripe_customer_id == customer_id
    )
    row = tx.execute(query).first()
    return (row.test_clock, row.metadata) if row else (None, {})


def is_customer_deleted(tx: Transaction, customer_id: str) -> bool:
    """Whether a customer is known to be deleted at Stripe."""
    query = select(customers.c.deleted).where(customers.c.stripe_customer_id == customer_id)
    return bool(tx.execute(query).scalar())


def mark_customer_deleted(tx: Transaction, customer_id: str, now: datetime) -> None:
    """Note that Stripe does not know a customer any more; its row stays."""
    tx.execute(
        update(customers)
        .where(customers.c.stripe_customer_id == customer_id)
        .values(deleted=True, default_payment_method=None, updated_at=now)
    )


def test_clock_of(tx: Transaction, kind: str, object_id: str) -> str | None:
    """Return the test clock on which a mirrored object lives."""
    table = {"customer": customers, "subscription": subscriptions, "invoice": invoices}[kind]
    found: str | None = tx.execute(select(table.c.test_clock).where(_key(table) == object_id)).scalar()
    return found


def _item(item: Any) -> dict[str, Any]:
    start, end = item.current_period_start, item.current_period_end
    return {
        "id": item.id,
        "price_id": item.price_id,
        "quantity": item.quantity,
        "current_period_start": start and int(start.timestamp()),
        "current_period_end": end and int(end.timestamp()),
    }


def _stamps(
    thing: Subscription | Invoice | Customer,
    raw: Json,
    sighting: Sighting,
    created_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "livemode": thing.livemode,
        "test_clock": thing.test_clock,
        "as_of": sighting.as_of,
        "fetched_at": None if sighting.event_id else sighting.seen_at,
        "last_event_id": sighting.event_id,
        "raw": dict(raw),
        "created_at": created_at,
        "updated_at": now,
    }


def _save(
    tx: Transaction,
    table: Table,
    values: dict[str, Any],
    sighting: Sighting,
    condition: ColumnElement[bool] | None = None,
) -> Saved:
    statement = insert_into(tx, table).values(values)
    new = statement.excluded
    same_clock = func.coalesce(table.c.test_clock, "") == func.coalesce(new.test_clock, "")
    kept = {
        "account_id": func.coalesce(table.c.account_id, new.account_id),
        "as_of": case((and_(same_clock, table.c.as_of > new.as_of), table.c.as_of), else_=new.as_of),
        "fetched_at": func.coalesce(new.fetched_at, table.c.fetched_at),
        "last_event_id": func.coalesce(new.last_event_id, table.c.last_event_id),
        "created_at": table.c.created_at,
    }
    changes = {name: kept.get(name, new[name]) for name in values if name != _key(table).name}
    guard = or_(table.c.fetched_at.is_(None), table.c.fetched_at <= sighting.seen_at)
    if sighting.event_id:
        unread_since = or_(table.c.fetched_at.is_(None), table.c.fetched_at < sighting.seen_at)
        guard = and_(unread_since, table.c.as_of < new.as_of, same_clock)
        if condition is not None:
            guard = and_(guard, condition)
    written = tx.execute(
        statement.on_conflict_do_update(index_elements=[_key(table)], set_=changes, where=guard).returning(
            _key(table)
        )
    ).first()
    if written:
        return Saved.SAVED
    return _why_not(tx, table, values[_key(table).name], sighting)


def _why_not(tx: Transaction, table: Table, key: str, sighting: Sighting) -> Saved:
    fetched_at = tx.execute(select(table.c.fetched_at).where(_key(table) == key)).scalar()
    covered = fetched_at is not None and fetched_at > sighting.seen_at
    return Saved.COVERED if covered else Saved.STALE


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))
