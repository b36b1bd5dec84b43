"""The pace of bulk reading."""

from itertools import pairwise

import pytest

from tiergate.stripe_api.pace import Pace, no_hurry


class Time:
    """A clock that moves when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Read it."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        self.now += seconds


def test_calls_go_exactly_at_the_rate() -> None:
    """Callers that could go faster are let through at equal distances, the first at once."""
    time = Time()
    pace = Pace(20, time.monotonic, time.sleep)
    passed = []
    for _ in range(50):
        pace()
        passed.append(time.now)
    assert passed[0] == 100.0
    assert [later - earlier for earlier, later in pairwise(passed)] == pytest.approx([0.05] * 49)


def test_who_is_slower_never_waits() -> None:
    """A caller slower than the rate is never held up, and saves nothing up for a burst."""
    time = Time()
    pace = Pace(10, time.monotonic, time.sleep)
    for _ in range(3):
        pace()
        time.now += 5
    before = time.now
    pace()
    assert time.now == before
    pace()
    assert time.now == pytest.approx(before + 0.1)


def test_without_a_limit_nobody_waits() -> None:
    """Where no limit is set every caller goes at once."""
    assert no_hurry() is None  # type: ignore[func-returns-value]  # that it returns is all it does
