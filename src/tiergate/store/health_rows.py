"""What the tables tell about the health of an installation: counts, for ``tiergate doctor``."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select

from tiergate.rules.state import ENDED
from tiergate.store.engine import Transaction
from tiergate.store.tables import accounts, customers, events, operations, outbox, prices, subscriptions

_ENDED = [str(status) for status in ENDED]


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of what ought to be nothing, and when Stripe was heard last."""

    last_event_at: datetime | None
    waiting_events: int
    """Received before ``since`` and still not applied."""
    failed_events: int
    failed_messages: int
    other_mode_events: int
    """Received after ``since``."""
    overdue_accounts: int
    open_operations: int
    stranger_subscriptions: int
    """Running at Stripe, and nobody's here."""
    unmapped_subscriptions: tuple[str, ...]
    """Prices of running subscriptions that sell no plan."""
    customers: int
    customers_without_metadata: int
    accounts_with_two_customers: tuple[str, ...]
    mapped_prices: int


def health_since(tx: Transaction, since: datetime, livemode: bool) -> Health:
    """Count what has been waiting since before ``since`` (real time)."""
    running = and_(subscriptions.c.status.not_in(_ENDED), subscriptions.c.livemode.is_(livemode))
    nobodys = and_(running, subscriptions.c.account_id.is_(None))
    unmapped = and_(running, subscriptions.c.plan_key.is_(None), subscriptions.c.account_id.is_not(None))
    late = and_(accounts.c.test_clock.is_(None), accounts.c.next_due_at < since)
    return Health(
        last_event_at=tx.execute(select(func.max(events.c.received_at))).scalar(),
        waiting_events=_count(tx, events, and_(events.c.state == "received", events.c.received_at < since)),
        failed_events=_count(tx, events, events.c.state == "failed"),
        failed_messages=_count(tx, outbox, outbox.c.state == "failed"),
        other_mode_events=_count(
            tx, events, and_(events.c.livemode.is_not(livemode), events.c.received_at >= since)
        ),
        overdue_accounts=_count(tx, accounts, late),
        open_operations=_count(
            tx, operations, and_(operations.c.state == "open", operations.c.created_at < since)
        ),
        stranger_subscriptions=_count(tx, subscriptions, nobodys),
        unmapped_subscriptions=tuple(
            tx.execute(select(subscriptions.c.stripe_price_id).where(unmapped).distinct()).scalars()
        ),
        customers=_count(tx, customers, customers.c.account_id.is_not(None)),
        customers_without_metadata=_customers_without_metadata(tx, livemode),
        accounts_with_two_customers=tuple(
            tx.execute(
                select(customers.c.account_id)
                .where(customers.c.account_id.is_not(None), customers.c.deleted.is_(False))
                .group_by(customers.c.account_id)
                .having(func.count() > 1)
            ).scalars()
        ),
        mapped_prices=_count(tx, prices, and_(prices.c.active.is_(True), prices.c.livemode.is_(livemode))),
    )


def longest_unheard_accounts(tx: Transaction, limit: int) -> list[str]:
    """Return accounts with running subscriptions, those first that Stripe has not spoken of for longest."""
    query = (
        select(subscriptions.c.account_id)
        .where(subscriptions.c.account_id.is_not(None), subscriptions.c.status.not_in(_ENDED))
        .group_by(subscriptions.c.account_id)
        .order_by(func.min(subscriptions.c.updated_at))
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def received_event_ids(tx: Transaction, event_ids: list[str]) -> set[str]:
    """Return which of these events ever arrived."""
    return set(tx.execute(select(events.c.event_id).where(events.c.event_id.in_(event_ids))).scalars())


def _count(tx: Transaction, table: Table, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table).where(condition)
    return int(tx.execute(query).scalar_one())


def _customers_without_metadata(tx: Transaction, livemode: bool) -> int:
    owned = select(customers.c.metadata).where(
        customers.c.account_id.is_not(None),
        customers.c.deleted.is_(False),
        customers.c.livemode.is_(livemode),
    )
    return sum(1 for metadata in tx.execute(owned).scalars() if not metadata.get("account_id"))
