"""The store, opened on a migrated database of each kind."""

from collections.abc import Iterator

import pytest

from tiergate.store import Database


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
