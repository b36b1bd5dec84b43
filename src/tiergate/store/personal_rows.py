"""Everything that is kept about an account, table by table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, or_, select

from tiergate.store.account_rows import Account
from tiergate.store.engine import Transaction
from tiergate.store.tables import (
    customers,
    events,
    invoices,
    metadata,
    payment_methods,
    subscription_schedules,
    subscriptions,
)

_PREFIX = "tiergate_"
_MIRROR = (customers, subscriptions, invoices, payment_methods, subscription_schedules)


def rows_about(tx: Transaction, account: Account) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about an account, by table without its prefix, as plain values.

    A table that names accounts is found by itself: none that comes later is forgotten.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for name, table in sorted(metadata.tables.items()):
        if "account_id" in table.c:
            rows = events_about(tx, account) if table is events else _rows(tx, table, account)
            found[name.removeprefix(_PREFIX)] = [_plain(row._mapping) for row in rows]
    return found


def events_about(tx: Transaction, account: Account) -> list[Row[Any]]:
    """Return the events about an account, those too that nothing followed from.

    They name the account, one of its objects or one of its customers.
    """
    objects: set[str] = set()
    names: set[str] = set(filter(None, [account.stripe_customer_id]))
    for table in _MIRROR:
        ids = {row[0] for row in tx.execute(_keys(table, account))}
        objects |= ids
        names |= ids if table is customers else set()
    mine = [events.c.account_id == account.account_id, events.c.object_id.in_(sorted(objects | names))]
    mine += [events.c.payload.contains(f'"{name}"', autoescape=True) for name in sorted(names)]
    return list(tx.execute(select(events).where(or_(*mine)).order_by(events.c.received_at)))


def _rows(tx: Transaction, table: Table, account: Account) -> list[Row[Any]]:
    mine = table.c.account_id == account.account_id
    return list(tx.execute(select(table).where(mine).order_by(*table.primary_key)))


def _keys(table: Table, account: Account) -> Any:
    return select(*table.primary_key).where(table.c.account_id == account.account_id)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()
    }
