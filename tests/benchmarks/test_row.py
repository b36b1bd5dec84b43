"""A line of the report: costs and rates, gates and aims."""

import pytest

from benchmarks.row import Row


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("cost", 30.0, 10.0, 3, aim=1.6), "ok, not the aim"),
        (Row("cost", 16.0, 10.0, 3, aim=1.6), "ok"),
        (Row("cost", 30.1, 10.0, 3, aim=1.6), "MISSED"),
        (Row("rate", 35.0, 100.0, 0.35, "/s", aim=0.7), "ok, not the aim"),
        (Row("rate", 70.0, 100.0, 0.35, "/s", aim=0.7), "ok"),
        (Row("rate", 34.9, 100.0, 0.35, "/s", aim=0.7), "MISSED"),
        (Row("none", 0.0, 0.0, 1, ""), "ok"),
        (Row("one too many", 1.0, 0.0, 1, ""), "MISSED"),
        (Row("fast and wrong", 99.0, 100.0, 0.35, "/s", wrong="two events are lost"), "MISSED"),
    ],
    ids=lambda given: given.name if isinstance(given, Row) else given,
)
def test_verdict(row: Row, verdict: str) -> None:
    """Of a cost less is better, of a rate more; what is wrong fails at any speed, a missed aim never."""
    assert row.verdict == verdict
    assert row.passes is (verdict != "MISSED")


def test_what_is_wrong_is_told() -> None:
    """The line of a result that is not right says why."""
    assert "two events are lost" in Row("wrong", 1.0, 1.0, 1, wrong="two events are lost").cells()[-1]
