"""The store, opened on a migrated database of each kind."""

from collections.abc import Iterator

import pytest

from tests.store.test_prepared import NOON
from tiergate.store import Database
from tiergate.store.account_rows import register


@pytest.fixture
def database(migrated_database_url: str) -> Iterator[Database]:
    """A store with nothing in it; the test runs once on SQLite and once on PostgreSQL."""
    opened = Database(migrated_database_url)
    yield opened
    opened.close()


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Database]:
    """A database in which tiergate has never been."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def known(migrated_postgres_url: str) -> Iterator[Database]:
    """A PostgreSQL database in which two accounts are known."""
    database = Database(migrated_postgres_url)
    with database.write() as tx:
        for account_id in ("a", "b"):
            register(tx, account_id, {}, NOON)
    yield database
    database.close()
