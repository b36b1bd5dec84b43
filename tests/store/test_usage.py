"""Usage: counted within one statement, window by window, once for each key."""

from functools import partial

from tests.store.builders import NOON, at, rows
from tests.store.together import together
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import Window
from tiergate.store import Database, Transaction
from tiergate.store.tables import usage
from tiergate.store.usage_rows import (
    Counted,
    count_down,
    count_up,
    drop_key,
    enter_key,
    find_key,
    settle_key,
    usage_of,
)

HANDS = 8
MARCH, APRIL = Window(NOON, at(31)), Window(at(31), at(61))
ALWAYS = Window(DISTANT_PAST, DISTANT_FUTURE)


def _up(tx: Transaction, amount: int, limit: int | None, window: Window = MARCH) -> int | None:
    return count_up(tx, "acme", "calls", window.starts_at, amount, limit, at(1))


def _down(tx: Transaction, amount: int, window: Window = MARCH) -> int:
    return count_down(tx, "acme", "calls", window.starts_at, amount, at(2))


def test_the_limit_is_the_last_that_fits(database: Database) -> None:
    """Counting reaches the limit and does not pass it, from the first wish on; without a limit all fits."""
    with database.write() as tx:
        assert _up(tx, 6, 5) is None
        assert rows(tx, usage) == []
        assert [_up(tx, 3, 5), _up(tx, 3, 5), _up(tx, 2, 5), _up(tx, 1, 5)] == [3, None, 5, None]
        assert _up(tx, 10**12, None) == 10**12 + 5


def test_windows_and_accounts_are_counted_apart(database: Database) -> None:
    """A new window begins at nothing, and what others use is theirs."""
    with database.write() as tx:
        _up(tx, 5, 5)
        assert _up(tx, 1, 5, APRIL) == 1
        count_up(tx, "globex", "calls", NOON, 4, 5, NOON)
        wanted = {"calls": MARCH, "projects": ALWAYS}
        assert usage_of(tx, "acme", wanted) == {"calls": Usage(5, at(31)), "projects": Usage(0, None)}
        assert usage_of(tx, "acme", {"calls": APRIL}) == {"calls": Usage(1, at(61))}
        assert usage_of(tx, "acme", {}) == {}


def test_what_is_given_back_is_never_below_zero(database: Database) -> None:
    """Counting down ends at nothing, also where nothing was counted."""
    with database.write() as tx:
        assert _down(tx, 1, ALWAYS) == 0
        _up(tx, 3, None, ALWAYS)
        assert [_down(tx, 2, ALWAYS), _down(tx, 2, ALWAYS), _down(tx, 1, ALWAYS)] == [1, 0, 0]
        assert _up(tx, 5, 5, ALWAYS) == 5


def test_many_at_once_never_pass_the_limit(database: Database) -> None:
    """Eight that count five each, all at once, get twelve together: the first window of the account."""

    def count(_hand: int) -> int:
        allowed = 0
        for _ in range(5):
            with database.write() as tx:
                allowed += _up(tx, 1, 12) is not None
        return allowed

    assert sum(together([partial(count, hand) for hand in range(HANDS)])) == 12


def test_a_key_is_entered_once(database: Database) -> None:
    """The second time it is there, with what was counted under it; taken back, it may be entered again."""
    counted = Counted("calls", 3, 0)
    with database.write() as tx:
        assert find_key(tx, "acme", "k") is None
        assert enter_key(tx, "acme", "k", counted, NOON, NOON)
        assert not enter_key(tx, "acme", "k", Counted("seats", 1, 0), NOON, NOON)
        assert enter_key(tx, "globex", "k", counted, NOON, NOON)
        settle_key(tx, "acme", "k", 7)
        assert find_key(tx, "acme", "k") == Counted("calls", 3, 7)
        assert find_key(tx, "globex", "k") == counted
        drop_key(tx, "acme", "k")
        assert find_key(tx, "acme", "k") is None
        assert enter_key(tx, "acme", "k", counted, NOON, NOON)


def test_one_of_many_enters_a_key(database: Database) -> None:
    """Of eight that come with a key at once, one enters it; the others wait, and find it."""

    def enter(hand: int) -> tuple[bool, Counted | None]:
        with database.write() as tx:
            return enter_key(tx, "acme", "k", Counted("calls", hand, 0), NOON, NOON), find_key(
                tx, "acme", "k"
            )

    outcomes = together([partial(enter, hand) for hand in range(HANDS)])
    assert sorted(entered for entered, _ in outcomes) == [False] * (HANDS - 1) + [True]
    assert len({found for _, found in outcomes}) == 1
