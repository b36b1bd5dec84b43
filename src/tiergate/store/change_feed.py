"""The feed of changes: how a process learns what another one has committed.

A writer leaves the number of its transaction beside the name of what it changed, and a reader asks for the
numbers that it has not seen. On PostgreSQL transactions commit in another order than they are numbered in,
so a reader remembers, beside the next number to come, which ones were still running when it looked.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, cast, func, select, text
from sqlalchemy.dialects import postgresql

from tiergate.store.engine import Transaction, remember_changed, writer_of
from tiergate.store.insert_rows import InsertRows
from tiergate.store.prepared import Prepared
from tiergate.store.tables import changes

CATALOG = "catalog"
"""The topic of the catalogue: whatever was worked out from it is worked out anew."""

CHANNEL = "tiergate_changes"
"""Where PostgreSQL wakes those who wait for changes."""

_ACCOUNT = "account:"
_CLOCK = "clock:"


def account_topic(account_id: str) -> str:
    """Name the topic of an account."""
    return _ACCOUNT + account_id


def account_of_topic(topic: str) -> str | None:
    """Return the account that a topic names, ``None`` where it names something else."""
    return topic.removeprefix(_ACCOUNT) if topic.startswith(_ACCOUNT) else None


def clock_topic(test_clock_id: str) -> str:
    """Name the topic of a test clock."""
    return _CLOCK + test_clock_id


def clock_of_topic(topic: str) -> str | None:
    """Return the test clock that a topic names, ``None`` where it names something else."""
    return topic.removeprefix(_CLOCK) if topic.startswith(_CLOCK) else None


def note_change(tx: Transaction, *topics: str) -> None:
    """Note that something changed in this transaction, for whoever holds a copy of it in memory."""
    if not topics:
        return
    rows = [{"topic": topic} for topic in set(topics)]
    if tx.dialect.name == "sqlite":
        _NOTE_ON_SQLITE(tx, rows)
    else:
        _NOTE_ON_POSTGRES.send(tx, rows, writer=writer_of(tx))
    remember_changed(tx, topics)


def _newest(insert: postgresql.Insert) -> postgresql.Insert:
    newest = {"changed_in": insert.excluded.changed_in}
    return insert.on_conflict_do_update(index_elements=["topic"], set_=newest)


_NOTE_ON_SQLITE = InsertRows(
    changes,
    [changes.c.topic],
    lambda insert: _newest(insert).returning(changes.c.topic),
    lambda _: {
        "changed_in": select(func.coalesce(func.max(changes.c.changed_in), 0) + 1).scalar_subquery(),
    },
)
# One message wakes all: PostgreSQL drops its copies within a transaction. It names who need not be woken.
_NOTE_ON_POSTGRES = InsertRows(
    changes,
    [changes.c.topic],
    lambda insert: _newest(insert).returning(func.pg_notify(CHANNEL, bindparam("writer", type_=Text))),
    lambda _: {"changed_in": cast(cast(func.pg_current_xact_id(), Text), BigInteger)},
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has read: up to ``next_number``, apart from transactions that were still running."""

    next_number: int
    running: tuple[int, ...] = ()


def read_changes(tx: Transaction, since: Cursor | None) -> tuple[Cursor, frozenset[str]]:
    """Return what was committed since the last reading, and the cursor for the next one.

    Without a cursor nothing is returned but where to begin.
    """
    wanted: dict[str, Any] = {"next_number": since.next_number if since else None}
    if tx.dialect.name != "sqlite":
        wanted["running"] = list(since.running) if since else []
    rows = (_ON_SQLITE if tx.dialect.name == "sqlite" else _ON_POSTGRES)(tx, wanted)
    next_number, running, _ = rows[0]
    return Cursor(next_number, tuple(running or ())), frozenset(row[2] for row in rows if row[2] is not None)


_ON_SQLITE = Prepared(
    text(
        """
    SELECT (SELECT coalesce(max(changed_in), 0) + 1 FROM tiergate_changes) AS next_number,
           NULL AS running, topic
    FROM (SELECT 1) LEFT JOIN tiergate_changes ON changed_in >= :next_number
    """
    )
)

# Numbers at or above the snapshot's end come from the dump of another server, and mean nothing here.
_ON_POSTGRES = Prepared(
    text(
        """
    WITH seen AS MATERIALIZED (
        SELECT pg_snapshot_xmax(snapshot)::text::bigint AS next_number,
               ARRAY(SELECT number::text::bigint FROM pg_snapshot_xip(snapshot) AS number) AS running
        FROM pg_current_snapshot() AS snapshot
    )
    SELECT seen.next_number, seen.running, topic
    FROM seen LEFT JOIN tiergate_changes
        ON changed_in < seen.next_number
        AND (changed_in >= CAST(:next_number AS bigint) OR changed_in = ANY(CAST(:running AS bigint[])))
    """
    )
)
