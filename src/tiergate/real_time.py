"""Real time: the only place where the machine's clock is read.

It governs signatures, retries, leases and back-off. What customers experience is the account's time, which
``tiergate.services.account_time`` knows.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

UnixClock = Callable[[], float]
"""Reads real time in seconds since 1970."""


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def unix_clock(read: Callable[[], datetime]) -> UnixClock:
    """Return the clock that shows what ``read`` shows, in seconds since 1970: twice as quick to read."""
    return time.time if read is now else lambda: read().timestamp()
