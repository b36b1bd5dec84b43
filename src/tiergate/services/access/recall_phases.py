"""Recalls what held at a past instant, from what was recorded at the time and what was learned since."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.services.access.forecast_access import position_at
from tiergate.store.phase_rows import RecordedPhase


@dataclass(frozen=True, slots=True)
class Recalled:
    """What held at an instant of the account's time, as it was known then; and what is known better since."""

    held: RecordedPhase | None
    """``None`` for an instant before anything was recorded."""
    learned_later: tuple[RecordedPhase, ...]
    """What news that came after the instant says of it, where that is something else."""


def recall(recorded: Sequence[RecordedPhase], at: datetime) -> Recalled:
    """Return what held at an instant, given all that was recorded of an account in the order it became known.

    News counts from the moment at which it came. From then on that held which was foreseen with it, until
    the next news.
    """
    forecasts = list(_forecasts(recorded))
    known_then = 0
    for forecast in forecasts:
        if _took_effect_at(forecast, is_first=known_then == 0) > at:
            break
        known_then += 1
    said = [forecast[position_at(forecast, at)] for forecast in forecasts[:known_then]]
    later = (forecast[0] for forecast in forecasts[known_then:] if _covers(forecast[0], at))
    held = _since_known(said)
    return Recalled(held, tuple(_differing(held, later)))


def _forecasts(recorded: Sequence[RecordedPhase]) -> Iterator[list[RecordedPhase]]:
    forecast: list[RecordedPhase] = []
    for phase in recorded:
        if forecast and not phase.is_foreseen:
            yield forecast
            forecast = []
        forecast.append(phase)
    if forecast:
        yield forecast


def _took_effect_at(forecast: Sequence[RecordedPhase], *, is_first: bool) -> datetime:
    return forecast[0].starts_at if is_first else forecast[0].account_at


def _since_known(said: Sequence[RecordedPhase]) -> RecordedPhase | None:
    """Return what was said last of an instant, as it was said first: a repetition is no news."""
    held = None
    for phase in reversed(said):
        if held and not (phase.starts_at == held.starts_at and phase.says_the_same(held)):
            break
        held = phase
    return held


def _differing(held: RecordedPhase | None, later: Iterable[RecordedPhase]) -> Iterator[RecordedPhase]:
    for phase in later:
        if held is None or not _is_same(phase, held):
            yield phase
        held = phase


def _is_same(one: RecordedPhase, other: RecordedPhase) -> bool:
    return (one.plan_key, one.access, one.features) == (other.plan_key, other.access, other.features)


def _covers(phase: RecordedPhase, at: datetime) -> bool:
    return phase.starts_at <= at and (phase.ends_at is None or at < phase.ends_at)
