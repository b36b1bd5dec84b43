"""Which accounts are due: each on its own time, those that wait longest first."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.store.builders import NOON, at
from tiergate.store import Database, Transaction
from tiergate.store.account_rows import due_accounts, find_account, register, save_outlook
from tiergate.store.test_clock_rows import saw_clock

YEAR = 365 * 86400


def _account(tx: Transaction, account_id: str, due_at: datetime | None, clock: str | None = None) -> None:
    register(tx, account_id, {"test_clock": clock}, NOON)
    account = find_account(tx, account_id)
    assert account is not None
    save_outlook(tx, replace(account, next_due_at=due_at), NOON)


@pytest.mark.parametrize(
    ("due_at", "due"),
    [(at(-86400), True), (at(-1), True), (at(-0.000001), True), (NOON, True), (at(0.000001), False),
     (at(1), False), (at(86400), False), (None, False)],
    ids=["a day ago", "a second ago", "a microsecond ago", "now", "in a microsecond", "in a second",
         "in a day", "never"],
)  # fmt: skip
@pytest.mark.parametrize("clock_at", [None, at(YEAR), at(-YEAR)], ids=["real time", "clock ahead", "behind"])
def test_an_account_is_due_when_its_instant_has_come(
    database: Database, due_at: datetime | None, due: bool, clock_at: datetime | None
) -> None:
    """Not a microsecond earlier: on its test clock where it lives on one, else in real time."""
    shift = (clock_at or NOON) - NOON
    with database.write() as tx:
        if clock_at:
            saw_clock(tx, "clock_1", clock_at, NOON)
        _account(tx, "acme", due_at and due_at + shift, "clock_1" if clock_at else None)
        assert _due(tx) == (["acme"] if due else [])


def test_a_clock_that_nobody_has_seen_is_real_time(database: Database) -> None:
    """Until something is known of the clock, its accounts are looked at in real time."""
    with database.write() as tx:
        _account(tx, "acme", NOON, "clock_unknown")
        _account(tx, "globex", at(1), "clock_unknown")
        assert _due(tx) == ["acme"]


def test_one_clock_does_not_move_another(database: Database) -> None:
    """Accounts of the clock that advanced are due, and no others."""
    with database.write() as tx:
        saw_clock(tx, "clock_1", at(YEAR), NOON)
        saw_clock(tx, "clock_2", NOON, NOON)
        for account_id, clock in (("moved", "clock_1"), ("still", "clock_2"), ("real", None)):
            _account(tx, account_id, at(60), clock)
        assert _due(tx) == ["moved"]


def test_those_that_wait_longest_come_first(database: Database) -> None:
    """In the order of their instants, and no more than are asked for."""
    with database.write() as tx:
        for account_id, due_at in (("b", at(-2)), ("c", at(-1)), ("a", at(-3))):
            _account(tx, account_id, due_at)
        assert _due(tx) == ["a", "b", "c"]
        assert _due(tx, 2) == ["a", "b"]


def test_each_page_goes_on_where_the_last_one_ended(database: Database) -> None:
    """Accounts with the same instant are told apart by their ids, and none is left out or given twice."""
    with database.write() as tx:
        for account_id in ("d", "a", "c", "b"):
            _account(tx, account_id, at(-1))
        first = due_accounts(tx, NOON, 3)
        second = due_accounts(tx, NOON, 3, first[-1])
    assert [[due.account_id for due in page] for page in (first, second)] == [["a", "b", "c"], ["d"]]


def _due(tx: Transaction, limit: int = 10) -> list[str]:
    return [due.account_id for due in due_accounts(tx, NOON, limit)]
