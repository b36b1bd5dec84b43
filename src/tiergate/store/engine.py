"""Opens the database: one code base for SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from tiergate.rules.errors import TiergateError

Transaction = Connection
"""A connection with a transaction open on it; everything done through it happens together or not at all."""

_SQLITE_WAIT_SECONDS = 30
_SWITCH_ATTEMPTS = 5


class DatabaseUrlError(TiergateError):
    """``DATABASE_URL`` cannot be understood, or its driver is not installed."""

    code = "database_url_invalid"


class DatabaseUnavailableError(TiergateError):
    """The database does not answer, or what answers is none."""

    code = "database_unavailable"


class Database:
    """The database that tiergate keeps its tables in. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Open the database of a SQLAlchemy URL; nothing is read or written yet."""
        self.engine = _open(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, where one writer works at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that may write; it is committed at the end, or undone by an exception.

        On SQLite it takes the write lock at once, so that two of them queue instead of failing.
        """
        with self._connect().execution_options(tiergate_writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads, and sees one consistent state."""
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._connect().execution_options(**snapshot) as connection, connection.begin():
            yield connection

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise DatabaseUnavailableError(
                f"The database {self.engine.url!r} does not answer.",
                "Check DATABASE_URL, and that the server runs and the folder of a SQLite file exists.",
            ) from error

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _open(url: str) -> Engine:
    try:
        return _engine_of(make_url(url))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseUrlError(
            "DATABASE_URL names no database that can be used here.",
            "Write postgresql://USER@HOST/NAME (pip install 'tiergate[postgres]') or sqlite:///FILE.",
        ) from error


def _engine_of(parsed: URL) -> Engine:
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgres)
        return engine
    engine = create_engine(parsed, connect_args={"timeout": _SQLITE_WAIT_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    # West of Greenwich the first instants of the year 1 fall before it, where Python has no dates.
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_write_ahead_log(cursor: Any) -> None:
    # For this switch alone SQLite does not wait its turn: so wait for the write lock, and try again.
    for _ in range(_SWITCH_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("tiergate_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
