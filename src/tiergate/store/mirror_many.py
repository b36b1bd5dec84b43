"""The mirror by the page: many objects, read from Stripe at once, compared and saved in few statements."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, select, union_all

from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.store.engine import Transaction
from tiergate.store.mirror import TABLES, Kind, key_of
from tiergate.store.mirror_rows import (
    customer_of,
    invoice_of,
    payment_method_of,
    schedule_of,
    subscription_of,
)
from tiergate.store.tables import accounts, customers

Mirrored = Customer | Subscription | Invoice | PaymentMethod | Schedule
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_OWNERS = union_all(
    select(customers.c.stripe_customer_id, customers.c.account_id).where(
        customers.c.stripe_customer_id.in_(_IDS), customers.c.account_id.is_not(None)
    ),
    select(accounts.c.stripe_customer_id, accounts.c.account_id).where(
        accounts.c.stripe_customer_id.in_(_IDS)
    ),
)
_NOT_COMPARED = frozenset(["raw", "updated_at", "fetched_at", "event_seen_at", "last_event_id"])


def mirrored(tx: Transaction, kind: Kind, ids: Collection[str]) -> dict[str, Mirrored]:
    """Return what is mirrored of these objects, by id."""
    rows = tx.execute(_mirrored(kind), {"ids": list(ids)})
    return {found.id: found for found in (_read(kind, row) for row in rows)}


@cache
def _mirrored(kind: Kind) -> Select[Any]:
    table = TABLES[kind]
    columns = [column for column in table.c if column.name not in _NOT_COMPARED]
    return select(*columns).where(key_of(table).in_(_IDS))


def _read(kind: Kind, row: Row[Any]) -> Mirrored:
    match kind:
        case "customer":
            return customer_of(row)
        case "subscription":
            return subscription_of(row)
        case "invoice":
            return invoice_of(row)
        case "payment_method":
            return payment_method_of(row)
        case "subscription_schedule":
            return schedule_of(row)


def told_since(tx: Transaction, kind: Kind, ids: Collection[str], at: datetime) -> set[str]:
    """Return those of these objects of which an event that was received after ``at`` has told something."""
    table = TABLES[kind]
    query = select(key_of(table)).where(key_of(table).in_(_IDS), table.c.event_seen_at > at)
    return set(tx.execute(query, {"ids": list(ids)}).scalars())


def owners_of(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    """Return the accounts behind customers, by the customer's id: those linked, or those they name."""
    return {row[0]: row[1] for row in tx.execute(_OWNERS, {"ids": list(customer_ids)})}


def known_accounts(tx: Transaction, account_ids: Collection[str]) -> set[str]:
    """Return which of these accounts are known."""
    return set(
        tx.execute(select(accounts.c.account_id).where(accounts.c.account_id.in_(account_ids))).scalars()
    )


def unsettled(
    tx: Transaction, kind: Kind, settled: Collection[str], after: str, limit: int
) -> list[tuple[str, str | None]]:
    """Return id and owner of objects that are in none of these states, in order of their ids.

    Those on test clocks are left out, as they are from Stripe's lists.
    """
    table = TABLES[kind]
    key = key_of(table)
    wanted = (table.c.status.not_in(settled), table.c.test_clock.is_(None), key > after)
    query = select(key, table.c.account_id).where(*wanted)
    return [(row[0], row.account_id) for row in tx.execute(query.order_by(key).limit(limit))]


def accounts_on_clocks(tx: Transaction) -> list[str]:
    """Return the accounts whose customers live on test clocks."""
    query = select(accounts.c.account_id).where(
        accounts.c.test_clock.is_not(None), accounts.c.stripe_customer_id.is_not(None)
    )
    return list(tx.execute(query.order_by(accounts.c.account_id)).scalars())
