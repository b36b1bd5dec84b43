"""Waiting for changes: woken where the database wakes, looking regularly where it does not."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import text

from tests.store.pooler import pooler
from tiergate.store import Database, listen
from tiergate.store.change_feed import Cursor, account_topic, note_change
from tiergate.store.engine import DatabaseUnavailableError
from tiergate.store.listen import Listener, open_listener

PATIENCE_SECONDS = 30
NEVER_SECONDS = 3600.0
A_WHILE_SECONDS = 0.5


@pytest.fixture
def elsewhere(migrated_database_url: str) -> Iterator[Database]:
    """The same database, as another process has it."""
    opened = Database(migrated_database_url)
    yield opened
    opened.close()


def change(database: Database, account_id: str) -> None:
    """Change an account, and commit."""
    with database.write() as tx:
        note_change(tx, account_topic(account_id))


class Waiting:
    """A thread that waits for changes, and stops at the first that it is told of."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._cursor: Cursor | None = None
        self._cursor, _ = listener.read(None)
        self._pool = ThreadPoolExecutor(1)

    def first(self) -> "Future[frozenset[str]]":
        """Wait for the next change."""
        return self._pool.submit(self._wait)

    def round(self) -> None:
        """Wait once, and look."""
        self._listener.wait()
        self._cursor, _ = self._listener.read(self._cursor)

    def _wait(self) -> frozenset[str]:
        topics: frozenset[str] = frozenset()
        while not topics:
            self._listener.wait()
            self._cursor, topics = self._listener.read(self._cursor)
        return topics


def hears(listener: Listener, writer: Database) -> None:
    """Hold that the listener is told what the writer commits while it waits."""
    waiting = Waiting(listener)
    for number in range(3):
        told = waiting.first()
        change(writer, f"account-{number}")
        assert told.result(PATIENCE_SECONDS) == {account_topic(f"account-{number}")}
    listener.close()


def test_changes_of_others_are_heard(database: Database, elsewhere: Database) -> None:
    """What another process commits ends the waiting."""
    hears(open_listener(database), elsewhere)


@pytest.fixture
def woken(migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Listener, Database]]:
    """A listener that PostgreSQL wakes, and that never looks by itself; and its database."""
    database = Database(migrated_postgres_url)
    listener = open_listener(database)
    waiting = Waiting(listener)
    for _ in range(3):
        waiting.round()
    for name in ("_POLL_SECONDS", "_HEARTBEAT_SECONDS"):
        monkeypatch.setattr(listen, name, NEVER_SECONDS)
    yield listener, database
    database.close()


def test_postgres_wakes_who_waits(woken: tuple[Listener, Database], migrated_postgres_url: str) -> None:
    """Where notifications arrive nobody has to look by himself."""
    writer = Database(migrated_postgres_url)
    hears(woken[0], writer)
    writer.close()


def test_nobody_is_woken_by_himself(woken: tuple[Listener, Database], migrated_postgres_url: str) -> None:
    """What is written through the same object is told to the process already: others' changes wake it."""
    listener, database = woken
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait)
        change(database, "own")
        with pytest.raises(TimeoutError):
            waiting.result(A_WHILE_SECONDS)
        writer = Database(migrated_postgres_url)
        change(writer, "other")
        waiting.result(PATIENCE_SECONDS)
        writer.close()
    listener.close()


def test_a_change_of_the_host_wakes(woken: tuple[Listener, Database]) -> None:
    """What the host writes on a connection of its own wakes everybody: nobody tells this process of it."""
    listener, database = woken
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait)
        with database.engine.begin() as connection:
            database.take_part_in(connection)
            note_change(connection, account_topic("host"))
        waiting.result(PATIENCE_SECONDS)
    listener.close()


def test_a_message_that_comes_with_an_answer_is_not_lost(
    woken: tuple[Listener, Database], migrated_postgres_url: str
) -> None:
    """What is committed while the feed is read may be too new for that answer: then it is read once more."""
    listener, _ = woken
    writer = Database(migrated_postgres_url)
    read = listener.read
    cursor, _ = read(None)
    with listener._connection.begin():
        listener._connection.execute(text("SELECT 1"))
        change(writer, "meanwhile")
        listener._connection.execute(text("SELECT 2"))
    listener.wait()
    assert read(cursor)[1] == {account_topic("meanwhile")}
    listener.close()
    writer.close()


@pytest.mark.parametrize("refuses", [True, False], ids=["LISTEN is refused", "nothing is delivered"])
def test_a_pooler_that_does_not_wake_is_noticed(
    migrated_postgres_url: str, refuses: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a pooler in transaction mode changes are looked for regularly, and heard all the same."""
    monkeypatch.setattr(listen, "_HEARTBEAT_SECONDS", NEVER_SECONDS)
    direct = Database(migrated_postgres_url)
    with pooler(migrated_postgres_url, refuses=refuses) as through:
        pooled = Database(through)
        hears(open_listener(pooled), direct)
        pooled.close()
    direct.close()


def test_waiting_ends_when_it_is_told_to(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread can end the waiting, however long it would have been, and also when it is over."""
    for name in ("_POLL_SECONDS", "_SQLITE_POLL_SECONDS", "_HEARTBEAT_SECONDS"):
        monkeypatch.setattr(listen, name, NEVER_SECONDS)
    listener = open_listener(database)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait)
        listener.wake()
        waiting.result(PATIENCE_SECONDS)
    listener.close()
    listener.wake()


def test_a_lost_connection_is_an_error(migrated_postgres_url: str) -> None:
    """Whoever waits learns that the connection is gone: silence would look like peace."""
    database = Database(migrated_postgres_url)
    listener = open_listener(database)
    waiting = Waiting(listener)
    waiting.round()
    with database.write() as tx:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        tx.execute(text(f"{others} AND datname = current_database()"))
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        waiting.first().result(PATIENCE_SECONDS)
    listener.close()
    database.close()


def test_without_a_database_nothing_is_opened() -> None:
    """A database that does not answer is named as such."""
    with pytest.raises(DatabaseUnavailableError):
        open_listener(Database("sqlite:////nowhere/at/all/tiergate.db"))


def test_who_writes_all_the_time_looks_all_the_same(
    woken: tuple[Listener, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of its own do not put off the regular look, which tells that nothing is missed."""
    monkeypatch.setattr(listen, "_HEARTBEAT_SECONDS", A_WHILE_SECONDS)
    listener, database = woken
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait)
        until = monotonic() + PATIENCE_SECONDS
        while not waiting.done() and monotonic() < until:
            change(database, "own")
        assert waiting.done()
    listener.close()


def test_after_a_fork_each_side_has_a_name_of_its_own() -> None:
    """Else what a child writes would not wake its parent."""
    database = Database("sqlite://")
    parent = database.writer
    database.begin_after_fork()
    assert database.writer != parent
