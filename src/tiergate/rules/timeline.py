"""The timeline: what an account has at every instant, from all that is mirrored of it and given to it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from tiergate.rules.access import Access, Cause, Reason
from tiergate.rules.catalog import Catalog, FeatureValue, Plan
from tiergate.rules.effective_features import effective_features
from tiergate.rules.grant_spans import grant_spans
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, require_aware
from tiergate.rules.policy import Afterwards, FeaturePolicy
from tiergate.rules.sold import Part
from tiergate.rules.span import Span, Strength
from tiergate.rules.state import AccountState, Grant, GrantKind
from tiergate.rules.subscription_spans import spans_of

_GIVING = frozenset([Strength.LIVE, Strength.ADDS])
_NOTHING = Cause()
_ON_TOP = frozenset([GrantKind.ADD_ON, GrantKind.OVERRIDE])


@dataclass(frozen=True, slots=True)
class Phase:
    """What holds in ``[starts_at, ends_at)``: a plan, how much of it, why, and the fact that caused it."""

    starts_at: datetime
    ends_at: datetime
    plan: Plan | None
    access: Access
    reason: Reason
    cause: Cause
    sources: tuple[Span, ...] = ()
    """Everything that gives something now: plans, the biggest first, then add-ons."""
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    """The value of every feature, from all that is behind the phase; to look at where it is read-only."""
    grant_ids: tuple[str, ...] = ()
    """The grants that add to the features or set them."""

    @property
    def plan_key(self) -> str | None:
        """The plan's key, ``None`` where there is no plan at all."""
        return self.plan.key if self.plan else None

    def says_the_same(self, other: "Phase") -> bool:
        """Whether two phases differ in nothing but their boundaries."""
        return (
            self.reason is other.reason
            and self.access is other.access
            and self.cause == other.cause
            and self.plan_key == other.plan_key
            and self.features == other.features
            and self.grant_ids == other.grant_ids
            and [_said(span) for span in self.sources] == [_said(span) for span in other.sources]
        )


def _said(span: Span) -> tuple[object, ...]:
    return (span.reason, span.cause, span.sold)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Phases that cover all of time without gap or overlap, in order."""

    account_id: str
    catalog: Catalog
    phases: tuple[Phase, ...]
    by_feature: Mapping[str, tuple[Phase, ...]] = field(default_factory=dict)
    """The phases of each feature whose own policy makes them differ; they too cover all of time."""

    def of_feature(self, feature: str) -> "Timeline":
        """Return the timeline as it stands for one feature: this one, save where its policy differs."""
        own = self.by_feature.get(feature)
        return self if own is None else Timeline(self.account_id, self.catalog, own)

    def index_at(self, at: datetime) -> int:
        """Return the position of the phase that holds at an instant."""
        return bisect_right(self.phases, require_aware(at), key=lambda phase: phase.starts_at) - 1

    def at(self, at: datetime) -> Phase:
        """Return the phase that holds at an instant."""
        return self.phases[self.index_at(at)]

    def boundaries_after(self, at: datetime) -> tuple[datetime, ...]:
        """Return the instants after ``at`` at which something changes, be it for one feature alone."""
        every = (self.phases, *self.by_feature.values())
        found = {phase.starts_at for phases in every for phase in phases if phase.starts_at > at}
        return tuple(sorted(found))


def build_timeline(state: AccountState, catalog: Catalog) -> Timeline:
    """Work out what an account may do, for all of time, from what is mirrored now.

    The future holds for as long as Stripe says nothing new. The past is what today's facts imply; what
    was believed then is in the journal.
    """
    spans = _spans(state, catalog)
    phases = _phases(spans, state, catalog)
    return Timeline(state.account_id, catalog, phases, _by_feature(spans, phases, state, catalog))


def _by_feature(
    spans: Sequence[Span], phases: tuple[Phase, ...], state: AccountState, catalog: Catalog
) -> Mapping[str, tuple[Phase, ...]]:
    """Return the phases of each feature that is treated apart; features treated alike share theirs."""
    free_plan = catalog.as_sold(state.catalog_version).free_plan
    policies = [plan.policy for span in spans if span.sold and (plan := span.sold.plan or free_plan)]
    by_treatment: dict[tuple[FeaturePolicy | None, ...], tuple[Phase, ...]] = {}
    found = {}
    for feature in sorted({feature for policy in policies for feature in policy.features}):
        treatment = tuple([policy.features.get(feature) for policy in policies])
        if treatment not in by_treatment:
            own = _spans(state, catalog, feature)
            by_treatment[treatment] = phases if own == spans else _phases(own, state, catalog)
        if by_treatment[treatment] != phases:
            found[feature] = by_treatment[treatment]
    return found


def _spans(state: AccountState, catalog: Catalog, feature: str | None = None) -> list[Span]:
    spans = [
        span
        for subscription in state.subscriptions
        for span in spans_of(subscription, state, catalog, feature)
    ]
    return [*spans, *grant_spans(state, catalog)] if state.grants else spans


def _phases(spans: Sequence[Span], state: AccountState, catalog: Catalog) -> tuple[Phase, ...]:
    grants = [grant for grant in state.grants if grant.kind in _ON_TOP]
    grants.sort(key=lambda grant: (grant.starts_at, grant.id))
    ground = _Ground(catalog, catalog.as_sold(state.catalog_version).free_plan, state.catalog_version)
    edges = {DISTANT_PAST, DISTANT_FUTURE}
    intervals: list[Span | Grant] = [*spans, *grants]
    for each in intervals:
        edges.add(each.starts_at)
        edges.add(each.ends_at or DISTANT_FUTURE)
    phases = []
    for starts_at, ends_at in pairwise(sorted(edges)):
        present = [span for span in spans if span.starts_at <= starts_at < span.ends_at]
        if len(present) > 1:
            present.sort(key=lambda span: span.voice, reverse=True)
        given = [
            grant for grant in grants if grant.starts_at <= starts_at < (grant.ends_at or DISTANT_FUTURE)
        ]
        phases.append(ground.phase(starts_at, ends_at, present, given))
    return _joined(phases)


class _Ground:
    """What an account stands on: the catalogue, and the free plan that it signed up under."""

    def __init__(self, catalog: Catalog, free_plan: Plan | None, version: int | None) -> None:
        self._catalog = catalog
        self._free_plan = free_plan
        self._floor: tuple[Part, ...] = (Part("plan", free_plan.key, 1, version),) if free_plan else ()

    def phase(self, starts_at: datetime, ends_at: datetime, spans: list[Span], grants: list[Grant]) -> Phase:
        """Say what holds in an interval, from the spans in it by voice and the grants on top of them."""
        voice = spans[0] if spans else None
        reason, cause = (voice.reason, voice.cause) if voice else (Reason.NO_SUBSCRIPTION, _NOTHING)
        sources = tuple([span for span in spans if span.strength in _GIVING])
        plan, access, parts = self._free_plan, Access.FULL, self._floor
        if sources:
            parts = (*[part for span in sources if span.sold for part in span.sold.parts], *parts)
        if voice and voice.sold and voice.strength is Strength.LIVE:
            plan = voice.sold.plan
        elif voice and voice.sold and voice.strength is Strength.ENDED:
            if voice.afterwards is Afterwards.READ_ONLY:
                plan, access, parts, sources = voice.sold.plan, Access.READ_ONLY, voice.sold.parts, ()
            elif voice.afterwards is Afterwards.BLOCKED:
                plan, access, parts, sources, grants = None, Access.BLOCKED, (), (), []
        if access is Access.FULL and not parts and not grants:
            access = Access.BLOCKED
        features = effective_features(parts, grants, self._catalog)
        grant_ids = tuple([grant.id for grant in grants])
        return Phase(starts_at, ends_at, plan, access, reason, cause, sources, features, grant_ids)


def _joined(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """Join neighbours that say the same, so that every boundary is a change."""
    joined: list[Phase] = []
    for phase in phases:
        if joined and joined[-1].says_the_same(phase):
            joined[-1] = replace(joined[-1], ends_at=phase.ends_at)
        else:
            joined.append(phase)
    return tuple(joined)
