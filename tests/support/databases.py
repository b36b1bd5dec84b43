"""Fixtures for databases: each test gets one of its own, on SQLite, on PostgreSQL or on both in turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, postgres_server

BOTH = ["sqlite", "postgres"]


@pytest.fixture(name="postgres", scope="session")
def fixture_postgres() -> Iterator[PostgresServer]:
    """The session's server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def migrated_postgres_template(postgres: PostgresServer) -> Iterator[str]:
    """The database that the migrated ones are copies of; migrated once a session."""
    from tiergate.store import migrate

    url = postgres.create_database()
    migrate.upgrade(url)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def migrated_postgres_url(postgres: PostgresServer, migrated_postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database with tiergate's tables in it, and nothing in them."""
    url = postgres.create_database(template=migrated_postgres_template)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tiergate.db'}"


@pytest.fixture(scope="session")
def migrated_sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the migrated ones are copies of; migrated once a session."""
    from tiergate.store import migrate

    path = tmp_path_factory.mktemp("migrated") / "tiergate.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path, migrated_sqlite_template: Path) -> str:
    """A SQLite database with tiergate's tables in it, and nothing in them."""
    return f"sqlite:///{shutil.copy(migrated_sqlite_template, tmp_path / 'tiergate.db')}"


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=BOTH)
def migrated_database_url(request: pytest.FixtureRequest) -> str:
    """A database with tiergate's tables in it, and nothing in them; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url
