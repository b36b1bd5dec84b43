"""Waits for changes that others commit: woken by PostgreSQL where possible, looking regularly elsewhere."""

import logging
import selectors
import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from tiergate.store.change_feed import CHANNEL, Cursor, read_changes
from tiergate.store.engine import Database

log = logging.getLogger("tiergate")

_POLL_SECONDS = 0.03
"""How often is looked where nobody wakes us; half of it is what a change takes to be seen, on average."""

_SQLITE_POLL_SECONDS = 0.01
"""The same on SQLite, where a look that finds nothing costs microseconds."""

_HEARTBEAT_SECONDS = 1.0
"""How often is looked although nobody woke us: silence is no sign of life."""


def open_listener(database: Database) -> "Listener":
    """Open a connection to wait on. Raises ``DatabaseUnavailableError``."""
    return _SqliteListener(database) if database.is_sqlite else _PostgresListener(database)


class Listener(ABC):
    """A connection of its own to wait on, for one thread; only ``wake`` may be called from others."""

    def __init__(self, database: Database) -> None:
        """Connect. Raises ``DatabaseUnavailableError``."""
        self._connection = database.open_connection()
        self._driver: Any = self._connection.connection.dbapi_connection
        self._bell, self._rope = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)

    @abstractmethod
    def wait(self) -> None:
        """Wait until there may be something new."""

    def read(self, since: Cursor | None) -> tuple[Cursor, frozenset[str]]:
        """Return what was committed since the last reading, as ``read_changes`` does."""
        with self._connection.begin():
            return read_changes(self._connection, since)

    def wake(self) -> None:
        """End the waiting of another thread, for good."""
        with suppress(OSError):  # that thread may have closed it a moment ago
            self._rope.send(b".")

    def close(self) -> None:
        """Give the connection back."""
        self._selector.close()
        self._bell.close()
        self._rope.close()
        self._connection.close()


class _SqliteListener(Listener):
    """Watches the number that SQLite changes with every commit of another connection."""

    _version: int | None = None

    def wait(self) -> None:
        self._selector.select(_SQLITE_POLL_SECONDS)

    def read(self, since: Cursor | None) -> tuple[Cursor, frozenset[str]]:
        # Outside a transaction, which would go on showing what it showed first.
        version: int = self._driver.execute("PRAGMA data_version").fetchone()[0]
        if since is not None and version == self._version:
            return since, frozenset()
        found = super().read(since)
        self._version = version
        return found


class _PostgresListener(Listener):
    """Is woken by NOTIFY once a message of its own has come back, and looks regularly until then.

    A pooler in transaction mode refuses LISTEN, or takes it and delivers nothing. What is written through the
    same ``Database`` does not end the waiting: it is told to this process when it is committed.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._database = database
        self._echo = f"tiergate_echo_{uuid4().hex}"
        self._has_begun = False
        self._is_woken = False
        self._is_called = False
        self._driver.add_notify_handler(self._heard)
        self._selector.register(self._driver.fileno(), selectors.EVENT_READ)

    def wait(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._listen()
        until = monotonic() + (_HEARTBEAT_SECONDS if self._is_woken else _POLL_SECONDS)
        while not self._is_called and (left_seconds := until - monotonic()) > 0:
            ready = {key.fileobj for key, _ in self._selector.select(left_seconds)}
            if self._bell in ready or (ready and not self._took_messages()):
                break
        self._is_called = False

    def _took_messages(self) -> bool:
        """Take in what has arrived; returns false where that is no message."""
        self._driver.pgconn.consume_input()
        count = 0
        while message := self._driver.pgconn.notifies():
            count += 1
            self._note(message.relname.decode(), message.extra.decode())
        return count > 0

    def _listen(self) -> None:
        try:
            with self._connection.begin():
                for channel in (CHANNEL, self._echo):
                    self._connection.exec_driver_sql(f"LISTEN {channel}")
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            log.info("the database sends no notifications here: changes are looked for regularly")
            return
        with self._database.write() as tx:
            tx.execute(select(func.pg_notify(self._echo, "")))

    def _heard(self, notification: Any) -> None:
        """Note a message that came with an answer: what it tells of may be too new to be in there."""
        self._note(notification.channel, notification.payload)

    def _note(self, channel: str, writer: str) -> None:
        self._is_woken = self._is_woken or channel == self._echo
        self._is_called = self._is_called or (channel == CHANNEL and writer != self._database.writer)
