"""Instants and half-open intervals: UTC-aware, with two sentinels for "always" and "for ever"."""

from datetime import UTC, datetime

DISTANT_PAST = datetime.min.replace(tzinfo=UTC)
"""Starts the first phase of every timeline: before anything happened."""

DISTANT_FUTURE = datetime.max.replace(tzinfo=UTC)
"""Ends the last phase of every timeline: nothing known will change it."""


def require_aware(at: datetime) -> datetime:
    """Return ``at`` in UTC; raise ``ValueError`` for an instant without a time zone.

    A naive instant is read in whatever zone the machine happens to have, which shifts trials and
    renewals by hours; it is refused where it enters.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone: pass datetime.now(UTC) or another UTC-aware instant.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{at} lies outside the years 1 to 9999 in UTC.") from None


def to_unix_seconds(at: datetime) -> int:
    """Turn an instant into unix seconds, dropping the fraction."""
    return int(require_aware(at).timestamp())


_FAR_FUTURE_SECONDS = to_unix_seconds(datetime(9000, 1, 1, tzinfo=UTC))


def from_unix_seconds(seconds: int | None) -> datetime | None:
    """Turn Stripe's unix seconds into an instant; ``None`` stays ``None``.

    What lies beyond the year 9000 becomes its beginning: so there is room for every grace that follows it.
    """
    return None if seconds is None else datetime.fromtimestamp(min(seconds, _FAR_FUTURE_SECONDS), UTC)


def isoformat(at: datetime) -> str | None:
    """Render an instant for people and JSON; the sentinels have no date and become ``None``."""
    if at in (DISTANT_PAST, DISTANT_FUTURE):
        return None
    return at.isoformat().replace("+00:00", "Z")
