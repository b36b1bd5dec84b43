"""Transactions: whole or not at all, one view while reading, one after the other while writing."""

import sqlite3
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.store.builders import NOON, event, rows, save, subscription
from tests.store.together import together
from tiergate.store import Database, Transaction
from tiergate.store.account_rows import find_account, register
from tiergate.store.event_rows import StoredEvent, insert_event
from tiergate.store.journal_rows import Entry, append
from tiergate.store.tables import accounts, customers, events, journal, subscriptions

HANDS = 8
ROUNDS = 6


def _do_everything(tx: Transaction) -> None:
    register(tx, "acme", {}, NOON)
    insert_event(tx, StoredEvent("evt_1", "invoice.paid", "in_1", False, None, NOON, NOON, "{}"))
    save(tx, subscription(), event(5))
    append(tx, Entry("acme", "access_changed", NOON, NOON, "event evt_1"))


def _do_everything_and_fail(tx: Transaction) -> None:
    _do_everything(tx)
    raise ZeroDivisionError


def _counts(database: Database) -> list[int]:
    with database.read() as tx:
        return [len(rows(tx, table)) for table in (accounts, events, subscriptions, journal)]


def test_a_transaction_is_kept_whole(database: Database) -> None:
    """Everything done in it is there afterwards."""
    with database.write() as tx:
        _do_everything(tx)
    assert _counts(database) == [1, 1, 1, 1]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    """An exception undoes everything done in it, and comes through."""
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        _do_everything_and_fail(tx)
    assert _counts(database) == [0, 0, 0, 0]


def test_a_savepoint_undoes_only_its_part(database: Database) -> None:
    """What was stored before it stays, although what followed failed."""
    with database.write() as tx:
        register(tx, "before", {}, NOON)
        with pytest.raises(ZeroDivisionError), tx.begin_nested():
            _do_everything_and_fail(tx)
        register(tx, "after", {}, NOON)
    with database.read() as tx:
        assert {row.account_id for row in rows(tx, accounts)} == {"before", "after"}
    assert _counts(database) == [2, 0, 0, 0]


def test_nobody_sees_what_is_not_committed(database: Database) -> None:
    """A reader beside an open transaction sees the state before it, and is not held up."""
    with database.write() as tx:
        _do_everything(tx)
        assert _counts(database) == [0, 0, 0, 0]
    assert _counts(database) == [1, 1, 1, 1]


def test_a_reader_sees_one_state(database: Database) -> None:
    """What is committed while it reads is not mixed into what it has read."""
    with database.read() as reader:
        before = len(rows(reader, accounts))
        with database.write() as tx:
            _do_everything(tx)
        after = len(rows(reader, subscriptions))
    assert (before, after) == (0, 0)
    assert _counts(database) == [1, 1, 1, 1]


def test_writers_queue(database: Database) -> None:
    """Eight threads that read, add one and write back, again and again, lose no step and never fail."""

    def add() -> None:
        for _ in range(ROUNDS):
            with database.write() as tx:
                account = find_account(tx, "acme", lock=True)
                assert account is not None
                register(tx, "acme", {"members": (account.members or 0) + 1}, NOON)

    with database.write() as tx:
        register(tx, "acme", {}, NOON)
    together([add] * HANDS)
    with database.read() as tx:
        account = find_account(tx, "acme")
    assert account is not None
    assert account.members == HANDS * ROUNDS


def test_readers_and_writers_work_side_by_side(database: Database) -> None:
    """While four threads write, four others read whole transactions only, and none fails."""

    def write(number: int) -> set[bool]:
        for turn in range(ROUNDS):
            with database.write() as tx:
                register(tx, f"acme_{number}_{turn}", {}, NOON)
                append(tx, Entry(f"acme_{number}_{turn}", "registered", NOON, NOON, "register"))
        return set()

    def read() -> set[bool]:
        seen = set()
        for _ in range(ROUNDS):
            with database.read() as tx:
                seen.add(len(rows(tx, accounts)) == len(rows(tx, journal)))
        return seen

    writers: list[Callable[[], set[bool]]] = [partial(write, number) for number in range(HANDS // 2)]
    outcomes = together([*writers, *[read] * (HANDS // 2)])
    assert set().union(*outcomes) == {True}


def test_an_error_tells_no_value(database: Database) -> None:
    """What is stored is the customers': a statement that fails is told of without its values."""
    wrong = text("SELECT * FROM nowhere WHERE email = :email")
    with pytest.raises(DBAPIError) as raised, database.write() as tx:
        tx.execute(wrong, {"email": "ada@acme.test"})
    assert "nowhere" in str(raised.value)
    assert "ada@acme.test" not in f"{raised.value} {raised.value!r}"
    row = {"stripe_customer_id": "cus_1", "email": "ada@acme.test", "created_at": None}
    with pytest.raises(IntegrityError) as refused, database.write() as tx:
        tx.execute(insert(customers).values(row))
    assert "ada@acme.test" not in f"{refused.value} {refused.value!r} {refused.value.orig}"


def test_sqlite_is_set_up_to_last(sqlite_url: str) -> None:
    """A write-ahead log lets readers work beside a writer, and every commit reaches the disk."""
    database = Database(sqlite_url)
    with database.read() as tx:
        journal_mode = tx.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        synchronous = tx.exec_driver_sql("PRAGMA synchronous").scalar_one()
    database.close()
    assert (journal_mode, synchronous) == ("wal", 2)


def test_a_new_sqlite_file_that_others_write_to_is_waited_for(sqlite_url: str) -> None:
    """The switch to the write-ahead log, for which SQLite itself does not wait, is tried again."""
    others = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    others.execute("BEGIN IMMEDIATE")
    database = Database(sqlite_url)

    def finish_when_waited_for(connection: sqlite3.Connection, _record: object) -> None:
        def watch(statement: str) -> None:
            if statement.startswith("BEGIN") and others.in_transaction:
                others.execute("COMMIT")

        connection.set_trace_callback(watch)

    listen(database.engine, "connect", finish_when_waited_for, insert=True)
    with database.write() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    database.close()
    others.close()


def test_a_store_knows_its_kind(sqlite_url: str, postgres_url: str) -> None:
    """SQLite is told from PostgreSQL."""
    stores = [Database(sqlite_url), Database(postgres_url)]
    assert [store.is_sqlite for store in stores] == [True, False]
    for store in stores:
        store.close()
