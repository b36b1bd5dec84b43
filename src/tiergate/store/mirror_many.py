"""The mirror by the page: many objects, read from Stripe at once, compared and saved in few statements."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Table, select

from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.store.engine import Transaction
from tiergate.store.mirror import TABLES, Kind
from tiergate.store.mirror_rows import (
    customer_of,
    invoice_of,
    payment_method_of,
    schedule_of,
    subscription_of,
)
from tiergate.store.tables import accounts

Mirrored = Customer | Subscription | Invoice | PaymentMethod | Schedule
_NOT_COMPARED = frozenset(["raw", "updated_at", "fetched_at", "last_event_id"])


def mirrored(tx: Transaction, kind: Kind, ids: Collection[str]) -> dict[str, Mirrored]:
    """Return what is mirrored of these objects, by id."""
    table = TABLES[kind]
    key = _key(table)
    columns = [column for column in table.c if column.name not in _NOT_COMPARED]
    rows = tx.execute(select(*columns).where(key.in_(ids)))
    return {found.id: found for found in (_read(kind, row) for row in rows)}


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


def owners_of(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    """Return the accounts behind customers, by the customer's id."""
    query = select(accounts.c.stripe_customer_id, accounts.c.account_id).where(
        accounts.c.stripe_customer_id.in_(customer_ids)
    )
    return {row.stripe_customer_id: row.account_id for row in tx.execute(query)}


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
    key = _key(table)
    wanted = (table.c.status.not_in(settled), table.c.test_clock.is_(None), key > after)
    query = select(key, table.c.account_id).where(*wanted)
    return [(row[0], row.account_id) for row in tx.execute(query.order_by(key).limit(limit))]


def accounts_on_clocks(tx: Transaction) -> list[str]:
    """Return the accounts whose customers live on test clocks."""
    query = select(accounts.c.account_id).where(
        accounts.c.test_clock.is_not(None), accounts.c.stripe_customer_id.is_not(None)
    )
    return list(tx.execute(query.order_by(accounts.c.account_id)).scalars())


def _key(table: Table) -> Any:
    return next(iter(table.primary_key.columns))
