"""Who has which version of the catalogue: read page by page, and set for who has bought nothing."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from tiergate.rules.state import Subscription
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.engine import Transaction
from tiergate.store.mirror_rows import subscription_of
from tiergate.store.plan_counts import is_live
from tiergate.store.tables import accounts, operations, subscriptions
from tiergate.store.tables import subscription_schedules as schedules

_SUBSCRIPTION = [column for column in subscriptions.c if column.name != "raw"]


def subscribed_after(
    tx: Transaction, livemode: bool, after: str, limit: int, *, account_id: str | None = None
) -> list[tuple[str, Subscription]]:
    """Return subscriptions that are not over with their accounts, in the order of their ids."""
    query = (
        select(*_SUBSCRIPTION)
        .where(subscriptions.c.stripe_subscription_id > after)
        .where(subscriptions.c.account_id.is_not(None), is_live(livemode))
        .order_by(subscriptions.c.stripe_subscription_id)
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(subscriptions.c.account_id == account_id)
    return [(row.account_id, subscription_of(row)) for row in tx.execute(query)]


def unsubscribed_after(
    tx: Transaction, livemode: bool, after: str, limit: int, *, account_id: str | None = None
) -> list[tuple[str, int | None]]:
    """Return accounts without such a subscription, and their versions, in the order of their ids."""
    has_one = select(1).where(subscriptions.c.account_id == accounts.c.account_id, is_live(livemode)).exists()
    query = (
        select(accounts.c.account_id, accounts.c.catalog_version)
        .where(accounts.c.account_id > after, ~has_one)
        .order_by(accounts.c.account_id)
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(accounts.c.account_id == account_id)
    return [(row.account_id, row.catalog_version) for row in tx.execute(query)]


def scheduled_among(tx: Transaction, subscription_ids: Collection[str]) -> set[str]:
    """Return those of some subscriptions that a schedule may still change."""
    query = select(schedules.c.stripe_subscription_id).where(
        schedules.c.stripe_subscription_id.in_(sorted(subscription_ids)),
        schedules.c.status.in_(["not_started", "active"]),
    )
    return set(tx.execute(query).scalars())


def find_subscription(tx: Transaction, subscription_id: str) -> Subscription | None:
    """Return a subscription as it is mirrored, without its schedule."""
    query = select(*_SUBSCRIPTION).where(subscriptions.c.stripe_subscription_id == subscription_id)
    row = tx.execute(query).first()
    return subscription_of(row) if row else None


def move_account(tx: Transaction, account_id: str, version: int, now: datetime) -> None:
    """Give an account the free plan of another version."""
    values = {"catalog_version": version, "updated_at": now}
    tx.execute(update(accounts).where(accounts.c.account_id == account_id).values(values))
    note_change(tx, account_topic(account_id))


def begun_moves(tx: Transaction, prefix: str, account_id: str | None = None) -> list[tuple[str, str]]:
    """Return the accounts and actions of the operations that were begun and have no answer yet."""
    query = select(operations.c.account_id, operations.c.action).where(
        operations.c.state == "open", operations.c.action.startswith(prefix, autoescape=True)
    )
    if account_id is not None:
        query = query.where(operations.c.account_id == account_id)
    return [(row.account_id, row.action) for row in tx.execute(query.order_by(operations.c.created_at))]
