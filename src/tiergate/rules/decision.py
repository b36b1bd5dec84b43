"""The decision: may this account use this feature, why, and until when does the answer hold?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import UNLIMITED, Catalog, FeatureKind, FeatureValue
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.sold import COUNTED
from tiergate.rules.timeline import Phase, Timeline
from tiergate.rules.usage import NOTHING_USED, UNCOUNTED, Usage


class Verdict(StrEnum):
    """Why a feature is allowed or refused. The codes are stable."""

    INCLUDED = "included"
    NOT_INCLUDED = "not_included"
    LIMIT_REACHED = "limit_reached"
    READ_ONLY = "read_only"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """Nobody can tell: the database does not answer, and the policy ``on_unknown`` decides."""


_READABLE = frozenset([Verdict.LIMIT_REACHED, Verdict.READ_ONLY])


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

    @property
    def is_over_limit(self) -> bool:
        """Whether more is used than the plan allows, as after a downgrade or the end of a trial."""
        return self.limit is not None and self.used is not None and self.used > self.limit

    @property
    def is_readable(self) -> bool:
        """Whether what is there may be looked at, also where nothing may be added or changed.

        So is what the plan allows, what exceeds its limit, and what is read-only. Of a feature that the plan
        lacks that is what was made while there was one; nothing is, where the account is blocked.
        """
        if self.reason is Verdict.NOT_INCLUDED:
            return self.is_over_limit
        return self.allowed or self.reason in _READABLE


def decide(timeline: Timeline, feature: str, at: datetime, usage: Usage = NOTHING_USED) -> Decision:
    """Answer whether an account may use a feature at an instant, and until when that holds.

    A count whose reset has passed is a count of nothing. Raises ``UnknownFeatureError`` when the
    catalogue has no such feature.
    """
    kind = timeline.catalog.feature(feature).kind
    timeline = timeline.of_feature(feature)
    if usage.resets_at is not None and usage.resets_at <= at:
        usage = UNCOUNTED if usage.used is None else NOTHING_USED
    index = timeline.index_at(at)
    answer = _answer(timeline.phases[index], feature, kind, usage)
    reason, phase, plan, value, limit, used = answer
    until = DISTANT_FUTURE
    for later in timeline.phases[index + 1 :]:
        if _answer(later, feature, kind, usage) != answer:
            until = later.starts_at
            break
    if usage.resets_at is not None and usage.used:
        until = min(until, usage.resets_at)
    allowed = reason is Verdict.INCLUDED
    return Decision(
        feature=feature,
        allowed=allowed,
        reason=reason,
        phase=phase,
        plan=plan,
        value=value,
        limit=limit,
        used=used,
        remaining=None if limit is None or used is None else max(0, limit - used),
        valid_until=None if until == DISTANT_FUTURE else until,
        offer=None if allowed else cheapest_offer(timeline.catalog, feature, usage),
    )


def worth_at(timeline: Timeline, feature: str, at: datetime) -> tuple[FeatureValue, Verdict]:
    """Return a feature's value at an instant and whether it can be used, whatever has been used of it.

    The same as ``decide`` says of what nobody counts, at a fraction of its price: not until when that holds,
    nor what is offered instead. Raises ``UnknownFeatureError``.
    """
    kind = timeline.catalog.feature(feature).kind
    answer = _answer(timeline.of_feature(feature).at(at), feature, kind, UNCOUNTED)
    return answer.value, answer.reason


class _Answer(NamedTuple):
    """The part of a decision that two phases may have in common."""

    reason: Verdict
    phase: Reason
    plan: str | None
    value: FeatureValue
    limit: int | None
    used: int | None


def _answer(phase: Phase, feature: str, kind: FeatureKind, usage: Usage) -> _Answer:
    value = phase.features.get(feature, False)
    limit, used = _counted(value, kind, usage)
    reason = _verdict(phase.access, value, limit, used)
    return _Answer(reason, phase.reason, phase.plan_key, value, limit, used)


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


def _counted(value: FeatureValue, kind: FeatureKind, usage: Usage) -> tuple[int | None, int | None]:
    """Return the limit and what is used of it, where a feature is counted at all."""
    return (_as_limit(value), usage.used) if kind in COUNTED else (None, None)


def _as_limit(value: FeatureValue) -> int | None:
    if value == UNLIMITED:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def cheapest_offer(catalog: Catalog, feature: str, usage: Usage) -> Offer | None:
    """Return the lowest-ranked paid plan on offer that would allow the feature, or ``None`` if none would."""
    kind = catalog.feature(feature).kind
    for plan in catalog:
        value = plan.features.get(feature, False)
        verdict = _verdict(Access.FULL, value, *_counted(value, kind, usage))
        if plan.is_public and not plan.is_free and verdict is Verdict.INCLUDED:
            return Offer(plan.key, plan.name)
    return None
