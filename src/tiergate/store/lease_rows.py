"""Leases: who does something that only one process may do at a time, and until when, in real time."""

from datetime import datetime

from sqlalchemy import delete

from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import leases


def take_lease(tx: Transaction, name: str, holder: str, now: datetime, expires_at: datetime) -> bool:
    """Take a lease, or prolong one's own; returns false while somebody else has it."""
    statement = insert_into(tx, leases).values(name=name, holder=holder, expires_at=expires_at)
    new = statement.excluded
    free = (leases.c.expires_at <= now) | (leases.c.holder == new.holder)
    taken = statement.on_conflict_do_update(
        index_elements=["name"], set_={"holder": new.holder, "expires_at": new.expires_at}, where=free
    )
    return tx.execute(taken.returning(leases.c.name)).first() is not None


def give_back_lease(tx: Transaction, name: str, holder: str) -> None:
    """Give a lease back; one that somebody else has taken meanwhile is left alone."""
    tx.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
