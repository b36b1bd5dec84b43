"""Accounts, and the state of one as the rules read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, literal, or_, select, tuple_, union_all, update

from tiergate.rules.state import AccountState
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.load_accounts import WHOLE
from tiergate.store.prepared import Prepared
from tiergate.store.tables import accounts, customers, test_clocks


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant of the host. ``plan_key``, ``access`` and ``reason`` are what was last announced of it."""

    account_id: str
    email: str | None
    name: str | None
    locale: str
    time_zone: str
    members: int | None
    channel: str | None
    signed_up_at: datetime
    stripe_customer_id: str | None
    test_clock: str | None
    next_due_at: datetime | None
    plan_key: str | None
    access: str | None
    reason: str | None
    catalog_version: int | None = None
    erased_at: datetime | None = None
    """When its personal data was erased, in real time."""


_ACCOUNT = [accounts.c[name] for name in Account.__dataclass_fields__]
_FIND = select(*_ACCOUNT)
_ONE = accounts.c.account_id == bindparam("account_id")
_FIND_ONE = Prepared(_FIND.where(_ONE))
_FIND_LOCKED = Prepared(_FIND.where(_ONE).with_for_update())


def register(tx: Transaction, account_id: str, values: dict[str, Any], now: datetime) -> None:
    """Make an account known, or bring what is known of it up to date; absent values stay.

    The test clock is the customer's once there is one: until then it may still be set. The version of the
    catalogue stays the one that was in force when the account first got one.
    """
    given = {name: value for name, value in values.items() if value is not None}
    row = {"signed_up_at": now, **given, "account_id": account_id, "created_at": now, "updated_at": now}
    statement = insert_into(tx, accounts).values(row)
    changes = {**given, "updated_at": now}
    if "catalog_version" in changes:
        first = func.coalesce(accounts.c.catalog_version, statement.excluded.catalog_version)
        changes["catalog_version"] = first
    if "test_clock" in changes:
        without_customer = accounts.c.stripe_customer_id.is_(None)
        changes["test_clock"] = case(
            (without_customer, statement.excluded.test_clock), else_=accounts.c.test_clock
        )
    tx.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=changes))


def find_account(tx: Transaction, account_id: str, *, lock: bool = False) -> Account | None:
    """Return an account; ``lock`` makes other writers of it wait until the transaction ends."""
    found = (_FIND_LOCKED if lock else _FIND_ONE)(tx, {"account_id": account_id})
    return Account(*found[0]) if found else None


def account_of_customer(tx: Transaction, customer_id: str, *, lock: bool = False) -> str | None:
    """Return the account that a Stripe customer belongs to; ``lock`` as for ``find_account``."""
    query = select(accounts.c.account_id).where(accounts.c.stripe_customer_id == customer_id)
    found: str | None = tx.execute(query.with_for_update() if lock else query).scalar()
    return found


def accounts_of_customers(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    """Return the accounts that some Stripe customers belong to; strangers are left out."""
    return dict(_OF_CUSTOMERS(tx, {"ids": sorted(customer_ids)})) if customer_ids else {}


_OF_CUSTOMERS = Prepared(
    lambda ids: select(accounts.c.stripe_customer_id, accounts.c.account_id).where(
        accounts.c.stripe_customer_id.in_(ids)
    )
)


def owners_of(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    """Return the accounts behind customers, by the customer's id: those linked, or those they name."""
    return dict(_OWNERS.raw(tx, {"ids": list(customer_ids)})) if customer_ids else {}


_OWNERS = Prepared(
    lambda ids: union_all(
        select(customers.c.stripe_customer_id, customers.c.account_id).where(
            customers.c.stripe_customer_id.in_(ids), customers.c.account_id.is_not(None)
        ),
        select(accounts.c.stripe_customer_id, accounts.c.account_id).where(
            accounts.c.stripe_customer_id.in_(ids)
        ),
    )
)


def link_customer(
    tx: Transaction, account_id: str, customer_id: str, test_clock: str | None, now: datetime
) -> bool:
    """Tie an account to its one customer; returns false where it has another one already."""
    changed = tx.execute(
        update(accounts)
        .where(
            accounts.c.account_id == account_id,
            or_(accounts.c.stripe_customer_id.is_(None), accounts.c.stripe_customer_id == customer_id),
        )
        .values(stripe_customer_id=customer_id, test_clock=test_clock, updated_at=now)
    )
    return changed.rowcount == 1


def give_customer(
    tx: Transaction, account_id: str, customer_id: str, test_clock: str | None, now: datetime
) -> None:
    """Tie an account to a customer that was made for it, in place of one that was deleted."""
    values = {"stripe_customer_id": customer_id, "test_clock": test_clock, "updated_at": now}
    tx.execute(update(accounts).where(accounts.c.account_id == account_id).values(values))
    note_change(tx, account_topic(account_id))


def save_outlook(tx: Transaction, account: Account, now: datetime) -> None:
    """Note what was announced of an account, and when it must be looked at next."""
    outlook = {name: getattr(account, name) for name in _OUTLOOK}
    _SAVE_OUTLOOK.send(tx, {"account": account.account_id, "updated_at": now, **outlook})


_OUTLOOK = ("next_due_at", "plan_key", "access", "reason")
_SAVE_OUTLOOK = Prepared(
    update(accounts)
    .where(accounts.c.account_id == bindparam("account"))
    .values({name: bindparam(name) for name in (*_OUTLOOK, "updated_at")})
)


class Due(NamedTuple):
    """An account whose instant has come, and which instant that was."""

    due_at: datetime
    account_id: str


def due_accounts(tx: Transaction, now: datetime, limit: int, after: Due | None = None) -> list[Due]:
    """Return accounts whose instant has come on their own time, those that wait longest first.

    ``after`` is the last one of the page before.
    """
    on_clock = accounts.outerjoin(test_clocks, accounts.c.test_clock == test_clocks.c.test_clock_id)
    account_now = func.coalesce(test_clocks.c.now_at, literal(now, Instant))
    query = (
        select(accounts.c.next_due_at, accounts.c.account_id)
        .select_from(on_clock)
        .where(accounts.c.next_due_at <= account_now)
        .order_by(accounts.c.next_due_at, accounts.c.account_id)
        .limit(limit)
    )
    if after is not None:
        last = tuple_(literal(after.due_at, Instant), literal(after.account_id))
        query = query.where(tuple_(accounts.c.next_due_at, accounts.c.account_id) > last)
    return [Due(*row) for row in tx.execute(query)]


def load_state(tx: Transaction, account: Account) -> AccountState:
    """Return all that is known of an account: what is mirrored, and the grants that were not revoked."""
    state, _ = WHOLE.unpack(tx.dialect, WHOLE.load(tx, [account])[account.account_id])
    return state


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def due_now(tx: Transaction) -> None:
    """Make every account due at once: the rules that its outlook rests on have changed."""
    tx.execute(update(accounts).values(next_due_at=_LONG_AGO))
