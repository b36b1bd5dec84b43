"""Opens the database: one code base for SQLite and PostgreSQL."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from uuid import uuid4
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, Dialect, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from tiergate.rules.errors import TiergateError
from tiergate.store.sound_connections import hand_out_sound_ones

Transaction = Connection
"""A connection with a transaction open on it; everything done through it happens together or not at all."""

_CHANGED = "tiergate_changed"
_WRITER = "tiergate_writer"
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
        self._tellers: list[Callable[[frozenset[str]], None]] = []
        self._foretellers: list[Callable[[frozenset[str], Callable[[], bool]], None]] = []
        self._left_to_parents: list[Any] = []
        self._turn = self._new_turn()
        self.writer = uuid4().hex
        """Names who writes through this object, for whoever hears of it."""
        _opened.add(self)

    def _new_turn(self) -> AbstractContextManager[object]:
        return threading.RLock() if self.is_sqlite else nullcontext()

    def tell_changes(self, tell: Callable[[frozenset[str]], None]) -> None:
        """Have ``tell`` called with the topics of each transaction that was written here, once committed."""
        self._tellers.append(tell)

    def foretell_changes(self, foretell: Callable[[frozenset[str], Callable[[], bool]], None]) -> None:
        """Have ``foretell`` called with what a transaction of the host changed, just before it is committed.

        The second argument tells whether that commit is still under way, and may be called at any time.
        """
        self._foretellers.append(foretell)

    def take_part_in(self, connection: Connection) -> None:
        """Have what is noted on a connection of the host's foretold, as long as that connection lives."""
        if _CHANGED in connection.get_execution_options():
            return
        changed: set[str] = set()
        connection.execution_options(**{_CHANGED: changed})

        def foretell_of(connection: Connection) -> None:
            topics, transaction = frozenset(changed), connection.get_transaction()
            changed.clear()
            if topics and transaction is not None:
                for foretell in self._foretellers:
                    foretell(topics, lambda: transaction.is_active)

        # SQLAlchemy tells of a commit before it is done, and not again afterwards.
        event.listen(connection, "commit", foretell_of)
        event.listen(connection, "rollback", lambda _: changed.clear())

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, where one writer works at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that may write; it is committed at the end, or undone by an exception.

        On SQLite it takes the write lock at once, so that two of them queue instead of failing. Those of this
        process queue here: SQLite itself lets them look again after ever longer pauses.
        """
        changed: set[str] = set()
        options: dict[str, Any] = {"tiergate_writes": True, _CHANGED: changed, _WRITER: self.writer}
        may_be_committed = False
        try:
            with self._turn, self._connect().execution_options(**options) as connection, connection.begin():
                yield connection
                may_be_committed = True
        finally:
            # A commit whose answer was lost may have been done all the same.
            if changed and may_be_committed:
                for tell in self._tellers:
                    tell(frozenset(changed))

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads, and sees one consistent state.

        Raises ``DatabaseUnavailableError``, also where the database goes away in the midst of it.
        """
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        try:
            with self._connect().execution_options(**snapshot) as connection, connection.begin():
                yield connection
        except OperationalError as error:
            if _is_mistake(error):
                raise
            raise self._unavailable() from error

    def open_connection(self) -> Connection:
        """Open a connection that belongs to the caller, who closes it; on PostgreSQL it commits by itself.

        Raises ``DatabaseUnavailableError``.
        """
        connection = self._connect()
        if not self.is_sqlite:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        return connection

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._unavailable() from error

    def _unavailable(self) -> DatabaseUnavailableError:
        return DatabaseUnavailableError(
            f"The database {self.engine.url!r} does not answer.",
            "Check DATABASE_URL, and that the server runs and the folder of a SQLite file exists.",
        )

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def begin_after_fork(self) -> None:
        """Leave the connections to the process that opened them: using or closing them here would harm it."""
        self._turn = self._new_turn()
        self.writer = uuid4().hex
        self._left_to_parents.append(self.engine.pool)
        self.engine.dispose(close=False)


def _is_mistake(error: OperationalError) -> bool:
    """Whether the statement is to blame: SQLite says in the same way that a table is missing."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


_opened: WeakSet[Database] = WeakSet()


def _after_fork() -> None:
    for database in _opened:
        database.begin_after_fork()


os.register_at_fork(after_in_child=_after_fork)


def remember_changed(tx: Transaction, topics: Iterable[str]) -> None:
    """Remember what a transaction changed, to be told when it is committed."""
    changed: set[str] | None = tx.get_execution_options().get(_CHANGED)
    if changed is not None:
        changed.update(topics)


def writer_of(tx: Transaction) -> str:
    """Return who tells its own process of this transaction once it is committed; empty where nobody does."""
    found: str = tx.get_execution_options().get(_WRITER, "")
    return found


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
        # The connection used last has its statements prepared, and what they need at hand.
        engine = create_engine(parsed, hide_parameters=True, pool_use_lifo=True)
        event.listen(engine, "connect", _prepare_postgres)
        event.listen(engine, "do_connect", _connect_in_flight)
        hand_out_sound_ones(engine)
        event.listen(engine, "handle_error", _leave_out_values)
        return engine
    connect_args = {"timeout": _SQLITE_WAIT_SECONDS, "check_same_thread": False}
    engine = create_engine(parsed, connect_args=connect_args, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_in_flight(dialect: Dialect, _record: Any, given: Any, named: Any) -> Any:
    if dialect.driver != "psycopg" or not dialect.loaded_dbapi.Pipeline.is_supported():
        return None
    from tiergate.store.flight import FlightConnection  # without PostgreSQL there is no psycopg

    return FlightConnection.connect(*given, **{**named, "client_encoding": "utf8"})


def _prepare_postgres(connection: Any, _record: Any) -> None:
    # West of Greenwich the first instants of the year 1 fall before it, where Python has no dates.
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('TimeZone', 'UTC', false), pg_backend_pid()")
    _, pid = cursor.fetchone()
    cursor.close()
    connection.commit()
    info = getattr(connection, "info", None)
    if pid != getattr(info, "backend_pid", pid):
        # A pooler is in between: what is prepared by one statement may not be there for the next.
        connection.prepare_threshold = None


def _leave_out_values(context: ExceptionContext) -> None:
    leave_out_values(context.original_exception, context.sqlalchemy_exception)


def leave_out_values(original: BaseException, *others: Exception | None) -> None:
    """Take what PostgreSQL adds in detail out of errors: it quotes the row, which is the customers'."""
    diagnostics = getattr(original, "diag", None)
    detail = diagnostics.message_detail if diagnostics else None
    if detail:
        for error in filter(None, (original, *others)):
            error.args = tuple(str(said).replace(detail, "left out") for said in error.args)


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
