"""Which API versions a caller may name: https://docs.stripe.com/api/versioning.

A version is a date, since September 2024 with the name of its release. What lies between two versions, or is
newer than the newest that the sandbox knows, gets the shapes of the nearest earlier one.
"""

import re
from datetime import date

NEWEST = "2026-10-28.endive"
OLDEST = "2011-01-01"

_RELEASES = (
    ("2024-09-30", "acacia"),
    ("2025-03-31", "basil"),
    ("2025-09-30", "clover"),
    ("2026-03-01", "dahlia"),
    ("2026-09-30", "endive"),
)
_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?", re.ASCII)


def is_api_version(version: str) -> bool:
    """Tell whether a text names a version that Stripe has, or that may come after the newest known one."""
    match = _VERSION.fullmatch(version)
    if match is None or not _is_date(match[1]) or match[1] < OLDEST:
        return False
    begun = [name for since, name in _RELEASES if since <= match[1]]
    if not begun:
        return match[2] is None
    if match[1] > NEWEST[:10]:
        return match[2] is not None
    return match[2] == begun[-1]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
