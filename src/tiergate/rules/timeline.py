"""The timeline: what an account has at every instant, from all that is mirrored of it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from tiergate.rules.access import Access, Cause, Reason
from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, require_aware
from tiergate.rules.policy import Afterwards
from tiergate.rules.state import AccountState, Subscription
from tiergate.rules.subscription_spans import Span, Strength, spans_of


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
    """Every live span behind the phase, the biggest plan first: each feature is the best of them."""

    @property
    def plan_key(self) -> str | None:
        """The plan's key, ``None`` where there is no plan at all."""
        return self.plan.key if self.plan else None

    def says_the_same(self, other: "Phase") -> bool:
        """Whether two phases differ in nothing but their boundaries."""
        return self._meaning() == other._meaning()

    def _meaning(self) -> tuple[object, ...]:
        sources = tuple((span.plan, span.reason, span.cause) for span in self.sources)
        return (self.plan, self.access, self.reason, self.cause, sources)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Phases that cover all of time without gap or overlap, in order."""

    account_id: str
    catalog: Catalog
    phases: tuple[Phase, ...]

    def index_at(self, at: datetime) -> int:
        """Return the position of the phase that holds at an instant."""
        return bisect_right(self.phases, require_aware(at), key=lambda phase: phase.starts_at) - 1

    def at(self, at: datetime) -> Phase:
        """Return the phase that holds at an instant."""
        return self.phases[self.index_at(at)]

    def boundaries_after(self, at: datetime) -> tuple[datetime, ...]:
        """Return the instants after ``at`` at which something changes."""
        return tuple(phase.starts_at for phase in self.phases if phase.starts_at > at)


def build_timeline(state: AccountState, catalog: Catalog) -> Timeline:
    """Work out what an account may do, for all of time, from what is mirrored now.

    The future holds for as long as Stripe says nothing new. The past is what today's facts imply; what
    was believed then is in the journal.
    """
    spans = [
        span
        for subscription in state.subscriptions
        for span in spans_of(subscription, _plan_of(subscription, catalog), state)
    ]
    edges = sorted({DISTANT_PAST, DISTANT_FUTURE, *_edges(spans)})
    phases = [
        _phase(
            starts_at,
            ends_at,
            [span for span in spans if span.starts_at <= starts_at < span.ends_at],
            catalog,
        )
        for starts_at, ends_at in pairwise(edges)
    ]
    return Timeline(state.account_id, catalog, _joined(phases))


def _plan_of(subscription: Subscription, catalog: Catalog) -> Plan | None:
    return catalog.plans.get(subscription.plan_key) if subscription.plan_key else None


def _edges(spans: Iterable[Span]) -> Iterable[datetime]:
    for span in spans:
        yield span.starts_at
        yield span.ends_at


def _phase(starts_at: datetime, ends_at: datetime, spans: Sequence[Span], catalog: Catalog) -> Phase:
    if not spans:
        plan, access = _floor(catalog)
        return Phase(starts_at, ends_at, plan, access, Reason.NO_SUBSCRIPTION, Cause())
    spans = sorted(spans, key=_voice, reverse=True)
    voice = spans[0]
    if voice.strength is Strength.LIVE:
        live = tuple(span for span in spans if span.strength is Strength.LIVE)
        return Phase(starts_at, ends_at, voice.plan, Access.FULL, voice.reason, voice.cause, live)
    plan, access = _afterwards(voice, catalog)
    return Phase(starts_at, ends_at, plan, access, voice.reason, voice.cause)


def _voice(span: Span) -> tuple[int, int, datetime, str]:
    """Order spans by who speaks for the account: live before ended, the bigger plan, the newest."""
    rank = span.plan.rank if span.plan and span.strength is Strength.LIVE else 0
    return (span.strength, rank, span.starts_at, span.cause.object_id or "")


def _floor(catalog: Catalog) -> tuple[Plan | None, Access]:
    plan = catalog.free_plan
    return plan, Access.FULL if plan else Access.BLOCKED


def _afterwards(span: Span, catalog: Catalog) -> tuple[Plan | None, Access]:
    if span.afterwards is Afterwards.READ_ONLY:
        return span.plan, Access.READ_ONLY
    if span.afterwards is Afterwards.BLOCKED:
        return None, Access.BLOCKED
    return _floor(catalog)


def _joined(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """Join neighbours that say the same, so that every boundary is a change."""
    joined: list[Phase] = []
    for phase in phases:
        if joined and joined[-1].says_the_same(phase):
            joined[-1] = replace(joined[-1], ends_at=phase.ends_at)
        else:
            joined.append(phase)
    return tuple(joined)
