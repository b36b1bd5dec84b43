"""Accounts and customers by the page, as an existing Stripe account is taken over."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update

from tiergate.rules.state import ENDED
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.mirror import TABLES
from tiergate.store.tables import accounts, customers, subscriptions

_LINK = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("of_account"), accounts.c.stripe_customer_id.is_(None))
    .values(stripe_customer_id=bindparam("to_customer"), test_clock=bindparam("on_clock"))
)
_GIVE = {
    table.name: update(table)
    .where(
        table.c.stripe_customer_id.in_(bindparam("customers", expanding=True)), table.c.account_id.is_(None)
    )
    .values(
        account_id=select(accounts.c.account_id)
        .where(accounts.c.stripe_customer_id == table.c.stripe_customer_id)
        .scalar_subquery()
    )
    for table in TABLES.values()
}


def register_many(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make accounts known, each with all its columns; what is known already stays as it is."""
    if rows:
        tx.execute(insert_into(tx, accounts).on_conflict_do_nothing(), list(rows))


def link_many(tx: Transaction, links: Sequence[tuple[str, str, str | None]]) -> None:
    """Tie accounts (the first of each triple) that have no customer to theirs, with its test clock.

    They are given all that is mirrored of it and belonged to nobody.
    """
    if links:
        names = ("of_account", "to_customer", "on_clock")
        tx.execute(_LINK, [dict(zip(names, link, strict=True)) for link in links])
        for table in TABLES.values():
            tx.execute(_GIVE[table.name], {"customers": [customer_id for _, customer_id, _ in links]})
        note_change(tx, *(account_topic(account_id) for account_id, *_ in links))


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
