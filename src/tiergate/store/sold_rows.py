"""What mirrored subscriptions and schedules sell, for when the prices behind them are mapped anew."""

from typing import Any, Literal

from sqlalchemy import Row, Select, Table, select, update

from tiergate.rules.state import Schedule, Subscription
from tiergate.store.engine import Transaction
from tiergate.store.mirror import TABLES
from tiergate.store.mirror_rows import schedule_of, schedule_values, subscription_of, subscription_values

Selling = Literal["subscription", "subscription_schedule"]
"""The objects that name prices."""


def selling_after(
    tx: Transaction, kind: Selling, after: str, limit: int
) -> list[tuple[str | None, Subscription | Schedule]]:
    """Return objects of a kind in the order of their ids, those after one, each with its account."""
    table = TABLES[kind]
    rows = tx.execute(_without_raw(table).where(_key(table) > after).order_by(_key(table)).limit(limit))
    return [(row.account_id, _read(kind, row)) for row in rows]


def selling(tx: Transaction, kind: Selling, object_id: str) -> Subscription | Schedule:
    """Return an object as it is mirrored now."""
    table = TABLES[kind]
    return _read(kind, tx.execute(_without_raw(table).where(_key(table) == object_id)).one())


def save_sold(tx: Transaction, thing: Subscription | Schedule) -> None:
    """Save what an object sells; everything else of it stays as it was."""
    if isinstance(thing, Subscription):
        values = subscription_values(thing, "")
        table, names = TABLES["subscription"], ["plan_key", "catalog_version", "items", "pending_update"]
    else:
        values = schedule_values(thing)
        table, names = TABLES["subscription_schedule"], ["phases"]
    tx.execute(update(table).where(_key(table) == thing.id).values({name: values[name] for name in names}))


def _read(kind: Selling, row: Row[Any]) -> Subscription | Schedule:
    return subscription_of(row) if kind == "subscription" else schedule_of(row)


def _without_raw(table: Table) -> Select[Any]:
    return select(*[column for column in table.c if column.name != "raw"])


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))
