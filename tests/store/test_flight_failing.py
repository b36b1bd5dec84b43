"""When something fails in a flight: nothing is lost in silence, and nothing else is taken down."""

import os
import select
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError

from tests.store.test_flight import NAME, NAMES, RENAME, driver_of
from tiergate.store import Database
from tiergate.store.flight import FlightConnection
from tiergate.store.prepared import savepoint, send
from tiergate.store.tables import accounts

HOW_MANY = "SELECT count(*) FROM pg_prepared_statements"


def fail_late(tx: Any) -> None:
    """End with a statement that is refused, and not waited for."""
    with savepoint(tx):
        NAME.send(tx, {"account": "b", "new": "lost"})
        RENAME.send(tx, {"to": "a"})


def fail_twice(tx: Any) -> None:
    """Fail while the statement that is refused is still on its way."""
    with savepoint(tx):
        NAME.send(tx, {"account": "b", "new": "lost"})
        RENAME.send(tx, {"to": "a"})
        raise ZeroDivisionError


def fail_after_all(tx: Any) -> None:
    """Fail when everything is answered."""
    with savepoint(tx):
        NAMES(tx, {})
        raise ZeroDivisionError


def go_on_regardless(tx: Any) -> None:
    """Ask for more after a refusal."""
    with savepoint(tx):
        with pytest.raises(DBAPIError):
            tx.exec_driver_sql("SELECT 1/0")
        NAMES(tx, {})


@pytest.mark.parametrize(("fail", "error"), [(fail_late, IntegrityError), (fail_twice, ZeroDivisionError)])
def test_a_savepoint_is_undone_alone(
    known: Database, fail: Callable[[Any], None], error: type[Exception]
) -> None:
    """What was done before it stays, though PostgreSQL refuses the last thing done within."""
    with known.write() as tx:
        NAME.send(tx, {"account": "a", "new": "kept"})
        with pytest.raises(error):
            fail(tx)
        assert NAMES(tx, {}) == [("a", "kept"), ("b", None)]
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", "kept"), ("b", None)]


def test_a_transaction_that_cannot_be_committed_says_so(known: Database) -> None:
    """PostgreSQL answers such a commit without an error, and undoes everything."""

    def commit_what_was_refused() -> None:
        with known.write() as tx:
            tx.execute(update(accounts).values(name="lost"))
            with pytest.raises(DBAPIError):
                tx.exec_driver_sql("SELECT 1/0")

    with pytest.raises(InternalError, match="nothing to commit"):
        commit_what_was_refused()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_comes_out_as_itself(
    known: Database, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    """Whoever handles errors of the database does not take it for one, in a savepoint neither."""

    def wait(*_: Any) -> None:
        monkeypatch.undo()
        raise interrupt

    def be_interrupted() -> None:
        with known.write() as tx, savepoint(tx):
            asked = send(tx, "SELECT pg_sleep(0.01)", {})
            monkeypatch.setattr(FlightConnection, "wait", wait)
            asked()

    with pytest.raises(interrupt):
        be_interrupted()
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", None), ("b", None)]


def test_what_others_tell_is_heard(known: Database) -> None:
    """A message that comes with the answer of a flight is passed on: nothing else would wake who waits."""
    heard: list[str] = []
    with known.open_connection() as connection:
        driver_of(connection).add_notify_handler(lambda message: heard.append(message.payload))
        connection.exec_driver_sql("LISTEN here")
        with known.write() as tx:
            tx.exec_driver_sql("NOTIFY here, 'first'")
        assert select.select([driver_of(connection).fileno()], [], [], 5)[0]
        send(connection, "SELECT 1", {})()
        assert heard == ["first"]


@pytest.fixture
def in_latin1(known: Database) -> Iterator[Database]:
    """The database for a host whose environment says that it speaks Latin-1."""
    before = os.environ.get("PGCLIENTENCODING")
    os.environ["PGCLIENTENCODING"] = "LATIN1"
    database = Database(known.engine.url.render_as_string(hide_password=False))
    yield database
    database.close()
    del os.environ["PGCLIENTENCODING"]
    if before is not None:
        os.environ["PGCLIENTENCODING"] = before


def test_texts_are_unicode_whatever_the_environment_says(in_latin1: Database) -> None:
    """In lists and alone, ours and the driver's."""
    with in_latin1.write() as tx:
        given = {"list": ["Müller €"], "alone": "Müller €"}
        assert send(tx, "SELECT %(list)b::text[], %(alone)s::text", given)() == [(["Müller €"], "Müller €")]
        assert tx.execute(text("SELECT 'Müller €' = U&'M\\00FCller \\20AC'")).scalar()


def test_after_a_refusal_within_a_savepoint_the_transaction_goes_on(known: Database) -> None:
    """Also where something has to be prepared anew, which cannot be done before the savepoint is undone."""
    with known.write() as tx:
        NAME.send(tx, {"account": "a", "new": "Ada"})
        with pytest.raises(ZeroDivisionError):
            fail_after_all(tx)
        with pytest.raises(DBAPIError, match="aborted"):
            go_on_regardless(tx)
        assert NAMES(tx, {}) == [("a", "Ada"), ("b", None)]


def test_what_was_prepared_for_nothing_is_thrown_away(known: Database) -> None:
    """However often something is refused, a connection does not fill up with what was prepared for it."""
    with known.open_connection() as connection:
        for number in range(5):
            with pytest.raises(DBAPIError):
                send(connection, f"SELECT {number}/0", {})()
        assert send(connection, HOW_MANY, {})() == [(1,)]


def test_a_table_that_changes_is_noticed(known: Database) -> None:
    """What was prepared for the table as it was fails once where nothing is undone, and never again."""
    with known.open_connection() as connection:
        assert send(connection, "SELECT * FROM tiergate_changes", {})() == []
        with known.write() as tx:
            tx.exec_driver_sql("ALTER TABLE tiergate_changes ADD further integer")
        with pytest.raises(DBAPIError, match="result type"):
            send(connection, "SELECT * FROM tiergate_changes", {})()
        assert send(connection, "SELECT * FROM tiergate_changes", {})() == []


def test_where_each_statement_is_committed_by_itself_none_undoes_another(known: Database) -> None:
    """And none is refused in silence because nobody waited for it."""
    with known.open_connection() as connection:
        NAME.send(connection, {"account": "a", "new": "Ada"})
        with pytest.raises(IntegrityError):
            RENAME.send(connection, {"to": "a"})
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", "Ada"), ("b", None)]


def test_an_error_tells_which_statement_was_refused(known: Database) -> None:
    """Also where it comes out at another one."""
    notes: list[str] = []
    event.listen(known.engine, "handle_error", lambda error: notes.extend(error.original_exception.__notes__))

    def be_refused() -> None:
        with known.write() as tx:
            RENAME.send(tx, {"to": "a"})
            tx.exec_driver_sql("SELECT 1")

    with pytest.raises(IntegrityError):
        be_refused()
    assert [note for note in notes if "UPDATE tiergate_accounts" in note]
