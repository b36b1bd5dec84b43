"""Webhooks into PostgreSQL: verified, stored, applied, one statement for all that arrived together.

``DATABASE`` is a connection string; ``python -m benchmarks.prototypes.postgres_ingest`` tells its port.
"""

import asyncio
import os
from dataclasses import dataclass, field

import psycopg

from benchmarks.listening import serve_and_tell
from benchmarks.prototypes.verified import Event, Subscription, fetched, webhook

TABLES = """
CREATE TABLE IF NOT EXISTS events (event_id text PRIMARY KEY, type text, created bigint, state text,
    payload text STORAGE EXTERNAL);
CREATE TABLE IF NOT EXISTS subscriptions (subscription_id text PRIMARY KEY, customer_id text, status text,
    seats int, period_end bigint, as_of bigint);
"""
STORE = """
WITH given AS (
    SELECT * FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[],
        %b::int[], %b::bigint[])
    AS given (event_id, type, created, payload, subscription_id, customer_id, status, seats, period_end)
), judged AS (
    SELECT given.*, coalesce(known.as_of < given.created, true) AS newer
    FROM given LEFT JOIN subscriptions known USING (subscription_id)
), stored AS (
    INSERT INTO events
    SELECT event_id, type, created, CASE WHEN newer THEN 'applied' ELSE 'received' END, payload FROM judged
    ON CONFLICT DO NOTHING RETURNING event_id, state
), saved AS (
    INSERT INTO subscriptions
    SELECT subscription_id, customer_id, status, seats, period_end, created
    FROM judged JOIN stored USING (event_id) WHERE newer
    ON CONFLICT (subscription_id) DO UPDATE SET status = excluded.status, seats = excluded.seats,
        period_end = excluded.period_end, as_of = excluded.as_of
)
SELECT event_id FROM stored WHERE state = 'received'
"""
SAVE = "UPDATE subscriptions SET status = %s, seats = %s, period_end = %s WHERE subscription_id = %s"
APPLIED = "UPDATE events SET state = 'applied' WHERE event_id = %s"


@dataclass
class Arrival:
    """An event; ``done`` once it is committed."""

    event: Event
    body: bytes
    done: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Ingest:
    """Collects what arrives while a statement runs, and stores it with the next one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: psycopg.AsyncConnection[tuple[str]] | None = None
        self._arrived: list[Arrival] = []
        self._busy: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._unsaved: list[tuple[Event, Subscription]] = []

    async def take_in(self, event: Event, body: bytes) -> None:
        """Store and apply an event; one that is not certainly newer is read from Stripe afterwards."""
        arrival = Arrival(event, body)
        self._arrived.append(arrival)
        self._work()
        if not await arrival.done:
            task = asyncio.create_task(self._read(event))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, event: Event) -> None:
        seen = await fetched(event.data.object.id)
        self._unsaved.append((event, seen))
        self._work()

    def _work(self) -> None:
        if self._busy is None or self._busy.done():
            self._busy = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
        while self._arrived or self._unsaved:
            group, self._arrived = _one_each(self._arrived)
            unsaved, self._unsaved = self._unsaved, []
            if group:
                await self._store(self._connection, group)
            if unsaved:
                await self._save(self._connection, unsaved)

    @staticmethod
    async def _store(connection: psycopg.AsyncConnection[tuple[str]], group: list[Arrival]) -> None:
        columns = list(zip(*map(_row, group), strict=True))
        stale = {row[0] async for row in await connection.execute(STORE, [list(one) for one in columns])}
        for one in group:
            one.done.set_result(one.event.id not in stale)

    @staticmethod
    async def _save(
        connection: psycopg.AsyncConnection[tuple[str]], read: list[tuple[Event, Subscription]]
    ) -> None:
        items = [(seen, seen.items.data[0]) for _, seen in read]
        async with connection.transaction(), connection.cursor() as cursor:
            rows = [(seen.status, item.quantity, item.current_period_end, seen.id) for seen, item in items]
            await cursor.executemany(SAVE, rows)
            await cursor.executemany(APPLIED, [(event.id,) for event, _ in read])


def _one_each(arrived: list[Arrival]) -> tuple[list[Arrival], list[Arrival]]:
    """Take one arrival of each subscription, and leave the others for the next statement."""
    group: dict[str, Arrival] = {}
    left = [one for one in arrived if group.setdefault(one.event.data.object.id, one) is not one]
    return list(group.values()), left


def _row(arrival: Arrival) -> tuple[object, ...]:
    event, seen = arrival.event, arrival.event.data.object
    item = seen.items.data[0]
    return (
        *(event.id, event.type, event.created, arrival.body.decode()),
        *(seen.id, seen.customer, seen.status, item.quantity, item.current_period_end),
    )


def prepare(address: str) -> None:
    """Create the tables."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLES)


if __name__ == "__main__":
    prepare(os.environ["DATABASE"])
    serve_and_tell(webhook(Ingest(os.environ["DATABASE"]).take_in))
