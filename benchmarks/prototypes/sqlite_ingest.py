"""Webhooks into SQLite: verified, stored, applied, one commit for all that arrived together; nothing else.

``DATABASE`` names the file; ``python -m benchmarks.prototypes.sqlite_ingest`` prints its port first.
"""

import asyncio
import os
import sqlite3
from dataclasses import dataclass

from benchmarks.listening import serve_and_tell
from benchmarks.prototypes.verified import Event, Subscription, fetched, webhook

TABLES = """
CREATE TABLE IF NOT EXISTS events (event_id TEXT PRIMARY KEY, type TEXT, created INTEGER, state TEXT,
    payload BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscriptions (subscription_id TEXT PRIMARY KEY, customer_id TEXT, status TEXT,
    seats INTEGER, period_end INTEGER, as_of INTEGER) WITHOUT ROWID;
"""
STORE = "INSERT INTO events VALUES (?, ?, ?, 'received', ?) ON CONFLICT DO NOTHING"
APPLIED = "UPDATE events SET state = 'applied' WHERE event_id = ?"
SAVE = """
INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscription_id) DO UPDATE
SET status = excluded.status, seats = excluded.seats, period_end = excluded.period_end, as_of = excluded.as_of
WHERE excluded.as_of > as_of OR ?
"""


def connect(file: str) -> sqlite3.Connection:
    """Open the database, durable as the product's."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(TABLES)
    return connection


@dataclass
class Arrival:
    """An event, or what Stripe answered about one; ``done`` once it is committed."""

    event: Event
    body: bytes
    done: asyncio.Future[bool]
    read: Subscription | None = None


class Ingest:
    """Collects what arrives in one turn of the loop, and commits it at once."""

    def __init__(self, file: str) -> None:
        self._connection = connect(file)
        self._arrived: list[Arrival] = []
        self._reading: set[asyncio.Task[None]] = set()

    async def take_in(self, event: Event, body: bytes) -> None:
        """Store and apply an event; one that is not certainly newer is read from Stripe afterwards."""
        if not await self._commit(event, body):
            task = asyncio.create_task(self._read(event))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, event: Event) -> None:
        await self._commit(event, b"", await fetched(event.data.object.id))

    async def _commit(self, event: Event, body: bytes, read: Subscription | None = None) -> bool:
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self._flush)
        arrival = Arrival(event, body, loop.create_future(), read)
        self._arrived.append(arrival)
        return await arrival.done

    def _flush(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._connection.execute("BEGIN IMMEDIATE")
        results = [apply(self._connection, one.event, one.body, one.read) for one in arrived]
        self._connection.execute("COMMIT")
        for one, result in zip(arrived, results, strict=True):
            one.done.set_result(result)


def bare_ingest(connection: sqlite3.Connection, event: Event, body: bytes) -> None:
    """Store and apply one event in a commit of its own."""
    connection.execute("BEGIN IMMEDIATE")
    apply(connection, event, body, None)
    connection.execute("COMMIT")


def apply(connection: sqlite3.Connection, event: Event, body: bytes, read: Subscription | None) -> bool:
    """Store and apply an event, or what was read because of it; returns false when Stripe has to be asked."""
    seen = read or event.data.object
    if not read:
        values = (event.id, event.type, event.created, body)
        if not connection.execute(STORE, values).rowcount:
            return True
    item = seen.items.data[0]
    row = (seen.id, seen.customer, seen.status, item.quantity, item.current_period_end, event.created)
    if not connection.execute(SAVE, (*row, bool(read))).rowcount:
        return False
    connection.execute(APPLIED, (event.id,))
    return True


if __name__ == "__main__":
    serve_and_tell(webhook(Ingest(os.environ["DATABASE"]).take_in))
