"""Loads what the rules read of accounts: of one, or of a stretch of them, with one statement a table.

What was read of an account is kept as its rows came, in few bytes, until somebody wants to know what it
means: of many accounts that are in memory only some are asked for soon.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import BindParameter, Column, Select, Table, bindparam, or_, select
from sqlalchemy.engine import Dialect

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
from tiergate.store.plain_rows import RowReader
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

Used = Mapping[tuple[str, datetime], int]
"""What an account has used, by feature and start of the window."""

_FIRST: BindParameter[str] = bindparam("first")
_LAST: BindParameter[str] = bindparam("last")
_UNREAD = frozenset(
    ["account_id", "raw", "fetched_at", "event_seen_at", "last_event_id", "updated_at", "cards_read_at"]
)
"""What no rule reads; Stripe's own word alone is larger than all the rest."""


def load_packed(tx: Transaction, found: Sequence["Account"]) -> dict[str, bytes]:
    """Return the rows of accounts that follow each other by id, for ``unpack``."""
    if not found:
        return {}
    stretch = {"first": found[0].account_id, "last": found[-1].account_id}
    gathered = [part.gather(tx, stretch) for part in _PARTS]
    return {
        account.account_id: _encode(
            (
                account.account_id,
                account.catalog_version,
                account.signed_up_at,
                [rows.get(account.account_id) for rows in gathered],
            )
        )
        for account in found
    }


def unpack(dialect: Dialect, packed: bytes) -> tuple[AccountState, Used]:
    """Return all that is mirrored of an account and was given to it, and what it has used."""
    account_id, catalog_version, signed_up_at, parts = msgspec.msgpack.decode(packed)
    rows = dict(zip(_PARTS, parts, strict=True))
    state = AccountState(
        account_id=account_id,
        customer=next(iter(_CUSTOMERS.read(dialect, rows[_CUSTOMERS])), None),
        subscriptions=_SUBSCRIPTIONS.read(dialect, rows[_SUBSCRIPTIONS]),
        invoices=_INVOICES.read(dialect, rows[_INVOICES]),
        payment_methods=_PAYMENT_METHODS.read(dialect, rows[_PAYMENT_METHODS]),
        schedules=_SCHEDULES.read(dialect, rows[_SCHEDULES]),
        grants=_GRANTS.read(dialect, rows[_GRANTS]),
        catalog_version=catalog_version,
        signed_up_at=signed_up_at,
    )
    return state, dict(_USAGE.read(dialect, rows[_USAGE]))


class _Part(Generic[_T]):
    """A table's part in what is known of an account. The first of the columns says whose a row is."""

    def __init__(self, columns: Sequence[Column[Any]], read: Callable[[Any], _T]) -> None:
        self._read = RowReader(columns[1:], read)
        self.statement: Select[Any] = select(*columns).where(columns[0].between(_FIRST, _LAST))

    def gather(self, tx: Transaction, stretch: Mapping[str, str]) -> Mapping[str, list[Any]]:
        """Return the rows of a stretch of accounts, by account, as the driver gives them."""
        result = tx.execute(self.statement, stretch)
        gathered: dict[str, list[Any]] = defaultdict(list)
        for row in result.cursor.fetchall():
            gathered[row[0]].append(row)
        result.close()
        return gathered

    def read(self, dialect: Dialect, rows: Sequence[Sequence[Any]] | None) -> tuple[_T, ...]:
        """Return what rows mean."""
        return tuple(self._read(dialect, values[1:]) for values in rows or ())


def _mirrored(table: Table, read: Callable[[Any], _T], *unread: str) -> _Part[_T]:
    columns = [column for column in table.c if column.name not in _UNREAD.union(unread)]
    part = _Part([table.c.account_id, *columns], read)
    part.statement = part.statement.order_by(table.c.created_at, *table.primary_key)
    return part


def _customers() -> _Part[Any]:
    part = _Part(
        [accounts.c.account_id, *(one for one in customers.c if one.name not in _UNREAD)], customer_of
    )
    linked = accounts.c.stripe_customer_id == customers.c.stripe_customer_id
    part.statement = part.statement.join_from(accounts, customers, linked)
    return part


_encode = msgspec.msgpack.Encoder().encode
_CUSTOMERS = _customers()
_SUBSCRIPTIONS = _mirrored(subscriptions, subscription_of)
_INVOICES = _mirrored(invoices, invoice_of, "as_of")
_PAYMENT_METHODS = _mirrored(payment_methods, payment_method_of, "as_of", "created_at")
_SCHEDULES = _mirrored(subscription_schedules, schedule_of, "as_of", "created_at")
_GRANTS = _mirrored(grants, grant_of)
_GRANTS.statement = _GRANTS.statement.where(
    or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > grants.c.starts_at)
)
_USAGE = _Part(
    [usage.c.account_id, usage.c.feature, usage.c.window_starts_at, usage.c.used],
    lambda row: ((row.feature, row.window_starts_at), row.used),
)
_PARTS: tuple[_Part[Any], ...] = (
    _CUSTOMERS,
    _SUBSCRIPTIONS,
    _INVOICES,
    _PAYMENT_METHODS,
    _SCHEDULES,
    _GRANTS,
    _USAGE,
)
