"""Statements that travel to PostgreSQL together: in order, all or nothing, and through whatever happens."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import bindparam, event, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from tiergate.store import Database, Transaction
from tiergate.store.flight import FlightConnection
from tiergate.store.prepared import Prepared, send
from tiergate.store.tables import accounts

NAMES = Prepared(select(accounts.c.account_id, accounts.c.name).order_by(accounts.c.account_id))
HOW_OFTEN = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT%%ORDER BY%%account_id'"
"""How often ``NAMES`` is prepared on a connection."""
NAME = Prepared(
    update(accounts).where(accounts.c.account_id == bindparam("account")).values(name=bindparam("new"))
)
RENAME = Prepared(update(accounts).where(accounts.c.account_id == "b").values(account_id=bindparam("to")))


def driver_of(tx: Any) -> FlightConnection:
    """The driver's connection below a transaction."""
    found = tx.connection.dbapi_connection
    assert isinstance(found, FlightConnection)
    return found


def test_what_nobody_waits_for_is_committed(known: Database) -> None:
    """The commit travels behind the last statements, and one wait is enough for all."""
    with known.write() as tx:
        for account, name in (("a", "Ada"), ("b", "Bob")):
            NAME.send(tx, {"account": account, "new": name})
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", "Ada"), ("b", "Bob")]


def test_what_nobody_waits_for_can_be_refused(known: Database) -> None:
    """The commit fails then, names the statement, and leaves out the customers' values; nothing stays."""

    def send_all() -> None:
        with known.write() as tx:
            NAME.send(tx, {"account": "a", "new": "lost"})
            RENAME.send(tx, {"to": "a"})
            NAME.send(tx, {"account": "a", "new": "never executed"})

    with pytest.raises(IntegrityError) as refused:
        send_all()
    assert "=(a)" not in str(refused.value)
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", None), ("b", None)]


def test_an_error_names_the_statement_that_was_refused(known: Database) -> None:
    """Whoever waits for a later one is told which one it was."""

    def wait_for_another() -> None:
        with known.write() as tx:
            RENAME.send(tx, {"to": "a"})
            NAMES.send(tx, {})()

    with pytest.raises(IntegrityError, match="SET account_id"):
        wait_for_another()


def test_each_waiting_one_learns_that_nothing_was_done(known: Database) -> None:
    """Also whoever asks after another was told: no answer would look like no rows."""

    def ask_twice() -> None:
        with known.write() as tx:
            refused, after = RENAME.send(tx, {"to": "a"}), NAMES.send(tx, {})
            for answer in (refused, after):
                with pytest.raises(IntegrityError):
                    answer()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_twice()


def test_ordinary_statements_come_after_what_is_on_its_way(known: Database) -> None:
    """What SQLAlchemy executes itself sees what was sent before, and the other way round."""
    with known.write() as tx:
        NAME.send(tx, {"account": "a", "new": "Ada"})
        assert tx.execute(select(func.count()).where(accounts.c.name == "Ada")).scalar_one() == 1
        tx.execute(update(accounts).where(accounts.c.account_id == "b").values(name="Bob"))
        assert NAMES(tx, {}) == [("a", "Ada"), ("b", "Bob")]


def test_a_savepoint_takes_back_what_was_sent_in_it(known: Database) -> None:
    """And nothing else; what is prepared is forgotten by that, and prepared anew."""

    def fail_within(tx: Transaction) -> None:
        with tx.begin_nested():
            NAME.send(tx, {"account": "b", "new": "lost"})
            raise ZeroDivisionError

    for _ in range(3):
        with known.write() as tx:
            NAME.send(tx, {"account": "a", "new": "Ada"})
            with pytest.raises(ZeroDivisionError):
                fail_within(tx)
            assert NAMES(tx, {}) == [("a", "Ada"), ("b", None)]


@pytest.mark.parametrize("what", ["ROLLBACK", "DROP TABLE gone", "DISCARD ALL", "DEALLOCATE ALL"])
def test_what_the_driver_throws_away_is_prepared_anew(known: Database, what: str) -> None:
    """The driver has all that is prepared thrown away after these; statements work all the same."""
    for _ in range(7):
        with known.write() as tx:
            NAMES(tx, {})
            tx.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS gone (id int)"))
    with known.open_connection() as connection:
        for _ in range(7):  # until the driver itself has prepared something
            NAMES(connection, {})
            connection.execute(select(func.count()).select_from(accounts))
        connection.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS gone (id int)"))
        connection.execute(text(what))
        for _ in range(7):
            assert NAMES(connection, {}) == [("a", None), ("b", None)]
            connection.execute(select(func.count()).select_from(accounts))


def test_each_statement_is_prepared_once(known: Database) -> None:
    """And executed as often as one likes, in any transaction of the connection."""
    with known.open_connection() as connection:
        for _ in range(3):
            NAMES(connection, {})
        assert send(connection, HOW_OFTEN, {})() == [(1,)]


def test_what_is_forgotten_is_thrown_away(known: Database) -> None:
    """Or else a server would hold more with every transaction that is undone."""
    with known.open_connection() as connection:
        for _ in range(5):
            driver_of(connection).autocommit = False
            NAMES(connection, {})
            driver_of(connection).rollback()
        assert send(connection, HOW_OFTEN, {})() == [(0,)]


def test_nothing_is_prepared_where_the_host_forbids_it(known: Database) -> None:
    """As behind a pooler that knows nothing of prepared statements."""
    event.listen(known.engine, "connect", forbid)
    known.engine.dispose()
    with known.open_connection() as connection:
        for _ in range(3):
            assert NAMES(connection, {}) == [("a", None), ("b", None)]
        assert send(connection, "SELECT count(*) FROM pg_prepared_statements", {})() == [(0,)]


def forbid(connection: Any, _record: Any) -> None:
    """Let the driver prepare nothing."""
    connection.prepare_threshold = None


@pytest.mark.parametrize("texts", [[], [""], ["a", 'q"{},\\', "ä€𝄞", "x" * 200_000]])
def test_texts_in_a_list(known: Database, texts: list[str]) -> None:
    """They arrive as they are, whatever is in them, also where they are larger than what a socket takes."""
    with known.read() as tx:
        assert send(tx, "SELECT %(texts)b::text[], 5 %% 3", {"texts": texts})() == [(texts, 2)]


def test_large_statements_and_large_answers_cross(known: Database) -> None:
    """Neither side waits for the other to read first."""
    large = "x" * 3_000_000
    with known.read() as tx:
        sent = [send(tx, "SELECT %(text)s::text", {"text": large}) for _ in range(5)]
        assert [answer() for answer in sent] == [[(large,)]] * 5


def test_a_lost_connection_answers_nobody(known: Database) -> None:
    """Every waiting one learns of it: no answer would look like no rows."""

    def lose() -> None:
        with known.write() as tx:
            first, second = NAMES.send(tx, {}), NAMES.send(tx, {})
            driver_of(tx).close()
            with pytest.raises(DBAPIError) as lost:
                first()
            assert lost.value.connection_invalidated
            with pytest.raises(SQLAlchemyError):
                second()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lose()
    with known.read() as tx:
        assert NAMES(tx, {}) == [("a", None), ("b", None)]


def test_an_isolation_level_holds_for_what_is_sent_first(known: Database) -> None:
    """The transaction that the first statement begins is of the kind that was asked for."""
    with known.read() as tx:
        assert send(tx, "SHOW transaction_isolation", {})() == [("repeatable read",)]
    with known.write() as tx:
        assert send(tx, "SHOW transaction_isolation", {})() == [("read committed",)]


def test_a_transaction_may_be_told_to_read_only(known: Database) -> None:
    """By a host that sets the driver's own attributes."""
    with known.open_connection() as connection:
        driver = driver_of(connection)
        driver.autocommit = False
        driver.read_only, driver.deferrable = True, False
        assert send(connection, "SHOW transaction_read_only", {})() == [("on",)]
        driver.rollback()
        driver.read_only, driver.deferrable = False, None
        assert send(connection, "SHOW transaction_read_only", {})() == [("off",)]
        driver.rollback()


def test_what_is_wrong_with_a_value_harms_nothing(known: Database) -> None:
    """It is refused before anything is sent, and the transaction goes on."""
    with known.write() as tx:
        NAME.send(tx, {"account": "a", "new": "Ada"})
        with pytest.raises((DBAPIError, psycopg.Error)):
            send(tx, "SELECT %(it)s", {"it": object()})
        assert NAMES(tx, {}) == [("a", "Ada"), ("b", None)]
