"""The journal: every entry in order, every occasion once."""

from functools import partial

from tests.store.builders import NOON, at
from tests.store.together import together
from tiergate.store import Database
from tiergate.store.journal_rows import Entry, append, entered_occasions, entries_of

HANDS = 8


def _entry(kind: str, occasion_key: str | None = None, *, account_id: str = "acme") -> Entry:
    return Entry(account_id, kind, at(1), at(2), "event evt_1", {"step": [1, None]}, occasion_key)


def test_entries_come_back_in_the_order_they_were_made(database: Database) -> None:
    """The oldest entry is first, whatever instants they name, and another account's are not among them."""
    made = [
        Entry("acme", "third_by_name", at(3), at(9), "time"),
        Entry("acme", "first_by_name", at(1), at(8), "event evt_2", {"plan": "pro"}),
        Entry("acme", "second_by_name", at(2), at(7), "register", occasion_key="k"),
    ]
    with database.write() as tx:
        for entry in made:
            append(tx, entry)
            append(tx, _entry("another's", account_id="globex"))
    with database.read() as tx:
        assert entries_of(tx, "acme") == made


def test_an_occasion_is_entered_once(database: Database) -> None:
    """The second time it is there already, and the first entry stays as it is."""
    with database.write() as tx:
        assert append(tx, _entry("first", "sub_1:trial_end:3"))
        assert not append(tx, _entry("second", "sub_1:trial_end:3"))
        assert [entry.kind for entry in entries_of(tx, "acme")] == ["first"]


def test_an_occasion_is_one_accounts(database: Database) -> None:
    """Two accounts may have occasions of the same name."""
    with database.write() as tx:
        assert append(tx, _entry("mine", "k"))
        assert append(tx, _entry("theirs", "k", account_id="globex"))


def test_what_is_no_occasion_is_entered_every_time(database: Database) -> None:
    """Entries without a key are never taken for each other."""
    with database.write() as tx:
        assert [append(tx, _entry("access_changed")) for _ in range(3)] == [True] * 3
        assert len(entries_of(tx, "acme")) == 3


def test_an_occasion_that_many_notice_at_once_is_entered_once(database: Database) -> None:
    """One of eight workers enters it, the others are told that it is there."""

    def notice(number: int) -> bool:
        with database.write() as tx:
            return append(tx, _entry(f"by {number}", "sub_1:converted"))

    outcomes = together([partial(notice, number) for number in range(HANDS)])
    with database.read() as tx:
        assert len(entries_of(tx, "acme")) == 1
    assert sorted(outcomes) == [False] * (HANDS - 1) + [True]


def test_the_entered_occasions_are_known_by_their_keys(database: Database) -> None:
    """The keys of an account's occasions, without entries that are none and without those of others."""
    with database.write() as tx:
        append(tx, _entry("reminder", "k1"))
        append(tx, _entry("reminder", "k2"))
        append(tx, _entry("access_changed"))
        append(tx, _entry("reminder", "k3", account_id="globex"))
        assert entered_occasions(tx, "acme") == {"k1", "k2"}
        assert entered_occasions(tx, "nobody") == set()


def test_an_entry_undone_with_its_cause_may_be_made_again(database: Database) -> None:
    """An occasion whose transaction failed was not told, so it is still to be told."""
    with database.write() as tx:
        savepoint = tx.begin_nested()
        append(tx, Entry("acme", "reminder", NOON, NOON, "time", occasion_key="k"))
        savepoint.rollback()
        assert append(tx, Entry("acme", "reminder", NOON, NOON, "time", occasion_key="k"))
