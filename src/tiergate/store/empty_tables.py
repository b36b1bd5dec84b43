"""Empties tiergate's tables: for a demo that begins anew, and for nothing else."""

from sqlalchemy import delete, select

from tiergate.store.engine import Transaction
from tiergate.store.tables import accounts, metadata, schema


def other_accounts(tx: Transaction, account_id: str) -> int:
    """Return how many accounts there are beside this one."""
    return len(tx.execute(select(accounts.c.account_id).where(accounts.c.account_id != account_id)).all())


def empty_tables(tx: Transaction) -> None:
    """Delete every row; the tables and their revision stay."""
    for table in metadata.tables.values():
        if table is not schema:
            tx.execute(delete(table))
