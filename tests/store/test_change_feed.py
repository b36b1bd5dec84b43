"""The feed of changes: everything that is committed is told, once, whatever order it is committed in."""

from collections.abc import Callable
from contextlib import suppress
from threading import Barrier

import pytest
from sqlalchemy import event, insert

from tests.store.together import together
from tiergate.store import Database
from tiergate.store.change_feed import (
    CATALOG,
    Cursor,
    account_of_topic,
    account_topic,
    clock_of_topic,
    clock_topic,
    note_change,
    read_changes,
)
from tiergate.store.empty_tables import empty_tables
from tiergate.store.tables import changes

A, B, C = account_topic("a"), account_topic("b"), clock_topic("c")


class Reader:
    """Somebody who reads the feed from now on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cursor: Cursor | None = None
        self.read()

    def read(self) -> set[str]:
        """Read what is new."""
        with self._database.read() as tx:
            self._cursor, topics = read_changes(tx, self._cursor)
        return set(topics)


def change(database: Database, *topics: str) -> None:
    """Change something, and commit."""
    with database.write() as tx:
        note_change(tx, *topics)


def test_topics_name_what_changed() -> None:
    """An account and a clock are found again in their topics, and in no other."""
    assert (account_of_topic(A), clock_of_topic(C)) == ("a", "c")
    assert [account_of_topic(C), clock_of_topic(A), account_of_topic(CATALOG)] == [None, None, None]


def test_a_change_is_told_once(database: Database) -> None:
    """A reader is told what was committed since it read last, and nothing from before it came."""
    change(database, A)
    reader = Reader(database)
    change(database, B, C, B)
    assert (reader.read(), reader.read()) == ({B, C}, set())
    change(database, B)
    assert reader.read() == {B}


def test_what_was_undone_is_not_told(database: Database) -> None:
    """A transaction that failed has changed nothing."""
    reader = Reader(database)
    with suppress(ZeroDivisionError), database.write() as tx:
        note_change(tx, A)
        raise ZeroDivisionError
    assert reader.read() == set()


def test_nothing_to_note_is_fine(database: Database) -> None:
    """A transaction that touched no account says so."""
    reader = Reader(database)
    change(database)
    assert reader.read() == set()


def test_a_transaction_held_open_is_told_when_it_commits(migrated_postgres_url: str) -> None:
    """What commits after later transactions is told all the same, and they are not told again."""
    database = Database(migrated_postgres_url)
    reader = Reader(database)
    with database.write() as held:
        note_change(held, A)
        change(database, B)
        with database.write() as also_held:
            note_change(also_held, C)
            assert (reader.read(), reader.read()) == ({B}, set())
            newcomer = Reader(database)
        assert reader.read() == newcomer.read() == {C}
    assert reader.read() == newcomer.read() == {A}
    assert reader.read() == newcomer.read() == set()
    database.close()


def test_an_older_transaction_may_change_it_last(migrated_postgres_url: str) -> None:
    """A topic whose number falls, because an older transaction touched it last, is told again."""
    database = Database(migrated_postgres_url)
    reader = Reader(database)
    with database.write() as older:
        note_change(older, B)
        change(database, A)
        assert reader.read() == {A}
        note_change(older, A)
    assert reader.read() == {A, B}
    database.close()


def test_numbers_of_another_server_are_ignored(migrated_postgres_url: str) -> None:
    """After a restore the numbers in the table may lie ahead of the server's own: they tell nothing."""
    database = Database(migrated_postgres_url)
    reader = Reader(database)
    with database.write() as tx:
        tx.execute(insert(changes).values(topic=B, changed_in=2**40))
    assert (reader.read(), reader.read()) == (set(), set())
    change(database, B)
    assert reader.read() == {B}
    database.close()


def test_an_emptied_database_tells_it(database: Database) -> None:
    """A demo that begins anew makes others forget everything, and what comes after it is told too."""
    change(database, A)
    reader = Reader(database)
    with database.write() as tx:
        empty_tables(tx)
    assert reader.read() == {CATALOG}
    change(database, A)
    assert reader.read() == {A}


def test_with_many_writers_nothing_is_missed(database: Database) -> None:
    """However transactions overlap, each topic is told after its last commit."""
    hands, rounds = 4, 12
    reader = Reader(database)
    finished = Barrier(hands + 1, timeout=60)

    def writer(hand: int) -> Callable[[], set[str]]:
        def write() -> set[str]:
            for number in range(rounds):
                change(database, account_topic(f"{hand}-{number}"), account_topic(f"shared-{number}"))
            finished.wait()
            return set()

        return write

    def read() -> set[str]:
        seen: set[str] = set()
        while finished.n_waiting < hands:
            seen |= reader.read()
        finished.wait()
        return seen | reader.read()

    told = together([*(writer(hand) for hand in range(hands)), read])[-1]
    each = {account_topic(f"{hand}-{number}") for hand in range(hands) for number in range(rounds)}
    assert told == each | {account_topic(f"shared-{number}") for number in range(rounds)}


def test_the_process_that_commits_is_told_at_once(database: Database) -> None:
    """Who holds copies in the same process hears of a commit before the writer goes on."""
    heard: list[frozenset[str]] = []
    database.tell_changes(heard.append)
    with database.write() as tx:
        note_change(tx, A)
        assert heard == []
        note_change(tx, C)
    change(database)
    assert heard == [frozenset([A, C])]


def test_a_commit_whose_answer_is_lost_is_told_too(database: Database) -> None:
    """It may have been done all the same; a transaction that was undone before that is not told."""
    heard: list[frozenset[str]] = []
    database.tell_changes(heard.append)

    def lose(_: object) -> None:
        raise ConnectionError

    with suppress(ZeroDivisionError), database.write() as tx:
        note_change(tx, A)
        raise ZeroDivisionError
    event.listen(database.engine, "commit", lose)
    with pytest.raises(ConnectionError), database.write() as tx:
        note_change(tx, B)
    assert heard == [{B}]
