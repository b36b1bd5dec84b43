"""Recalls what held at a past instant, from what was recorded at the time and what was learned since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.access import Reason
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

    News counts from the moment at which it came. A boundary that was foreseen took effect by itself, however
    much later somebody wrote it down.
    """
    known_then = 0
    for before, phase in zip([None, *recorded], recorded, strict=False):
        if _took_effect_at(phase, before) > at:
            break
        known_then += 1
    held = recorded[known_then - 1] if known_then else None
    later = (phase for phase in recorded[known_then:] if _covers(phase, at))
    return Recalled(held, tuple(phase for phase in later if held is None or not _is_same(phase, held)))


def _took_effect_at(phase: RecordedPhase, before: RecordedPhase | None) -> datetime:
    if before is None or before.ends_at == phase.starts_at or phase.reason == Reason.UNKNOWN:
        return phase.starts_at
    return phase.account_at


def _is_same(one: RecordedPhase, other: RecordedPhase) -> bool:
    return (one.plan_key, one.access, one.features) == (other.plan_key, other.access, other.features)


def _covers(phase: RecordedPhase, at: datetime) -> bool:
    return phase.starts_at <= at and (phase.ends_at is None or at < phase.ends_at)
