"""The journal: what happened to an account and what caused it. Only ever appended to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tiergate.store.engine import Transaction
from tiergate.store.insert_rows import InsertRows
from tiergate.store.tables import journal


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``happened_at`` is the account's time, ``recorded_at`` real time.

    An ``occasion_key`` names an occasion that must be entered once and never again.
    """

    account_id: str
    kind: str
    happened_at: datetime
    recorded_at: datetime
    cause: str
    data: dict[str, Any] = field(default_factory=dict)
    occasion_key: str | None = None


def append(tx: Transaction, entry: Entry) -> bool:
    """Append an entry; returns false when its occasion is there already."""
    return bool(_APPEND(tx, [_row(entry)]))


def append_all(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Append entries, each unless its occasion is there already."""
    _APPEND.send(tx, [_row(entry) for entry in entries])


def _row(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__dataclass_fields__}


_APPEND = InsertRows(
    journal,
    [journal.c[name] for name in Entry.__dataclass_fields__],
    lambda insert: insert.on_conflict_do_nothing().returning(journal.c.entry_id),
)


def entries_of(tx: Transaction, account_id: str) -> list[Entry]:
    """Return an account's journal, the oldest entry first."""
    columns = [journal.c[name] for name in Entry.__dataclass_fields__]
    query = select(*columns).where(journal.c.account_id == account_id).order_by(journal.c.entry_id)
    return [Entry(*row) for row in tx.execute(query)]


def entered_occasions(tx: Transaction, account_id: str) -> set[str]:
    """Return the keys of the occasions that were entered for an account."""
    query = select(journal.c.occasion_key).where(
        journal.c.account_id == account_id, journal.c.occasion_key.is_not(None)
    )
    return set(tx.execute(query).scalars())
