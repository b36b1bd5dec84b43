"""Small builders for sightings and mirrored objects, so that a test names only the facts it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from sqlalchemy import Row, Table, select

from tiergate.rules.state import (
    Customer,
    Invoice,
    InvoiceStatus,
    PaymentMethod,
    Schedule,
    Subscription,
    SubscriptionStatus,
)
from tiergate.store import Transaction, mirror
from tiergate.store.mirror import TABLES, Kind, Saved, Sighting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

KINDS: tuple[Kind, ...] = get_args(Kind)


def at(seconds: float) -> datetime:
    """The instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def event(created: float, *, received: float = 1000, account_id: str | None = None) -> Sighting:
    """What an event tells that Stripe created ``created`` seconds after noon."""
    return Sighting(at(created), at(received), event_id=f"evt_{created}", account_id=account_id)


def reading(as_of: float, *, began: float, account_id: str | None = None) -> Sighting:
    """What a reading tells that began ``began`` seconds after noon."""
    return Sighting(at(as_of), at(began), account_id=account_id)


def save(
    tx: Transaction, subscription: Subscription, sighting: Sighting, *, raw_status: str | None = None
) -> Saved:
    """Save a subscription as it was sighted."""
    raw = {"status": raw_status or str(subscription.status)}
    return mirror.save_subscription(tx, subscription, raw, sighting, sighting.seen_at)


def save_marked(
    tx: Transaction,
    kind: Kind,
    mark: str,
    sighting: Sighting,
    *,
    object_id: str = "the_one",
    test_clock: str | None = None,
) -> Saved:
    """Save an object of a kind that bears a mark, by which it is recognised afterwards."""
    rest: dict[str, Any] = {"metadata": {"mark": mark}, "test_clock": test_clock}
    now = sighting.seen_at
    if kind == "customer":
        return mirror.save_customer(tx, Customer(object_id, **rest), {}, sighting, now)
    if kind == "invoice":
        invoice = Invoice(object_id, "cus_1", InvoiceStatus.OPEN, NOON, **rest)
        return mirror.save_invoice(tx, invoice, {"status": "open"}, sighting, now)
    if kind == "subscription_schedule":
        return mirror.save_schedule(tx, Schedule(object_id, "cus_1", "active", **rest), {}, sighting, now)
    if kind == "payment_method":
        method = PaymentMethod(object_id, "cus_1", fingerprint=mark)
        return mirror.save_payment_method(tx, method, {}, sighting, now, test_clock=test_clock)
    active = Subscription(object_id, "cus_1", SubscriptionStatus.ACTIVE, NOON, **rest)
    return save(tx, active, sighting)


def marks(tx: Transaction, kind: Kind) -> list[str]:
    """The marks of all objects of a kind that are mirrored."""
    found = rows(tx, table_of(kind))
    return [row.fingerprint if kind == "payment_method" else row.metadata["mark"] for row in found]


def rows(tx: Transaction, table: Table) -> list[Row[Any]]:
    """All rows of a table."""
    return list(tx.execute(select(table)))


def the_row(tx: Transaction, table: Table) -> Row[Any]:
    """The only row of a table."""
    return tx.execute(select(table)).one()


def table_of(kind: Kind) -> Table:
    """The table that mirrors a kind of object."""
    return TABLES[kind]


def subscription(status: str = "active", **fields: Any) -> Subscription:
    """A subscription with a status, and what else the test is about."""
    known = {"id": "sub_1", "customer_id": "cus_1", "created_at": NOON, **fields}
    return Subscription(status=SubscriptionStatus(status), **known)
