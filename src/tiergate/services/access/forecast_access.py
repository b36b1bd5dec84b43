"""Puts down what is known of an account's access at an instant: what it has, and what is foreseen.

A check answers from what is foreseen, until news comes. So a forecast that is kept says what was answered
between two pieces of news, whether or not anybody was there to write down each boundary as it passed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tiergate.rules.decision import worth_at
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.timeline import Timeline
from tiergate.services.context import Context
from tiergate.store.account_rows import Account
from tiergate.store.phase_rows import RecordedFeature, RecordedPhase

Forecast = Sequence[RecordedPhase]


def forecast_access(
    context: Context, account: Account, timeline: Timeline, at: datetime, cause: str
) -> tuple[RecordedPhase, ...]:
    """Return the phase that holds at an instant, and those that follow if nothing new is heard.

    They are cut wherever something changes, be it for one feature alone.
    """
    starts_at = min(max(_boundary_before(timeline, at), account.signed_up_at), at)
    known = _Known(account.account_id, context.now(), at, cause)
    ahead = ((each, each) for each in timeline.boundaries_after(at))
    return tuple(_recorded(known, timeline, *each) for each in ((starts_at, at), *ahead))


def position_at(forecast: Forecast, at: datetime) -> int:
    """Return where a forecast speaks of an instant: its first phase for all that is before the others."""
    return max(0, sum(phase.starts_at <= at for phase in forecast) - 1)


def was_foreseen(forecast: Forecast, newer: Forecast) -> bool:
    """Whether a forecast says the same as a newer one, from that one's instant on."""
    rest = forecast[position_at(forecast, newer[0].account_at) :]
    return (
        len(rest) == len(newer)
        and all(old.starts_at == new.starts_at for old, new in zip(rest[1:], newer[1:], strict=True))
        and all(old.says_the_same(new) for old, new in zip(rest, newer, strict=True))
    )


class _Known(NamedTuple):
    """What all phases of a forecast have in common: whose they are, since when known, and from what."""

    account_id: str
    known_at: datetime
    account_at: datetime
    cause: str


def _recorded(known: _Known, timeline: Timeline, starts_at: datetime, at: datetime) -> RecordedPhase:
    phase = timeline.at(at)
    return RecordedPhase(
        **known._asdict(),
        starts_at=starts_at,
        ends_at=None if phase.ends_at == DISTANT_FUTURE else phase.ends_at,
        plan_key=phase.plan_key,
        access=str(phase.access),
        reason=str(phase.reason),
        because=str(phase.cause),
        features=_features_at(timeline, at),
    )


def _boundary_before(timeline: Timeline, at: datetime) -> datetime:
    """Return the last instant up to ``at`` at which something changed, for the account or for a feature."""
    timelines = (timeline, *map(timeline.of_feature, timeline.by_feature))
    return max(each.at(at).starts_at for each in timelines)


def _features_at(timeline: Timeline, at: datetime) -> dict[str, RecordedFeature]:
    """Return what every feature is worth at an instant, whatever has been used of it."""
    worth = ((key, *worth_at(timeline, key, at)) for key in timeline.catalog.every_feature)
    return {key: RecordedFeature(value, str(verdict)) for key, value, verdict in worth}
