"""Loads what the rules read of accounts: of one, or of a stretch of them, with one statement a table."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BindParameter, Row, Select, Table, bindparam, select

from tiergate.rules.state import AccountState
from tiergate.store.engine import Transaction
from tiergate.store.grant_rows import grant_of
from tiergate.store.mirror_rows import (
    customer_of,
    invoice_of,
    payment_method_of,
    schedule_of,
    subscription_of,
)
from tiergate.store.tables import (
    accounts,
    customers,
    grants,
    invoices,
    payment_methods,
    subscription_schedules,
    subscriptions,
    usage,
)

if TYPE_CHECKING:
    from tiergate.store.account_rows import Account

_T = TypeVar("_T")

_FIRST: BindParameter[str] = bindparam("first")
_LAST: BindParameter[str] = bindparam("last")
_UNREAD = frozenset(["raw", "fetched_at", "last_event_id", "updated_at"])
"""What no rule reads; Stripe's own word alone is larger than all the rest."""


def load_states(tx: Transaction, found: Sequence["Account"]) -> dict[str, AccountState]:
    """Return all that is mirrored of accounts that follow each other by id, and what was given to them."""
    if not found:
        return {}
    stretch = {"first": found[0].account_id, "last": found[-1].account_id}
    customer_rows = {row.stripe_customer_id: row for row in tx.execute(_CUSTOMERS, stretch).all()}
    subscriptions_of = _by_account(tx, _SUBSCRIPTIONS, stretch, subscription_of)
    invoices_of = _by_account(tx, _INVOICES, stretch, invoice_of)
    methods_of = _by_account(tx, _PAYMENT_METHODS, stretch, payment_method_of)
    schedules_of = _by_account(tx, _SCHEDULES, stretch, schedule_of)
    grants_of = _by_account(tx, _GRANTS, stretch, grant_of)
    states = {}
    for account in found:
        customer = customer_rows.get(account.stripe_customer_id)
        states[account.account_id] = AccountState(
            account_id=account.account_id,
            customer=customer_of(customer) if customer else None,
            subscriptions=tuple(subscriptions_of.get(account.account_id, ())),
            invoices=tuple(invoices_of.get(account.account_id, ())),
            payment_methods=tuple(methods_of.get(account.account_id, ())),
            schedules=tuple(schedules_of.get(account.account_id, ())),
            grants=tuple(grants_of.get(account.account_id, ())),
            catalog_version=account.catalog_version,
            signed_up_at=account.signed_up_at,
        )
    return states


def load_usage(tx: Transaction, found: Sequence["Account"]) -> dict[str, dict[tuple[str, datetime], int]]:
    """Return what the same accounts have used, by feature and start of the window."""
    used: dict[str, dict[tuple[str, datetime], int]] = defaultdict(dict)
    if found:
        stretch = {"first": found[0].account_id, "last": found[-1].account_id}
        for account_id, feature, window_starts_at, count in tx.execute(_USAGE, stretch):
            used[account_id][feature, window_starts_at] = count
    return used


def _by_account(
    tx: Transaction, statement: Select[Any], stretch: Mapping[str, str], read: Callable[[Row[Any]], _T]
) -> dict[str, list[_T]]:
    gathered: dict[str, list[_T]] = defaultdict(list)
    for row in tx.execute(statement, stretch).all():
        gathered[row.account_id].append(read(row))
    return gathered


def _statement(table: Table) -> Select[Any]:
    columns = [column for column in table.c if column.name not in _UNREAD]
    return (
        select(*columns)
        .where(table.c.account_id.between(_FIRST, _LAST))
        .order_by(table.c.created_at, *table.primary_key)
    )


_CUSTOMERS = (
    select(*(column for column in customers.c if column.name not in _UNREAD))
    .join(accounts, accounts.c.stripe_customer_id == customers.c.stripe_customer_id)
    .where(accounts.c.account_id.between(_FIRST, _LAST))
)
_SUBSCRIPTIONS = _statement(subscriptions)
_INVOICES = _statement(invoices)
_PAYMENT_METHODS = _statement(payment_methods)
_SCHEDULES = _statement(subscription_schedules)
_GRANTS = _statement(grants).where(grants.c.revoked_at.is_(None))
_USAGE = select(usage.c.account_id, usage.c.feature, usage.c.window_starts_at, usage.c.used).where(
    usage.c.account_id.between(_FIRST, _LAST)
)
