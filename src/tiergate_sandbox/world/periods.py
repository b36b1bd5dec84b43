"""Billing periods: whole intervals counted from an anchor, so that a short month never moves the later ones.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

import calendar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

_FIXED_SECONDS = {"day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "year": 12}


class Interval(NamedTuple):
    """A price's billing interval, such as (``month``, 3)."""

    unit: str
    length: int

    @classmethod
    def of(cls, price: dict[str, Any]) -> "Interval":
        """Read the interval of a recurring price."""
        return cls(price["recurring"]["interval"], price["recurring"]["interval_count"])


@lru_cache(maxsize=4096)
def boundary(anchor: int, interval: Interval, number: int) -> int:
    """Return the instant ``number`` intervals after the anchor; January 31 plus one month is February's last
    day.
    """
    fixed = _FIXED_SECONDS.get(interval.unit)
    if fixed is not None:
        return anchor + number * interval.length * fixed
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + number * interval.length * _MONTHS[interval.unit]
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def period_at(anchor: int, interval: Interval, at: int) -> tuple[int, int]:
    """Return the period ``[start, end)`` that contains ``at``."""
    number = (at - anchor) // _longest_seconds(interval)
    while boundary(anchor, interval, number + 1) <= at:
        number += 1
    while boundary(anchor, interval, number) > at:
        number -= 1
    return boundary(anchor, interval, number), boundary(anchor, interval, number + 1)


def _longest_seconds(interval: Interval) -> int:
    days = {"day": 1, "week": 7, "month": 31, "year": 366}[interval.unit]
    return days * interval.length * 86_400
