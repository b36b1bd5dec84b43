"""How long something that failed waits before it is tried again, in real time."""

from datetime import timedelta

MOST_ATTEMPTS = 20
"""About three and a half days, as long as Stripe itself would try."""

_LONGEST_WAIT = timedelta(hours=6)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: seconds first, then hours."""
    return min(timedelta(seconds=5 * 4 ** min(max(attempts - 1, 0), 8)), _LONGEST_WAIT)
