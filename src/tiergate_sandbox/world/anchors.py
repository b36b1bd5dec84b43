"""The billing cycle anchor that a day of the month (and a time of that day) means.

https://docs.stripe.com/billing/subscriptions/billing-cycle#new-subscriptions
"""

import calendar
from datetime import UTC, datetime
from typing import Any

FIELDS = ("day_of_month", "hour", "minute", "month", "second")


def next_anchor(config: dict[str, Any], now: int) -> int:
    """Return the first instant after ``now`` that fits; a day that a month does not have is its last one.

    Hour, minute and second that are not given are those of ``now``.
    """
    present = datetime.fromtimestamp(now, UTC)
    months = present.year * 12 + present.month - 1
    for ahead in range(25):
        year, month = divmod(months + ahead, 12)
        if config.get("month") not in (None, month + 1):
            continue
        day = min(config["day_of_month"], calendar.monthrange(year, month + 1)[1])
        clock = {
            name: getattr(present, name) if config.get(name) is None else config[name]
            for name in ("hour", "minute", "second")
        }
        at = int(datetime(year, month + 1, day, **clock, tzinfo=UTC).timestamp())
        if at > now:
            return at
    raise ValueError(f"no month fits {config}")
