"""Test clocks: the latest instant that each is known to have reached."""

from datetime import UTC, datetime
from functools import partial

from tests.store.builders import NOON, at, the_row
from tests.store.together import together
from tiergate.store import Database
from tiergate.store.tables import test_clocks as clocks
from tiergate.store.test_clock_rows import clock_now, running_clocks, saw_clock

HANDS = 8


def test_a_clock_is_known_from_its_first_sighting(database: Database) -> None:
    """One that was never seen shows no time."""
    with database.write() as tx:
        assert clock_now(tx, "clock_1") is None
        saw_clock(tx, "clock_1", at(5), NOON)
        assert (clock_now(tx, "clock_1"), clock_now(tx, "clock_2")) == (at(5), None)


def test_a_clock_never_goes_back(database: Database) -> None:
    """A late event leaves the later instant, a newer sighting moves it on."""
    with database.write() as tx:
        saw_clock(tx, "clock_1", at(5), NOON)
        saw_clock(tx, "clock_1", at(4), NOON)
        assert clock_now(tx, "clock_1") == at(5)
        saw_clock(tx, "clock_1", at(5.5), NOON)
        assert clock_now(tx, "clock_1") == at(5.5)


def test_parallel_sightings_leave_the_latest(database: Database) -> None:
    """Of eight events from one clock at once, the latest instant stays."""

    def see(seconds: int) -> None:
        with database.write() as tx:
            saw_clock(tx, "clock_1", at(seconds), NOON)

    together([partial(see, seconds) for seconds in range(HANDS)])
    with database.read() as tx:
        assert clock_now(tx, "clock_1") == at(HANDS - 1)


def test_a_deleted_clock_runs_no_more(database: Database) -> None:
    """It is not asked about again, though an event from it may arrive later still; its time stays known."""
    with database.write() as tx:
        saw_clock(tx, "clock_1", at(5), NOON)
        saw_clock(tx, "clock_2", at(5), NOON)
        assert sorted(running_clocks(tx)) == ["clock_1", "clock_2"]
        saw_clock(tx, "clock_1", at(5), NOON, deleted=True)
        assert running_clocks(tx) == ["clock_2"]
        saw_clock(tx, "clock_1", at(6), NOON)
        assert running_clocks(tx) == ["clock_2"]
        assert clock_now(tx, "clock_1") == at(6)


def test_a_clock_that_stripe_has_no_more_may_show_the_first_instant(database: Database) -> None:
    """Of a clock that was gone before it was seen, nothing is known but that."""
    beginning = datetime.min.replace(tzinfo=UTC)
    with database.write() as tx:
        saw_clock(tx, "clock_1", beginning, NOON, deleted=True)
        assert clock_now(tx, "clock_1") == beginning
        assert running_clocks(tx) == []


def test_a_clock_tells_whether_it_has_arrived(database: Database) -> None:
    """Its status is the last one seen."""
    with database.write() as tx:
        saw_clock(tx, "clock_1", at(5), NOON, status="advancing")
        assert the_row(tx, clocks).status == "advancing"
        saw_clock(tx, "clock_1", at(6), at(1), status="ready")
        assert (the_row(tx, clocks).status, the_row(tx, clocks).updated_at) == ("ready", at(1))
