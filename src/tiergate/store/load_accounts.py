"""Loads what the rules read of accounts: of one, or of a stretch of them, with one statement a table.

What was read of an account is kept as its rows came, in few bytes, until somebody wants to know what it
means: of many accounts that are in memory only some are asked for soon.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import BindParameter, Column, Select, Table, bindparam, or_, select
from sqlalchemy.engine import Dialect

from tiergate.rules.state import AccountState, Customer, Grant
from tiergate.store.engine import Transaction
from tiergate.store.grant_rows import grant_of
from tiergate.store.mirror_rows import (
    customer_of,
    invoice_of,
    payment_method_of,
    schedule_of,
    subscription_of,
)
from tiergate.store.prepared import Prepared
from tiergate.store.row_reader import RowReader
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


class Stub(NamedTuple):
    """What is read of an account before all else; ``signed_up_at`` is as the driver gives it."""

    account_id: str
    catalog_version: int | None
    signed_up_at: Any
    test_clock: str | None


_STUBS = Prepared(
    select(*(accounts.c[name] for name in Stub._fields))
    .where(accounts.c.account_id > bindparam("after"))
    .order_by(accounts.c.account_id)
    .limit(bindparam("most"))
)


def accounts_after(tx: Transaction, account_id: str, limit: int) -> list[Stub]:
    """Return the accounts that follow one by their ids, the first of them first; ``""`` begins."""
    return [Stub(*row) for row in _STUBS.raw(tx, {"after": account_id, "most": limit})]


class Loading:
    """What is loaded of accounts: of some tables some columns."""

    def __init__(self, parts: "Mapping[str, _Part[Any]]") -> None:
        """Load these parts of a state; what is in none of them is empty in it."""
        self._parts = parts

    def load(self, tx: Transaction, found: "Sequence[Account | Stub]") -> dict[str, bytes]:
        """Return the rows of accounts that follow each other by id, for ``unpack``."""
        if not found:
            return {}
        stretch = {"first": found[0].account_id, "last": found[-1].account_id}
        asked = [part.ask(tx, stretch) for part in self._parts.values()]
        gathered = [answer() for answer in asked]
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

    def unpack(self, dialect: Dialect, packed: bytes) -> tuple[AccountState, Used]:
        """Return what was loaded of an account, and what it has used."""
        account_id, catalog_version, signed_up_at, rows = msgspec.msgpack.decode(packed)
        read = {
            name: part.read(dialect, of_part)
            for (name, part), of_part in zip(self._parts.items(), rows, strict=True)
        }
        used, customers_found = read.pop("used"), read.pop("customer")
        state = AccountState(
            account_id=account_id,
            customer=next(iter(customers_found), None),
            catalog_version=catalog_version,
            signed_up_at=datetime.fromisoformat(signed_up_at)
            if isinstance(signed_up_at, str)
            else signed_up_at,
            **read,
        )
        return state, dict(used)


class _Part(Generic[_T]):
    """A table's part in what is known of an account. The first of the columns says whose a row is.

    Rows that are ordered follow each other by the columns after it. ``left_out`` stands for columns that are
    not loaded.
    """

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        read: Callable[[Any], _T],
        left_out: Mapping[str, Any] = MappingProxyType({}),
        *,
        is_ordered: bool = False,
    ) -> None:
        loaded = [columns[0], *(column for column in columns[1:] if column.name not in left_out)]
        self._read = RowReader(loaded[1:], read, left_out)
        self._is_ordered = is_ordered
        self.statement: Select[Any] = select(*loaded).where(columns[0].between(_FIRST, _LAST))

    def ask(self, tx: Transaction, stretch: Mapping[str, str]) -> Callable[[], Mapping[str, list[Any]]]:
        """Ask for the rows of a stretch of accounts; what is returned gives them by account, as they came."""
        sent = self._prepared.send(tx, stretch)

        def gather() -> Mapping[str, list[Any]]:
            gathered: dict[str, list[Any]] = defaultdict(list)
            for row in sent():
                gathered[row[0]].append(row[1:])
            return gathered

        return gather

    @cached_property
    def _prepared(self) -> Prepared:
        return Prepared(self.statement)

    def read(self, dialect: Dialect, rows: Sequence[Any] | None) -> tuple[_T, ...]:
        """Return what rows mean, in order."""
        if not rows:
            return ()
        ordered = sorted(rows) if self._is_ordered and len(rows) > 1 else rows
        return tuple(self._read(dialect, values) for values in ordered)


def _mirrored(table: Table, read: Callable[[Any], _T], **left_out: Any) -> _Part[_T]:
    first = [table.c.created_at, *(key for key in table.primary_key if key.name not in _UNREAD)]
    names = {column.name for column in first}
    further = [column for column in table.c if column.name not in _UNREAD | names]
    return _Part([table.c.account_id, *first, *further], read, left_out, is_ordered=True)


def _customer(**left_out: Any) -> _Part[Customer]:
    columns = [one for one in customers.c if one.name not in _UNREAD]
    part = _Part([accounts.c.account_id, *columns], customer_of, left_out)
    linked = accounts.c.stripe_customer_id == customers.c.stripe_customer_id
    part.statement = part.statement.join_from(accounts, customers, linked)
    return part


def _grants() -> _Part[Grant]:
    part = _mirrored(grants, grant_of)
    was_in_force = or_(grants.c.revoked_at.is_(None), grants.c.revoked_at > grants.c.starts_at)
    part.statement = part.statement.where(was_in_force)
    return part


_encode = msgspec.msgpack.Encoder().encode
_NOTHING: Mapping[str, str] = MappingProxyType({})
_SCHEDULES = _mirrored(subscription_schedules, schedule_of, as_of=None)
_GRANTS = _grants()
_USED = _Part(
    [usage.c.account_id, usage.c.feature, usage.c.window_starts_at, usage.c.used],
    lambda row: ((row.feature, row.window_starts_at), row.used),
)

WHOLE = Loading(
    {
        "customer": _customer(),
        "subscriptions": _mirrored(subscriptions, subscription_of),
        "invoices": _mirrored(invoices, invoice_of, as_of=None),
        "payment_methods": _mirrored(payment_methods, payment_method_of, as_of=None),
        "schedules": _SCHEDULES,
        "grants": _GRANTS,
        "used": _USED,
    }
)
"""All that is mirrored of an account and was given to it."""

FOR_ANSWERS = Loading(
    {
        "customer": _customer(
            email=None, test_clock=None, deleted=False, livemode=False, metadata=_NOTHING,
            as_of=None, created_at=None,
        ),
        "subscriptions": _mirrored(
            subscriptions, subscription_of, stripe_customer_id="", stripe_price_id=None,
            current_period_start=None, current_period_end=None, latest_invoice_id=None,
            test_clock=None, livemode=False, metadata=_NOTHING,
        ),
        "invoices": _mirrored(
            invoices, invoice_of, stripe_customer_id="", billing_reason=None, currency="usd", total=0,
            amount_due=0, attempt_count=0, next_payment_attempt=None, number=None,
            hosted_invoice_url=None, invoice_pdf=None, test_clock=None, livemode=False,
            metadata=_NOTHING, as_of=None,
        ),
        "schedules": _SCHEDULES,
        "grants": _GRANTS,
        "used": _USED,
    }
)  # fmt: skip
"""What the answers about features rest on, and nothing else: of many accounts that takes little memory."""
