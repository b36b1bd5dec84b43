"""The decision: may this account use this feature, why, and until when does the answer hold?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import UNLIMITED, Catalog, FeatureKind, FeatureValue
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.timeline import Phase, Timeline
from tiergate.rules.usage import NOTHING_USED, Usage


class Verdict(StrEnum):
    """Why a feature is allowed or refused. The codes are stable."""

    INCLUDED = "included"
    NOT_INCLUDED = "not_included"
    LIMIT_REACHED = "limit_reached"
    READ_ONLY = "read_only"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Offer:
    """The cheapest plan that would allow what was refused."""

    plan: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer about one feature of one account at one instant.

    ``valid_until`` is the instant at which the answer changes if nothing new is heard; ``None`` when
    nothing known will change it. ``limit`` and ``remaining`` are ``None`` where nothing is counted or
    nothing caps it; ``value`` is what the plan says of the feature. ``phase`` is the reason of the
    phase behind the answer, such as ``trialing`` or ``past_due_grace``.
    """

    feature: str
    allowed: bool
    reason: Verdict
    phase: Reason
    plan: str | None
    value: FeatureValue
    limit: int | None
    used: int | None
    remaining: int | None
    valid_until: datetime | None
    offer: Offer | None = None


def decide(timeline: Timeline, feature: str, at: datetime, usage: Usage = NOTHING_USED) -> Decision:
    """Answer whether an account may use a feature at an instant, and until when that holds.

    Raises ``UnknownFeatureError`` when the catalogue has no such feature.
    """
    kind = timeline.catalog.feature(feature).kind
    index = timeline.index_at(at)
    answer = _answer(timeline.phases[index], feature, kind, usage)
    until = _holds_until(timeline, index, feature, kind, usage)
    return Decision(
        feature=feature,
        allowed=answer.allowed,
        reason=answer.reason,
        phase=answer.phase,
        plan=answer.plan,
        value=answer.value,
        limit=answer.limit,
        used=answer.used,
        remaining=None if answer.limit is None or answer.used is None else max(0, answer.limit - answer.used),
        valid_until=None if until == DISTANT_FUTURE else until,
        offer=None if answer.allowed else cheapest_offer(timeline.catalog, feature, usage),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """The part of a decision that two phases may have in common."""

    allowed: bool
    reason: Verdict
    phase: Reason
    plan: str | None
    value: FeatureValue
    limit: int | None
    used: int | None


def _answer(phase: Phase, feature: str, kind: FeatureKind, usage: Usage) -> _Answer:
    value = _best_value(phase, feature)
    limit, used = _counted(value, kind, usage)
    reason = _verdict(phase.access, value, limit, used)
    return _Answer(reason is Verdict.INCLUDED, reason, phase.reason, phase.plan_key, value, limit, used)


def _verdict(access: Access, value: FeatureValue, limit: int | None, used: int | None) -> Verdict:
    if access is Access.BLOCKED:
        return Verdict.BLOCKED
    if value is False or value == 0:
        return Verdict.NOT_INCLUDED
    if access is Access.READ_ONLY:
        return Verdict.READ_ONLY
    if limit is not None and used is not None and used >= limit:
        return Verdict.LIMIT_REACHED
    return Verdict.INCLUDED


def _best_value(phase: Phase, feature: str) -> FeatureValue:
    """Return the best of what the plans behind a phase say; a plan that is silent says no."""
    plans = [span.plan for span in phase.sources if span.plan] or ([phase.plan] if phase.plan else [])
    values = [plan.features.get(feature, False) for plan in plans]
    return max(values, key=generosity, default=False)


def generosity(value: FeatureValue) -> tuple[int, int]:
    """Order the values of a feature: absent, numbers by size, any setting or ``true``, unlimited."""
    if value is False:
        return (0, 0)
    if value == UNLIMITED:
        return (3, 0)
    if value is True or isinstance(value, str):
        return (2, 0)
    return (1, value)


def _counted(value: FeatureValue, kind: FeatureKind, usage: Usage) -> tuple[int | None, int | None]:
    """Return the limit and what is used of it, where a feature is counted at all."""
    if kind not in (FeatureKind.LIMIT, FeatureKind.METERED):
        return None, None
    return _as_limit(value), usage.used


def _as_limit(value: FeatureValue) -> int | None:
    if value == UNLIMITED:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _holds_until(timeline: Timeline, index: int, feature: str, kind: FeatureKind, usage: Usage) -> datetime:
    """Return the end of the last phase in a row that gives the same answer, or the usage's reset."""
    first = _answer(timeline.phases[index], feature, kind, usage)
    while index + 1 < len(timeline.phases):
        if _answer(timeline.phases[index + 1], feature, kind, usage) != first:
            break
        index += 1
    ends_at = timeline.phases[index].ends_at
    return min(ends_at, usage.resets_at) if usage.resets_at else ends_at


def cheapest_offer(catalog: Catalog, feature: str, usage: Usage) -> Offer | None:
    """Return the lowest-ranked paid plan that would allow the feature, or ``None`` if none would."""
    kind = catalog.feature(feature).kind
    for plan in catalog:
        value = plan.features.get(feature, False)
        verdict = _verdict(Access.FULL, value, *_counted(value, kind, usage))
        if not plan.is_free and verdict is Verdict.INCLUDED:
            return Offer(plan.key, plan.name)
    return None
