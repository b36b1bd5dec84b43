"""Benches: on both databases where SQL or concurrency matters, on SQLite elsewhere."""

from collections.abc import Iterator

import pytest

from tests.services.bench import Bench, open_bench


@pytest.fixture
def bench(migrated_sqlite_url: str) -> Iterator[Bench]:
    """A bench on SQLite."""
    with open_bench(migrated_sqlite_url) as opened:
        yield opened


@pytest.fixture
def both(migrated_database_url: str) -> Iterator[Bench]:
    """A bench on each kind of database in turn."""
    with open_bench(migrated_database_url) as opened:
        yield opened
