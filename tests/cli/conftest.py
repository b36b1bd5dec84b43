"""A demo for the tests that only look at it, and its like on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.cli.demo import Demo, serving_demo
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on SQLite, for the session."""
    with serving_demo(tmp_path_factory.mktemp("demo")) as serving:
        yield serving


@pytest.fixture(scope="session")
def postgres_demo_url(postgres: PostgresServer) -> Iterator[str]:
    """The database of the demo on PostgreSQL."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def postgres_demo(postgres_demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on PostgreSQL, for the session."""
    with serving_demo(tmp_path_factory.mktemp("demo"), {"DATABASE_URL": postgres_demo_url}) as serving:
        yield serving
