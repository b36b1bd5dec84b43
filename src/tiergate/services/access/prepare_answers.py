"""Reads accounts, and prepares the answers about them as they hold now on the time of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import ClassVar

from tiergate.rules.catalog import Catalog, FeatureKind
from tiergate.rules.decision import Decision, decide
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Timeline, build_timeline
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import window_at
from tiergate.services.access.outlines import Outline, Outlines
from tiergate.services.account_time import clock_times
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.load_accounts import FOR_ANSWERS, Stub, Used


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers about one account.

    ``until`` and ``known_at`` are seconds of real time since 1970: when the first answer changes if nothing
    new is heard, and when all this was read. On a test clock nothing changes before the clock is heard of.
    """

    until: float
    known_at: float
    allowed: Mapping[str, bool]
    decisions: dict[str, Decision]
    """Those that are this account's alone, and those that were asked for."""
    outline: Outline
    boundaries: tuple[datetime, ...]
    """When the phases to come begin."""
    test_clock: str | None = None
    apart: frozenset[str] = frozenset()
    """The features whose phases are others than those of the outline."""

    @property
    def catalog(self) -> Catalog:
        """The catalogue that the answers rest on."""
        return self.outline.catalog

    def decision(self, feature: str) -> Decision:
        """Return the answer about a feature. Raises ``UnknownFeatureError``."""
        decision = self.decisions.get(feature)
        if decision is None:
            self.catalog.feature(feature)
            decision = self.outline.decisions[feature]
            if feature in self.outline.ends:
                decision = replace(decision, valid_until=self.boundaries[self.outline.ends[feature]])
            self.decisions[feature] = decision
        return decision

    def decision_at(self, feature: str, at: datetime) -> Decision:
        """Return the answer at a later instant of real time, as far as memory tells: else one that is over.

        What was used counts on, also where a new window may have begun. Raises ``UnknownFeatureError``.
        """
        decision = self.decision(feature)
        if self.test_clock is not None:
            return replace(decision, valid_until=None)
        holds = decision.valid_until is None or at < decision.valid_until
        if holds or feature in self.apart:
            return decision
        starts, ends = (DISTANT_PAST, *self.boundaries), (*self.boundaries, DISTANT_FUTURE)
        phases = (
            replace(phase, starts_at=starts_at, ends_at=ends_at)
            for phase, starts_at, ends_at in zip(self.outline.phases, starts, ends, strict=True)
        )
        return decide(Timeline("", self.catalog, tuple(phases)), feature, at, Usage(decision.used))


@dataclass(frozen=True, slots=True)
class Unprepared:
    """An account as it was read, whose answers nobody has asked for yet. What it says holds for no time."""

    until: ClassVar[float] = -inf
    allowed: ClassVar[Mapping[str, bool]] = {}
    decisions: ClassVar[Mapping[str, Decision]] = {}

    packed: bytes
    known_at: float
    catalog: Catalog
    clock_at: datetime | None
    test_clock: str | None

    def prepare(self, context: Context, outlines: Outlines) -> Answers:
        """Prepare the answers as they hold now; the database is not asked."""
        state, used = FOR_ANSWERS.unpack(context.database.engine.dialect, self.packed)
        moment = Moment(context.now(), outlines)
        answers = moment.answers(state, self.catalog, used, self.clock_at)
        return replace(answers, known_at=self.known_at, test_clock=self.test_clock)


def read_accounts(
    context: Context, tx: Transaction, found: Sequence[Account | Stub]
) -> dict[str, Unprepared]:
    """Read all that the answers about accounts rest on; these follow each other by id.

    Raises ``NoPlansError``.
    """
    catalog, clocks = load_catalog(tx), clock_times(context, tx, found)
    packed, known_at = FOR_ANSWERS.load(tx, found), context.now().timestamp()
    return {
        account.account_id: Unprepared(
            packed[account.account_id],
            known_at,
            catalog,
            clocks.get(account.account_id),
            None if context.livemode else account.test_clock,
        )
        for account in found
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant of real time at which accounts are looked at."""

    now: datetime
    outlines: Outlines

    def answers(
        self, state: AccountState, catalog: Catalog, used: Used, clock_at: datetime | None = None
    ) -> Answers:
        """Prepare the answers about an account; ``clock_at`` is its time where it lives on a test clock."""
        at = clock_at or self.now
        timeline = build_timeline(state, catalog)
        outline = self.outlines.find(timeline, at)
        own = _own_decisions(state, timeline, used, at)
        boundaries = tuple(phase.starts_at for phase in timeline.phases if phase.starts_at > at)
        return Answers(
            until=inf if clock_at else _first_change(outline, boundaries, own),
            known_at=self.now.timestamp(),
            allowed=_allowed(outline, own),
            decisions=own,
            outline=outline,
            boundaries=boundaries,
            apart=frozenset(timeline.by_feature),
        )


def _own_decisions(state: AccountState, timeline: Timeline, used: Used, at: datetime) -> dict[str, Decision]:
    """Decide what an account shares with no other: what it has used, and what has a policy of its own."""
    counted = {feature for feature, _ in used}
    own = {}
    for feature in timeline.catalog.every_feature.values():
        if feature.kind is FeatureKind.METERED or feature.key in counted:
            own[feature.key] = decide(
                timeline, feature.key, at, _usage(state, timeline, feature.key, used, at)
            )
        elif feature.key in timeline.by_feature:
            own[feature.key] = decide(timeline, feature.key, at)
    return own


def _usage(state: AccountState, timeline: Timeline, feature: str, used: Used, at: datetime) -> Usage:
    window = window_at(state, timeline, feature, at)
    resets_at = None if window.ends_at == DISTANT_FUTURE else window.ends_at
    return Usage(used.get((feature, window.starts_at), 0), resets_at)


def _allowed(outline: Outline, own: Mapping[str, Decision]) -> Mapping[str, bool]:
    differing = {
        feature: decision.allowed
        for feature, decision in own.items()
        if decision.allowed is not outline.allowed[feature]
    }
    return {**outline.allowed, **differing} if differing else outline.allowed


def _first_change(outline: Outline, boundaries: Sequence[datetime], own: Mapping[str, Decision]) -> float:
    changes = [decision.valid_until for decision in own.values() if decision.valid_until is not None]
    if outline.first_end is not None:
        changes.append(boundaries[outline.first_end])
    return min(changes).timestamp() if changes else inf
