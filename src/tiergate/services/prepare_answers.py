"""Loads accounts and prepares the answers about them, as they hold now on the time of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from tiergate.rules.catalog import Catalog, FeatureKind
from tiergate.rules.decision import Decision, decide
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Timeline, build_timeline
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import window_at
from tiergate.services.account_time import clock_times
from tiergate.services.context import Context
from tiergate.services.load_catalog import load_catalog
from tiergate.services.outlines import Outline, Outlines
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.load_accounts import load_states, load_usage

Used = Mapping[tuple[str, datetime], int]
"""What an account has used, by feature and start of the window."""


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


def prepare_answers(
    context: Context, tx: Transaction, found: Sequence[Account], outlines: Outlines
) -> dict[str, Answers]:
    """Prepare the answers about accounts that follow each other by id. Raises ``NoPlansError``."""
    catalog = load_catalog(tx)
    states, used = load_states(tx, found), load_usage(tx, found)
    clocks = clock_times(context, tx, found)
    moment = Moment(context.now(), outlines)
    prepared = {}
    for account in found:
        account_id = account.account_id
        answers = moment.answers(
            states[account_id], catalog, used.get(account_id, {}), clocks.get(account_id)
        )
        if account.test_clock is not None and not context.livemode:
            answers = replace(answers, test_clock=account.test_clock)
        prepared[account_id] = answers
    return prepared


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
        )


def _own_decisions(state: AccountState, timeline: Timeline, used: Used, at: datetime) -> dict[str, Decision]:
    """Decide what an account shares with no other: what it has used, and what has a policy of its own."""
    counted = {feature for feature, _ in used}
    own = {}
    for feature in timeline.catalog.features.values():
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
