"""Statements that run on the driver behave as SQLAlchemy's own do."""

import logging
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, event, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from tiergate.store import Database
from tiergate.store.account_rows import register
from tiergate.store.prepared import Prepared, send
from tiergate.store.tables import accounts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def known(database: Database) -> Database:
    """A database in which three accounts are known."""
    with database.write() as tx:
        for account_id in ("a", "b", "c"):
            register(tx, account_id, {}, NOON)
    return database


def test_values_go_in_and_come_out_as_python_has_them(known: Database) -> None:
    """An instant is written and read as an instant, on both databases."""
    set_due = update(accounts).where(accounts.c.account_id == bindparam("account"))
    write = Prepared(set_due.values(next_due_at=bindparam("at")))
    read = Prepared(select(accounts.c.account_id, accounts.c.next_due_at).order_by(accounts.c.account_id))
    with known.write() as tx:
        assert write(tx, {"account": "b", "at": NOON}) == []
    with known.read() as tx:
        assert read(tx, {}) == [("a", None), ("b", NOON), ("c", None)]


def test_any_number_of_ids(known: Database) -> None:
    """A statement looks for none, one or several ids with the same text."""
    find = Prepared(lambda ids: select(accounts.c.account_id).where(accounts.c.account_id.in_(ids)))
    with known.read() as tx:
        assert find(tx, {"ids": []}) == []
        assert find(tx, {"ids": ["b"]}) == [("b",)]
        assert sorted(find(tx, {"ids": ["a", "c", "nobody", '"']})) == [("a",), ("c",)]


def test_errors_are_sqlalchemys(known: Database) -> None:
    """What the driver refuses is raised as SQLAlchemy would, and the transaction is undone."""
    rename = Prepared(
        update(accounts).where(accounts.c.account_id == "b").values(account_id=bindparam("to"), email="lost")
    )
    with pytest.raises(IntegrityError, match=r"left out|UNIQUE") as refused, known.write() as tx:
        rename(tx, {"to": "a"})
    assert "=(a)" not in str(refused.value)
    with pytest.raises((OperationalError, ProgrammingError)), known.write() as tx:
        send(tx, "SELECT * FROM nowhere", ())()
    with known.read() as tx:
        found = tx.execute(select(accounts.c.account_id, accounts.c.email).order_by(accounts.c.account_id))
        assert found.all() == [("a", None), ("b", None), ("c", None)]


def test_who_listens_to_the_engine_hears_of_them(known: Database) -> None:
    """Whatever counts or traces the engine's statements sees these too, before and after."""
    heard: list[str] = []
    for when in ("before_cursor_execute", "after_cursor_execute"):
        event.listen(known.engine, when, lambda *told: heard.append(told[2]))
    with known.write() as tx:
        send(tx, "SELECT 1", ())()
    assert heard.count("SELECT 1") == 2


def test_what_is_sent_together_is_done_in_order(known: Database) -> None:
    """Each statement sees what those before it did, in whatever order their answers are taken."""
    count = Prepared(select(func.count()).where(accounts.c.email.is_not(None)))
    write = Prepared(update(accounts).where(accounts.c.account_id == bindparam("account")).values(email="x"))
    with known.write() as tx:
        before, written = count.send(tx, {}), write.send(tx, {"account": "b"})
        after = count.send(tx, {})
        assert (after(), written(), before()) == ([(1,)], [], [(0,)])
        assert count(tx, {}) == [(1,)]


def test_what_is_refused_on_the_way_undoes_the_transaction(known: Database) -> None:
    """An error among statements that were sent together is SQLAlchemy's too, and nothing of them stays."""
    write = Prepared(update(accounts).where(accounts.c.account_id == bindparam("account")).values(email="x"))
    rename = Prepared(update(accounts).where(accounts.c.account_id == "b").values(account_id=bindparam("to")))

    def send_all() -> None:
        with known.write() as tx:
            write.send(tx, {"account": "c"})
            rename.send(tx, {"to": "a"})
            write.send(tx, {"account": "b"})()

    with pytest.raises(IntegrityError):
        send_all()
    with known.read() as tx:
        found = tx.execute(select(accounts.c.account_id, accounts.c.email).order_by(accounts.c.account_id))
        assert found.all() == [("a", None), ("b", None), ("c", None)]


def test_an_error_on_the_way_leaves_no_values_in_the_log(
    known: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the block itself fails, nobody is told what was refused meanwhile, and all is undone."""
    write = Prepared(update(accounts).where(accounts.c.account_id == bindparam("account")).values(email="x"))
    rename = Prepared(update(accounts).where(accounts.c.account_id == "b").values(account_id=bindparam("to")))

    def fail_beside_another() -> None:
        with known.write() as tx:
            write.send(tx, {"account": "c"})
            if not known.is_sqlite:  # which would tell at once
                rename.send(tx, {"to": "a"})
            raise ZeroDivisionError

    with caplog.at_level(logging.DEBUG), pytest.raises(ZeroDivisionError):
        fail_beside_another()
    assert caplog.text == ""
    with known.read() as tx:
        assert Prepared(select(func.count()).where(accounts.c.email.is_not(None)))(tx, {}) == [(0,)]


def test_what_was_first_prepared_on_a_failed_way_is_prepared_anew(known: Database) -> None:
    """The driver prepares what it sees often; where that was never executed it does not rely on it."""
    often = Prepared(select(func.count()).where(accounts.c.name.is_(None)))
    rename = Prepared(update(accounts).where(accounts.c.account_id == "b").values(account_id=bindparam("to")))
    for _ in range(5):
        with known.write() as tx:
            assert often(tx, {}) == [(3,)]

    def fail_before_it() -> None:
        with known.write() as tx:
            rename.send(tx, {"to": "a"})
            often.send(tx, {})()

    with pytest.raises(IntegrityError):
        fail_before_it()
    with known.write() as tx:
        assert often.send(tx, {})() == [(3,)]


def test_a_connection_that_is_lost_on_the_way_is_not_used_again(migrated_postgres_url: str) -> None:
    """The error says that the connection is gone, also at the end of the block, and the next one works."""
    known = Database(migrated_postgres_url)
    count = Prepared(select(func.count()).select_from(accounts))

    def lose(*, waits: bool) -> None:
        with known.write() as tx:
            number = tx.execute(select(func.pg_backend_pid())).scalar_one()
            asked = count.send(tx, {})
            with known.write() as other:
                other.execute(select(func.pg_terminate_backend(number, 5000)))
            if waits:
                asked()

    for waits in (True, False):
        with pytest.raises(DBAPIError) as lost:
            lose(waits=waits)
        assert lost.value.connection_invalidated
        with known.write() as tx:
            assert count(tx, {}) == [(0,)]
    known.close()
