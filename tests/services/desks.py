"""Desks that answer checks, on a bench, and what happens in other processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Queue
from typing import Any

from sqlalchemy import Connection, event

from tests.services.bench import Bench
from tiergate.services.access.check_desk import CheckDesk
from tiergate.services.context import Context
from tiergate.store import Database

PATIENCE_SECONDS = 30
STALE_SECONDS = 5.0

MOST = 1000


@contextmanager
def open_desk(bench: Bench, most: int = MOST) -> Iterator[CheckDesk]:
    """Open a desk in the process of the bench."""
    desk = CheckDesk(bench.context, most, STALE_SECONDS)
    try:
        yield desk
    finally:
        desk.close()


@contextmanager
def elsewhere(bench: Bench) -> Iterator[Context]:
    """Do things as another process would, which shares nothing but the database."""
    database = Database(bench.database_url)
    try:
        yield replace(bench.context, database=database)
    finally:
        database.close()


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Gather the statements that go to a database, save those that wait for changes."""
    seen: list[str] = []

    def gather(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "tiergate_changes" not in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", gather)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", gather)


class Ears:
    """What was told to be forgotten, in order."""

    def __init__(self) -> None:
        self.heard: Queue[frozenset[str]] = Queue()

    def wait_for(self, topic: str) -> None:
        """Wait until a topic was told."""
        while topic not in self.heard.get(timeout=PATIENCE_SECONDS):
            pass
