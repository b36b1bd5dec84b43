"""Real time: the only place where the machine's clock is read.

It governs signatures, retries, leases and back-off. What customers experience is the account's time, which
``tiergate.services.account_time`` knows.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)
