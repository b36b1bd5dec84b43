"""Which sightings are saved: nothing older ever replaces anything newer."""

from dataclasses import dataclass

import pytest

from tests.store.builders import KINDS, event, marks, reading, save_marked
from tiergate.store import Database
from tiergate.store.mirror import Saved, Sighting


@dataclass(frozen=True)
class Case:
    """What is known, what arrives then, and what must become of it."""

    known: list[Sighting]
    arrives: Sighting
    outcome: Saved
    known_clock: str | None = None
    arriving_clock: str | None = None


CASES = {
    "nothing is known": Case([], event(5), Saved.SAVED),
    "an event of a later second": Case([event(5)], event(6), Saved.SAVED),
    "an event of an earlier second, cashier#1201": Case([event(266)], event(265), Saved.STALE),
    "another event of the same second, sync-engine#268 and PostHog#98651": Case(
        [event(5)], event(5), Saved.STALE
    ),
    "a later event on the same test clock": Case([event(5)], event(6), Saved.SAVED, "clock_1", "clock_1"),
    "an earlier event on the same test clock": Case([event(5)], event(4), Saved.STALE, "clock_1", "clock_1"),
    "an event in clock time, after one in real time": Case(
        [event(5)], event(6), Saved.STALE, None, "clock_1"
    ),
    "an event in real time, after one in clock time": Case(
        [event(5)], event(6), Saved.STALE, "clock_1", None
    ),
    "an event from another clock": Case([event(5)], event(6), Saved.STALE, "clock_1", "clock_2"),
    "an event received before the reading began": Case(
        [reading(5, began=100)], event(5, received=99), Saved.COVERED
    ),
    "an event received before the reading began, which Stripe dates later: our clocks differ": Case(
        [reading(5, began=100)], event(6, received=99), Saved.STALE
    ),
    "an event received before the reading began, in another kind of time": Case(
        [reading(5, began=100)], event(4, received=99), Saved.STALE, None, "clock_1"
    ),
    "an older event received before the reading began": Case(
        [reading(5, began=100)], event(4, received=99), Saved.COVERED
    ),
    "an event received at the instant when the reading began": Case(
        [reading(5, began=100)], event(6, received=100), Saved.STALE
    ),
    "an event received after the reading began, of a later second": Case(
        [reading(5, began=100)], event(6, received=101), Saved.SAVED
    ),
    "an event received after the reading began, of the answer's second": Case(
        [reading(5, began=100)], event(5, received=101), Saved.STALE
    ),
    "an event received before the reading, though another was saved since": Case(
        [reading(5, began=100), event(7, received=120)], event(6, received=99), Saved.COVERED
    ),
    "a reading after events": Case([event(5, received=50)], reading(6, began=51), Saved.SAVED),
    "a reading whose answer bears an older stamp than the event before it": Case(
        [event(5, received=50)], reading(4, began=51), Saved.SAVED
    ),
    "a reading in another kind of time": Case(
        [event(5, received=50)], reading(4, began=51), Saved.SAVED, None, "clock_1"
    ),
    "a reading that began after another": Case([reading(5, began=100)], reading(5, began=101), Saved.SAVED),
    "a reading that began before one that has finished": Case(
        [reading(5, began=100)], reading(5, began=99), Saved.COVERED
    ),
    "a reading that began before one that has finished, and was answered after it": Case(
        [reading(5, began=100)], reading(6, began=99), Saved.STALE
    ),
    "a reading that began before an event was received": Case(
        [event(5, received=101)], reading(4, began=100), Saved.STALE
    ),
    "a reading that began before an event was received, and was answered within the minute": Case(
        [event(5, received=101)], reading(65, began=100), Saved.STALE
    ),
    "a reading answered more than a minute later, by a machine whose clock is behind": Case(
        [event(5, received=101)], reading(66, began=100), Saved.SAVED
    ),
    "a reading answered more than a minute after another, by a machine whose clock is behind": Case(
        [reading(5, began=101)], reading(66, began=100), Saved.SAVED
    ),
    "a reading in clock time, where nothing but the order of arrival counts": Case(
        [event(5, received=101)], reading(900, began=100), Saved.STALE, "clock_1", "clock_1"
    ),
    "a reading that began when an event was received": Case(
        [event(5, received=100)], reading(5, began=100), Saved.SAVED
    ),
    "a reading that began before the later received of two events": Case(
        [event(5, received=101), event(6, received=99)], reading(7, began=100), Saved.STALE
    ),
    "a reading that began before an event was received, after another reading": Case(
        [reading(4, began=90), event(5, received=101)], reading(5, began=100), Saved.STALE
    ),
    "a reading that began before an event, which another reading has covered": Case(
        [event(5, received=101), reading(6, began=102)], reading(5, began=100), Saved.COVERED
    ),
    "a reading that began together with another": Case(
        [reading(5, began=100)], reading(5, began=100), Saved.SAVED
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_only_what_is_certainly_newer_is_saved(database: Database, case: Case) -> None:
    """A customer, a subscription and an invoice keep or take over what the table says."""
    with database.write() as tx:
        for kind in KINDS:
            for sighting in case.known:
                save_marked(tx, kind, "known", sighting, test_clock=case.known_clock)
        outcomes = {
            kind: save_marked(tx, kind, "arriving", case.arrives, test_clock=case.arriving_clock)
            for kind in KINDS
        }
        left = {kind: marks(tx, kind) for kind in KINDS}
    assert outcomes == dict.fromkeys(KINDS, case.outcome)
    expected = "arriving" if case.outcome is Saved.SAVED else "known"
    assert left == {kind: [expected] for kind in KINDS}
