"""Accounts and customers by the page, as an existing Stripe account is taken over."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, exists, func, literal_column, select, union_all, update
from sqlalchemy.dialects import postgresql

from tiergate.rules.state import ENDED
from tiergate.store.due_rows import AT_ONCE
from tiergate.store.engine import Transaction
from tiergate.store.insert_rows import InsertRows
from tiergate.store.mirror import TABLES
from tiergate.store.prepared import Prepared
from tiergate.store.tables import accounts, customers, subscriptions


def _give(table: Table) -> Prepared:
    owner = select(accounts.c.account_id).where(accounts.c.stripe_customer_id == table.c.stripe_customer_id)
    return Prepared(
        lambda ids: (
            update(table)
            .where(table.c.stripe_customer_id.in_(ids), table.c.account_id.is_(None))
            .values(account_id=owner.scalar_subquery())
        )
    )


_GIVE = {table.name: _give(table) for table in TABLES.values()}
_NOBODYS = Prepared(
    lambda ids: union_all(
        *(
            select(literal_column(f"'{table.name}'")).where(
                exists().where(table.c.stripe_customer_id.in_(ids), table.c.account_id.is_(None))
            )
            for table in TABLES.values()
        )
    )
)


def _link(insert: postgresql.Insert) -> Any:
    changes = {name: insert.excluded[name] for name in ("stripe_customer_id", "test_clock", "next_due_at")}
    return insert.on_conflict_do_update(
        index_elements=["account_id"], set_=changes, where=accounts.c.stripe_customer_id.is_(None)
    ).returning(accounts.c.account_id)


_NOT_YET = ("members", "plan_key", "access", "reason", "erased_at")
_LINKED = InsertRows(
    accounts,
    [one for one in accounts.c if one.name not in _NOT_YET],
    _link,
)


def link_many(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Make accounts known, each with its customer, and tie those that are known and have none to theirs.

    They become due, and are given all that is mirrored of their customers and belonged to nobody. Each row
    holds all columns of an account that is new. Returns those that were tied.
    """
    by_account = {row["account_id"]: {**row, "next_due_at": AT_ONCE} for row in reversed(rows)}
    linked = {row[0] for row in _LINKED(tx, list(by_account.values()))}
    customer_ids = [by_account[account_id]["stripe_customer_id"] for account_id in sorted(linked)]
    for (name,) in _NOBODYS.raw(tx, {"ids": customer_ids}):
        _GIVE[name](tx, {"ids": customer_ids})
    return linked


def strangers_prices(tx: Transaction, livemode: bool) -> dict[str, int]:
    """Return the prices that running subscriptions pay and no plan sells, with how many pay each."""
    query = (
        select(subscriptions.c.stripe_price_id, func.count())
        .where(
            subscriptions.c.plan_key.is_(None),
            subscriptions.c.status.not_in([str(status) for status in ENDED]),
            subscriptions.c.livemode.is_(livemode),
        )
        .group_by(subscriptions.c.stripe_price_id)
    )
    return {str(price): int(count) for price, count in tx.execute(query)}


def strangers_customers(tx: Transaction, livemode: bool, limit: int) -> tuple[int, list[str]]:
    """Return how many customers belong to no account, and some of them."""
    nobodys = (
        customers.c.account_id.is_(None),
        customers.c.deleted.is_(False),
        customers.c.livemode.is_(livemode),
    )
    count = tx.execute(select(func.count()).select_from(customers).where(*nobodys)).scalar_one()
    some = select(customers.c.stripe_customer_id).where(*nobodys).order_by(customers.c.stripe_customer_id)
    return int(count), list(tx.execute(some.limit(limit)).scalars())
