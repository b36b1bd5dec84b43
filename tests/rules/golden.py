"""The form of the golden tables: a situation, and what the account has until when, for all of time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.rules.builders import at, catalog
from tiergate.rules.decision import Decision, decide
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.policy import Policy
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Phase, Timeline, build_timeline

ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Row:
    """What holds up to an instant: access, plan (``-`` for none) and reason."""

    until: datetime
    answer: str


@dataclass(frozen=True)
class Situation:
    """One line of the specification: the facts, the policy, and every phase that follows from them."""

    name: str
    state: AccountState
    rows: tuple[Row, ...]
    policy: Policy = field(default_factory=Policy)
    free_plan: bool = True

    def __str__(self) -> str:
        """Name the test case."""
        return self.name

    def timeline(self) -> Timeline:
        """Ask the rules."""
        return build_timeline(self.state, catalog(self.policy, free_plan=self.free_plan))


def situation(
    name: str,
    state: AccountState,
    *rows: Row,
    policy: Policy | None = None,
    free_plan: bool = True,
) -> Situation:
    """Write one line of the specification; its rows cover all of time, the last one lasts for ever."""
    return Situation(name, state, rows, policy or Policy(), free_plan)


def until(instant: str, access: str, plan: str, reason: str) -> Row:
    """Write one phase: it begins where the row above ends."""
    return Row(at(instant), f"{access} {plan} {reason}")


BEFORE = until("2026-03-01T09:30:00", "full", "free", "no_subscription")
"""Before the subscription began."""


def verify(case: Situation) -> None:
    """Assert that the rules say what the rows say: in the whole, and a second around each boundary."""
    timeline = case.timeline()
    assert [row_of(phase) for phase in timeline.phases] == list(case.rows)
    starts_at = DISTANT_PAST
    for row in case.rows:
        assert row_of(timeline.at(starts_at)) == row
        if row.until != DISTANT_FUTURE:
            assert row_of(timeline.at(row.until - ONE_SECOND)) == row
            assert row_of(timeline.at(row.until)) != row
        starts_at = row.until


def row_of(phase: Phase) -> Row:
    """Describe a phase in the words of the tables."""
    return Row(phase.ends_at, f"{phase.access} {phase.plan_key or '-'} {phase.reason}")


def verify_feature(timeline: Timeline, feature: str, *rows: Row) -> None:
    """Assert that decisions say what the rows say, each up to a second before its end, and not at it."""
    found, starts_at = [], DISTANT_PAST
    while starts_at != DISTANT_FUTURE:
        decision = decide(timeline, feature, starts_at)
        row = decided(decision)
        if decision.valid_until is not None:
            assert decided(decide(timeline, feature, row.until - ONE_SECOND)) == row
            assert decided(decide(timeline, feature, row.until)).answer != row.answer
        found.append(row)
        starts_at = row.until
    assert found == list(rows)


def decided(decision: Decision) -> Row:
    """Describe a decision in the words of the tables: verdict, value, reason of the phase."""
    until_ = decision.valid_until or DISTANT_FUTURE
    return Row(until_, f"{decision.reason} {decision.value} {decision.phase}")
