"""Leases: who does something that only one process may do at a time, and until when, in real time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql

from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.insert_rows import InsertRows
from tiergate.store.prepared import Prepared
from tiergate.store.tables import leases


def take_leases(
    tx: Transaction, names: Collection[str], holder: str, now: datetime, expires_at: datetime
) -> set[str]:
    """Take leases, or prolong one's own; returns those that were taken: not what somebody else has."""
    rows = [{"name": name, "holder": holder, "expires_at": expires_at} for name in names]
    return {row[0] for row in _TAKE(tx, rows, now=now)}


def take_lease(tx: Transaction, name: str, holder: str, now: datetime, expires_at: datetime) -> bool:
    """Take a lease, or prolong one's own; returns false while somebody else has it."""
    return bool(take_leases(tx, [name], holder, now, expires_at))


def keep_lease(tx: Transaction, name: str, holder: str, expires_at: datetime) -> bool:
    """Prolong one's own lease; returns false where somebody else has had it since, though it may be free."""
    kept = leases.update().where(leases.c.name == name, leases.c.holder == holder)
    return bool(tx.execute(kept.values(expires_at=expires_at)).rowcount)


def give_back_leases(tx: Transaction, names: Collection[str], holder: str) -> None:
    """Give leases back; one that somebody else has taken meanwhile is left alone."""
    _GIVE_BACK.send(tx, {"ids": sorted(names), "holder": holder})


def give_back_lease(tx: Transaction, name: str, holder: str) -> None:
    """Give a lease back; one that somebody else has taken meanwhile is left alone."""
    give_back_leases(tx, [name], holder)


def _unless_held(insert: postgresql.Insert) -> Any:
    old, new = leases.c, insert.excluded
    is_free = (old.expires_at <= bindparam("now", type_=Instant)) | (old.holder == new.holder)
    taken = {"holder": new.holder, "expires_at": new.expires_at}
    return insert.on_conflict_do_update(index_elements=["name"], set_=taken, where=is_free).returning(
        leases.c.name
    )


_TAKE = InsertRows(leases, [leases.c.name, leases.c.holder, leases.c.expires_at], _unless_held)
_GIVE_BACK = Prepared(
    lambda names: delete(leases).where(leases.c.name.in_(names), leases.c.holder == bindparam("holder"))
)
