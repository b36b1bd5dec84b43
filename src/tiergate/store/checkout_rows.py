"""Checkout sessions that we created, so that a second click finds the first one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from tiergate.store.checkout_table import checkouts
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout session. ``status`` is Stripe's: ``open``, ``complete`` or ``expired``.

    One that saves a card for a trial (``mode`` of ``setup``) is ``confirmed`` between the customer's last
    click and the purchase that follows from it.
    """

    checkout_session_id: str
    account_id: str
    plan_key: str
    stripe_price_id: str
    status: str
    url: str | None
    expires_at: datetime
    quantity: int = 1
    """How many seats are bought; 1 where nothing is counted."""
    currency: str | None = None
    """The currency that was asked for; ``None`` for the price's own."""
    mode: str = "subscription"
    stripe_subscription_id: str | None = None
    """The trial that is bought, in ``setup`` mode."""
    add_ons: Mapping[str, int] | None = None
    """How much of each add-on is bought with it, by Stripe's id of the price."""
    cancel_url: str | None = None
    """Where the page leads whoever turns back."""


_UNFINISHED = ("open", "confirmed")
_COLUMNS = [checkouts.c[name] for name in Checkout.__dataclass_fields__]


def save_checkout(tx: Transaction, checkout: Checkout, now: datetime) -> None:
    """Save a session as it was created; one that is known stays as it is."""
    values = {name: getattr(checkout, name) for name in Checkout.__dataclass_fields__}
    statement = insert_into(tx, checkouts).values(**values, created_at=now, updated_at=now)
    tx.execute(statement.on_conflict_do_nothing())


def set_checkout_status(tx: Transaction, session_id: str, status: str, now: datetime) -> None:
    """Note what became of a session; it never becomes open again."""
    tx.execute(
        update(checkouts)
        .where(checkouts.c.checkout_session_id == session_id, checkouts.c.status.in_(_UNFINISHED))
        .values(status=status, updated_at=now)
    )


def confirm_checkout(tx: Transaction, session_id: str, now: datetime) -> None:
    """Note that a session has saved its card: what it was for is to be carried out now."""
    tx.execute(
        update(checkouts)
        .where(checkouts.c.checkout_session_id == session_id, checkouts.c.status.in_(_UNFINISHED))
        .values(status="confirmed", updated_at=now)
    )


def confirmed_purchases(tx: Transaction, account_id: str) -> list[Checkout]:
    """Return the sessions that were completed and whose purchase is still to be carried out."""
    query = select(*_COLUMNS).where(checkouts.c.account_id == account_id, checkouts.c.status == "confirmed")
    return [Checkout(*row) for row in tx.execute(query)]


def touch_checkout(tx: Transaction, session_id: str, now: datetime) -> None:
    """Note that Stripe was asked about a session just now."""
    tx.execute(update(checkouts).where(checkouts.c.checkout_session_id == session_id).values(updated_at=now))


def find_checkout(tx: Transaction, session_id: str) -> Checkout | None:
    """Return a session by its id."""
    row = tx.execute(select(*_COLUMNS).where(checkouts.c.checkout_session_id == session_id)).first()
    return Checkout(*row) if row else None


def open_checkouts(tx: Transaction, account_id: str) -> list[Checkout]:
    """Return the sessions of an account that something may still come of, the newest first."""
    query = (
        select(*_COLUMNS)
        .where(checkouts.c.account_id == account_id, checkouts.c.status.in_(_UNFINISHED))
        .order_by(checkouts.c.created_at.desc())
    )
    return [Checkout(*row) for row in tx.execute(query)]


def unwatched_checkouts(tx: Transaction, asked_before: datetime, limit: int) -> list[str]:
    """Return unfinished sessions that Stripe was last asked about before an instant."""
    query = (
        select(checkouts.c.checkout_session_id)
        .where(checkouts.c.status.in_(_UNFINISHED), checkouts.c.updated_at < asked_before)
        .order_by(checkouts.c.updated_at)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())
