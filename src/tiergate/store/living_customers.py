"""Customers that Stripe is not known to have deleted, by the page."""

from sqlalchemy import select

from tiergate.store.engine import Transaction
from tiergate.store.tables import customers


def living_customers(tx: Transaction, after: str, limit: int) -> list[tuple[str, str | None]]:
    """Return id and account of such customers, in order of their ids, from ``after`` on.

    Those on test clocks are left out, as they are from Stripe's lists.
    """
    key = customers.c.stripe_customer_id
    wanted = (customers.c.deleted.is_(False), customers.c.test_clock.is_(None), key > after)
    rows = tx.execute(select(key, customers.c.account_id).where(*wanted).order_by(key).limit(limit))
    return [(row[0], row[1]) for row in rows]
