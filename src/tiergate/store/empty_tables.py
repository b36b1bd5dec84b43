"""Empties tiergate's tables: for a demo that begins anew, and for nothing else."""

from sqlalchemy import delete, select

from tiergate.store.change_feed import CATALOG, note_change
from tiergate.store.engine import Transaction
from tiergate.store.tables import accounts, changes, metadata, schema


def other_accounts(tx: Transaction, account_id: str) -> int:
    """Return how many accounts there are beside this one."""
    return len(tx.execute(select(accounts.c.account_id).where(accounts.c.account_id != account_id)).all())


def empty_tables(tx: Transaction) -> None:
    """Delete every row; the tables and their revision stay, and so do the numbers that the feed goes by."""
    for table in metadata.tables.values():
        if table not in (schema, changes):
            tx.execute(delete(table))
    note_change(tx, CATALOG)
