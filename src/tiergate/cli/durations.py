"""Durations as people type them."""

import re
from datetime import timedelta

from tiergate.rules.errors import TiergateError

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class DurationError(TiergateError):
    """A duration cannot be read."""

    code = "duration_invalid"


def parse_duration(text: str) -> timedelta:
    """Read ``14d``, ``36h``, ``2w`` or ``1d12h``; raises ``DurationError``."""
    parts = re.findall(r"([0-9]+)([mhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise DurationError(
            f"{text!r} is no duration.", "Write a number and m, h, d or w, such as 14d or 36h."
        )
    try:
        return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta(0))
    except (OverflowError, ValueError):
        raise DurationError(f"{text!r} is longer than time itself.", "Go in smaller steps.") from None
