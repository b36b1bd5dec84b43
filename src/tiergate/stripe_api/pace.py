"""The pace of bulk reading: as fast as Stripe's rate limit allows, and never faster."""

import threading
import time
from collections.abc import Callable

LIVE_READS_PER_SECOND = 80.0
TEST_READS_PER_SECOND = 20.0
"""Four fifths of what Stripe allows, so that customers' requests find room beside the bulk.

Source: https://docs.stripe.com/rate-limits
"""


class Pace:
    """Lets callers through at regular intervals; safe to share between threads."""

    def __init__(
        self,
        per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Let ``per_second`` callers through each second."""
        self._interval_seconds = 1 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._next_at = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            now = self._monotonic()
            turn_at = max(self._next_at, now)
            self._next_at = turn_at + self._interval_seconds
        if turn_at > now:
            self._sleep(turn_at - now)


def no_hurry() -> None:
    """Let everybody through at once: where no limit is set."""
