"""Periods, shares and the heap of timers, on their own."""

import pytest

from tests.sandbox.world.script import at
from tiergate_sandbox.world.events import previous_attributes
from tiergate_sandbox.world.periods import Interval, boundary, period_at
from tiergate_sandbox.world.rounding import line_amount, share
from tiergate_sandbox.world.timers import Timers
from tiergate_sandbox.world.wording import money


@pytest.mark.parametrize(
    ("anchor", "interval", "number", "expected"),
    [
        ("2026-01-31T10:00:00", Interval("month", 1), 1, "2026-02-28T10:00:00"),
        ("2026-01-31T10:00:00", Interval("month", 1), 2, "2026-03-31T10:00:00"),
        ("2026-01-31T10:00:00", Interval("month", 1), -1, "2025-12-31T10:00:00"),
        ("2026-03-31T10:00:00", Interval("month", 1), -1, "2026-02-28T10:00:00"),
        ("2026-10-31T10:00:00", Interval("month", 3), 1, "2027-01-31T10:00:00"),
        ("2028-02-29T10:00:00", Interval("year", 1), 1, "2029-02-28T10:00:00"),
        ("2028-02-29T10:00:00", Interval("year", 1), 4, "2032-02-29T10:00:00"),
        ("2026-01-31T10:00:00", Interval("week", 2), 1, "2026-02-14T10:00:00"),
        ("2026-01-31T10:00:00", Interval("day", 1), -1, "2026-01-30T10:00:00"),
    ],
)
def test_boundaries(anchor: str, interval: Interval, number: int, expected: str) -> None:
    """Months are counted from the anchor and clamped to the month's length; days and weeks are fixed."""
    assert boundary(at(anchor), interval, number) == at(expected)


@pytest.mark.parametrize(
    "interval", [Interval("month", 1), Interval("year", 1), Interval("week", 1), Interval("month", 5)]
)
@pytest.mark.parametrize("anchor", ["2024-02-29T23:59:59", "2026-01-31T00:00:00", "2027-12-15T12:00:00"])
def test_an_instant_lies_in_its_period(interval: Interval, anchor: str) -> None:
    """period_at gives the half-open period around any instant, before and after the anchor."""
    for days in range(-1500, 1500, 7):
        instant = at("2026-06-30T12:34:56") + days * 86_400
        start, end = period_at(at(anchor), interval, instant)
        assert start <= instant < end
        assert period_at(at(anchor), interval, start) == (start, end)
        assert period_at(at(anchor), interval, end)[0] == end


@pytest.mark.parametrize(
    ("amount", "part", "whole", "expected"),
    [(1, 1, 2, 1), (3, 1, 2, 2), (1, 49, 100, 0), (2500, 2_591_996, 2_592_000, 2500), (0, 1, 3, 0)],
)
def test_shares_are_rounded_half_up(amount: int, part: int, whole: int, expected: int) -> None:
    """Half a cent is rounded up."""
    assert share(amount, part, whole) == expected


@pytest.mark.parametrize(("exact", "quantity", "expected"), [("0.5", 1, 1), ("0.35", 10, 4), ("1.2", 7, 8)])
def test_exact_prices_are_multiplied_first(exact: str, quantity: int, expected: int) -> None:
    """The product of exact price and quantity is rounded, not the price."""
    price = {"unit_amount": None, "unit_amount_decimal": exact, "tiers_mode": None}
    assert line_amount({**price, "transform_quantity": None}, quantity) == expected


def test_timers_come_in_order() -> None:
    """By due time, then by the order of creation; moved and dropped ones do not come at all."""
    timers = Timers()
    for number, (name, due_at) in enumerate(
        [("late", 30), ("second", 20), ("first", 10), ("also", 20), ("gone", 5)]
    ):
        timers.wish("obj", name, due_at, number)
    timers.wish("obj", "gone", None, 9)
    timers.wish("obj", "late", 15, 10)
    assert timers.next_due_at() == 10
    popped = [timer.name for _ in range(5) if (timer := timers.pop(20))]
    assert popped == ["first", "late", "second", "also"]
    assert timers.pop(20) is None


def test_previous_attributes() -> None:
    """Only changed keys, old values; of hashes the changed keys, of arrays the whole."""
    before = {"a": 1, "same": 2, "hash": {"x": 1, "y": 2}, "list": [1, 2], "metadata": {"old": "1"}, "_": 1}
    after = {"a": 2, "same": 2, "hash": {"x": 1, "y": 3}, "list": [1], "metadata": {"new": "2"}, "_": 2}
    assert previous_attributes(before, after) == {
        "a": 1,
        "hash": {"y": 2},
        "list": [1, 2],
        "metadata": {"old": "1", "new": None},
    }


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(250000, "usd", "$2,500.00"), (5, "eur", "€0.05"), (1200, "jpy", "¥1,200"), (990, "chf", "CHF 9.90")],
)
def test_money_in_words(amount: int, currency: str, text: str) -> None:
    """Amounts on lines are written as the currency is."""
    assert money(amount, currency) == text
