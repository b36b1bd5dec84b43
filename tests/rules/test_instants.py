"""Instants: UTC-aware or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.rules.builders import at
from tiergate.rules.instants import (
    DISTANT_FUTURE,
    DISTANT_PAST,
    from_unix_seconds,
    isoformat,
    require_aware,
    to_unix_seconds,
)

AUCKLAND = timezone(timedelta(hours=13))
NAIVE = datetime.fromisoformat("2026-03-01T10:00:00")


def test_a_naive_instant_is_refused_with_a_remedy() -> None:
    """An instant without a time zone is an error wherever one enters."""
    with pytest.raises(ValueError, match=r"has no time zone: pass datetime\.now\(UTC\)"):
        require_aware(NAIVE)
    with pytest.raises(ValueError, match="has no time zone"):
        to_unix_seconds(NAIVE)


@pytest.mark.parametrize(
    "edge",
    [datetime.min.replace(tzinfo=AUCKLAND), datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))],
)
def test_an_instant_that_has_no_date_in_utc_is_refused(edge: datetime) -> None:
    """Where the calendar ends in UTC, it ends for all."""
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        require_aware(edge)


def test_the_far_future_leaves_room_for_what_follows_it() -> None:
    """A trial may end as late as it likes: there is an instant after its grace, and it is no error."""
    for seconds in (253_402_300_799, 10**18):
        assert from_unix_seconds(seconds) == at("9000-01-01T00:00:00")
    assert from_unix_seconds(221_845_391_999) == at("8999-12-31T23:59:59")


def test_an_aware_instant_becomes_utc() -> None:
    """The same moment, said in UTC."""
    result = require_aware(datetime(2026, 3, 1, 23, tzinfo=AUCKLAND))
    assert (result, result.tzinfo) == (at("2026-03-01T10:00:00"), UTC)


def test_unix_seconds_there_and_back() -> None:
    """Stripe's seconds become an instant in UTC, and back."""
    assert from_unix_seconds(1_772_359_200) == at("2026-03-01T10:00:00")
    assert to_unix_seconds(at("2026-03-01T10:00:00")) == 1_772_359_200
    assert to_unix_seconds(at("2026-03-01T10:00:00.999999")) == 1_772_359_200
    assert to_unix_seconds(datetime(2026, 3, 1, 23, tzinfo=AUCKLAND)) == 1_772_359_200


def test_no_instant_stays_none() -> None:
    """A field that Stripe leaves empty stays empty; the epoch is not empty."""
    assert from_unix_seconds(None) is None
    assert from_unix_seconds(0) == at("1970-01-01T00:00:00")


def test_an_instant_is_written_with_a_z() -> None:
    """Instants are written in ISO 8601 with Z."""
    assert isoformat(at("2026-03-01T10:00:01")) == "2026-03-01T10:00:01Z"


@pytest.mark.parametrize("sentinel", [DISTANT_PAST, DISTANT_FUTURE])
def test_for_ever_has_no_date(sentinel: datetime) -> None:
    """The ends of time are not dates that anybody should read."""
    assert isoformat(sentinel) is None
