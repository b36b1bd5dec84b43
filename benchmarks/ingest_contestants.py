"""Who takes part in the contest: the product and its bare prototype, on SQLite and on PostgreSQL."""

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import ingest_product
from benchmarks.ingest_contest import Contestant, Running, judge
from benchmarks.ingest_events import Events
from benchmarks.listening import listening
from benchmarks.settled import settle
from tests.support.postgres import PostgresServer
from tiergate.store import Database

_PATH = "/webhooks/stripe"
_WAITING = "SELECT count(*) FROM events WHERE state = 'received'"
_STATES = "SELECT state, count(*) FROM events GROUP BY state"
_SEATS = "SELECT subscription_id, seats FROM subscriptions"

Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Prepared:
    """Databases in which every buyer of the events is known, to be copied for each round."""

    events: Events
    stripe_base: str
    sqlite: Path
    postgres: PostgresServer
    postgres_url: str

    def contestants(self) -> list[Contestant]:
        """Return the product and the prototype for each kind of database."""
        return [
            Contestant("SQLite prototype", self._sqlite_prototype),
            Contestant("SQLite", lambda: self._product(self.sqlite_copy)),
            Contestant("PostgreSQL prototype", self._postgres_prototype),
            Contestant("PostgreSQL", lambda: self._product(self.postgres_copy)),
        ]

    @contextmanager
    def _product(self, copy: Callable[[], AbstractContextManager[str]]) -> Iterator[Running]:
        with copy() as url:
            variables = ingest_product.variables(url, self.stripe_base)
            with (
                closing(Database(url)) as database,
                listening([sys.executable, "-m", "benchmarks.ingest_product"], variables) as server,
            ):
                yield Running(
                    server,
                    _PATH,
                    lambda: ingest_product.unapplied(database),
                    lambda expected: ingest_product.what_is_wrong(url, self.events, expected),
                    lambda: ingest_product.untold(database),
                )

    @contextmanager
    def sqlite_copy(self) -> Iterator[str]:
        """Give the URL of a copy, on SQLite."""
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{shutil.copy(self.sqlite, folder)}"

    @contextmanager
    def postgres_copy(self) -> Iterator[str]:
        """Give the URL of a copy, on PostgreSQL."""
        url = self.postgres.create_database(template=self.postgres_url)
        settle(self.postgres)
        yield url
        self.postgres.drop_database(url)

    @contextmanager
    def _sqlite_prototype(self) -> Iterator[Running]:
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/prototype.db"

            def query(sql: str) -> list[tuple[Any, ...]]:
                with closing(sqlite3.connect(file)) as connection:
                    return connection.execute(sql).fetchall()

            with self._prototype("sqlite_ingest", file, query) as running:
                yield running

    @contextmanager
    def _postgres_prototype(self) -> Iterator[Running]:
        url = self.postgres.create_database()
        address = url.replace("+psycopg", "")

        def query(sql: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(address) as connection:
                return connection.execute(sql.encode()).fetchall()

        settle(self.postgres)
        with self._prototype("postgres_ingest", address, query) as running:
            yield running
        self.postgres.drop_database(url)

    @contextmanager
    def _prototype(self, module: str, database: str, query: Query) -> Iterator[Running]:
        variables = {**ingest_product.variables("", self.stripe_base), "DATABASE": database}
        with listening([sys.executable, "-m", f"benchmarks.prototypes.{module}"], variables) as server:
            yield Running(
                server,
                _PATH,
                lambda: int(query(_WAITING)[0][0]),
                lambda expected: judge(dict(query(_STATES)), dict(query(_SEATS)), self.events, expected),
            )
