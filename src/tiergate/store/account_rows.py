"""Accounts, and the state of one as the rules read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, case, func, literal, or_, select, update

from tiergate.rules.instants import from_unix_seconds
from tiergate.rules.state import (
    AccountState,
    Customer,
    Invoice,
    InvoiceStatus,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import accounts, customers, invoices, subscriptions, test_clocks


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


_ACCOUNT = [accounts.c[name] for name in Account.__dataclass_fields__]
_FIND = select(*_ACCOUNT)


def register(tx: Transaction, account_id: str, values: dict[str, Any], now: datetime) -> None:
    """Make an account known, or bring what is known of it up to date; absent values stay.

    The test clock is the customer's once there is one: until then it may still be set.
    """
    given = {name: value for name, value in values.items() if value is not None}
    row = {"signed_up_at": now, **given, "account_id": account_id, "created_at": now, "updated_at": now}
    statement = insert_into(tx, accounts).values(row)
    changes = {**given, "updated_at": now}
    if "test_clock" in changes:
        without_customer = accounts.c.stripe_customer_id.is_(None)
        changes["test_clock"] = case(
            (without_customer, statement.excluded.test_clock), else_=accounts.c.test_clock
        )
    tx.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=changes))


def find_account(tx: Transaction, account_id: str, *, lock: bool = False) -> Account | None:
    """Return an account; ``lock`` makes other writers of it wait until the transaction ends."""
    query = _FIND.where(accounts.c.account_id == account_id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return Account(*row) if row else None


def account_of_customer(tx: Transaction, customer_id: str) -> str | None:
    """Return the account that a Stripe customer belongs to."""
    found: str | None = tx.execute(
        select(accounts.c.account_id).where(accounts.c.stripe_customer_id == customer_id)
    ).scalar()
    return found


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


def save_outlook(tx: Transaction, account: Account, now: datetime) -> None:
    """Note what was announced of an account, and when it must be looked at next."""
    tx.execute(
        update(accounts)
        .where(accounts.c.account_id == account.account_id)
        .values(
            next_due_at=account.next_due_at,
            plan_key=account.plan_key,
            access=account.access,
            reason=account.reason,
            updated_at=now,
        )
    )


def due_accounts(tx: Transaction, now: datetime, limit: int) -> list[str]:
    """Return accounts whose instant has come on their own time, those that wait longest first."""
    on_clock = accounts.outerjoin(test_clocks, accounts.c.test_clock == test_clocks.c.test_clock_id)
    account_now = func.coalesce(test_clocks.c.now_at, literal(now, Instant))
    query = (
        select(accounts.c.account_id)
        .select_from(on_clock)
        .where(accounts.c.next_due_at <= account_now)
        .order_by(accounts.c.next_due_at)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def load_state(tx: Transaction, account: Account) -> AccountState:
    """Return all that is mirrored of an account."""
    return AccountState(
        account_id=account.account_id,
        customer=_customer(tx, account.stripe_customer_id),
        subscriptions=tuple(map(_subscription, _rows(tx, subscriptions, account.account_id))),
        invoices=tuple(map(_invoice, _rows(tx, invoices, account.account_id))),
    )


def _rows(tx: Transaction, table: Any, account_id: str) -> Iterable[Row[Any]]:
    mine = select(table).where(table.c.account_id == account_id)
    return tx.execute(mine.order_by(table.c.created_at, *table.primary_key))


def _customer(tx: Transaction, customer_id: str | None) -> Customer | None:
    row = tx.execute(select(customers).where(customers.c.stripe_customer_id == customer_id)).first()
    if row is None:
        return None
    return Customer(
        id=row.stripe_customer_id,
        default_payment_method=row.default_payment_method,
        email=row.email,
        test_clock=row.test_clock,
        deleted=row.deleted,
        livemode=row.livemode,
        metadata=row.metadata,
    )


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.stripe_subscription_id,
        customer_id=row.stripe_customer_id,
        status=SubscriptionStatus(row.status),
        created_at=row.created_at,
        plan_key=row.plan_key,
        items=tuple(map(_item, row.items)),
        start_date=row.start_date,
        trial_start=row.trial_start,
        trial_end=row.trial_end,
        cancel_at=row.cancel_at,
        cancel_at_period_end=row.cancel_at_period_end,
        canceled_at=row.canceled_at,
        ended_at=row.ended_at,
        default_payment_method=row.default_payment_method,
        collection_method=row.collection_method,
        latest_invoice_id=row.latest_invoice_id,
        test_clock=row.test_clock,
        livemode=row.livemode,
        metadata=row.metadata,
        observed_at=row.as_of,
    )


def _item(item: dict[str, Any]) -> SubscriptionItem:
    return SubscriptionItem(
        id=item["id"],
        price_id=item["price_id"],
        quantity=item["quantity"],
        current_period_start=from_unix_seconds(item["current_period_start"]),
        current_period_end=from_unix_seconds(item["current_period_end"]),
    )


def _invoice(row: Row[Any]) -> Invoice:
    return Invoice(
        id=row.stripe_invoice_id,
        customer_id=row.stripe_customer_id,
        status=InvoiceStatus(row.status),
        created_at=row.created_at,
        subscription_id=row.stripe_subscription_id,
        billing_reason=row.billing_reason,
        currency=row.currency,
        total=row.total,
        amount_paid=row.amount_paid,
        amount_due=row.amount_due,
        attempted=row.attempted,
        attempt_count=row.attempt_count,
        finalized_at=row.finalized_at,
        due_date=row.due_date,
        paid_at=row.paid_at,
        next_payment_attempt=row.next_payment_attempt,
        number=row.number,
        hosted_invoice_url=row.hosted_invoice_url,
        invoice_pdf=row.invoice_pdf,
        test_clock=row.test_clock,
        livemode=row.livemode,
        metadata=row.metadata,
    )


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def due_now(tx: Transaction) -> None:
    """Make every account due at once: the rules that its outlook rests on have changed."""
    tx.execute(update(accounts).values(next_due_at=_LONG_AGO))
