"""What held at a past instant is what was known then; what was learned later stands beside it."""

from datetime import UTC, datetime, timedelta

import pytest

from tiergate.services.access.recall_phases import Recalled, recall
from tiergate.store.phase_rows import RecordedPhase

DAY = timedelta(days=1)
BEGIN = datetime(2027, 3, 1, tzinfo=UTC)


def phase(
    reason: str, starts: float, ends: float | None, known: float | None = None, plan: str = "team"
) -> RecordedPhase:
    """A recorded phase; its instants are days after the beginning."""
    known_at = BEGIN + (starts if known is None else known) * DAY
    return RecordedPhase(
        account_id="acme",
        known_at=known_at,
        account_at=known_at,
        starts_at=BEGIN + starts * DAY,
        ends_at=None if ends is None else BEGIN + ends * DAY,
        plan_key=plan,
        access="full",
        reason=reason,
        because="sub_1",
        cause="event evt_1",
        features={},
    )


def asked(recorded: list[RecordedPhase], day: float) -> tuple[str | None, list[str]]:
    """What held on a day, and what was learned of it later."""
    recalled: Recalled = recall(recorded, BEGIN + day * DAY)
    held = recalled.held.reason if recalled.held else None
    return held, [later.reason for later in recalled.learned_later]


LIFE = [
    phase("no_subscription", 0, None, plan="free"),
    phase("trialing", 1, 15),
    phase("trial_ended", 15, None, 1, "free"),
    phase("trial_ended", 15, None, 15.5, "free"),
    phase("active", 17, 47),
    phase("unconfirmed", 47, 51, 17),
    phase("unknown", 51, None, 17, "free"),
    phase("canceled", 20, None, 22, "free"),
]
"""A trial that ended by the clock, noted half a day later; a purchase; a cancellation, two days late."""


@pytest.mark.parametrize(
    ("day", "held", "later"),
    [
        (-0.1, None, []),
        (0, "no_subscription", []),
        (0.9, "no_subscription", []),
        (1, "trialing", []),
        (14.9, "trialing", []),
        (15, "trial_ended", []),
        (15.4, "trial_ended", []),
        (16.9, "trial_ended", []),
        (17, "active", []),
        (19.9, "active", []),
        (20, "active", ["canceled"]),
        (21.9, "active", ["canceled"]),
        (22, "canceled", []),
        (400, "canceled", []),
    ],
)
def test_a_life_recalled(day: float, held: str | None, later: list[str]) -> None:
    """What was foreseen counts from its instant, news from its arrival, corrections stand beside."""
    assert asked(LIFE, day) == (held, later)


def test_nothing_recorded_is_nothing_recalled() -> None:
    """Of an account without a record nothing is known."""
    assert asked([], 5) == (None, [])


def test_a_boundary_that_was_not_foreseen_counts_from_its_news() -> None:
    """What was recorded without a forecast held until something else was heard of."""
    recorded = [phase("active", 0, 30), phase("canceled", 30, None, 31, "free")]
    assert [asked(recorded, day) for day in (29, 30.5, 31)] == [
        ("active", []),
        ("active", ["canceled"]),
        ("canceled", []),
    ]


def test_a_repetition_is_known_since_it_was_said_first() -> None:
    """That the worker noted a boundary that was foreseen does not make it known only then."""
    held = recall(LIFE, BEGIN + 16 * DAY).held
    assert held is not None
    assert (held.known_at, held.is_foreseen) == (BEGIN + DAY, True)


def test_what_ended_and_came_back_is_known_since_it_came_back() -> None:
    """A phase that says the same as one before another in between is not the one from before."""
    recorded = [phase("free", 0, None), phase("comp", 1, 3), phase("free", 3, None, 1)]
    held = recall(recorded, BEGIN + 4 * DAY).held
    assert held is not None
    assert (held.starts_at, held.known_at) == (BEGIN + 3 * DAY, BEGIN + DAY)


def test_a_correction_is_told_once_and_so_is_its_own_correction() -> None:
    """What later records repeat is told once; that they went back to what held is told too."""
    recorded = [
        phase("active", 0, 30),
        phase("canceled", 5, None, 6, "free"),
        phase("canceled", 5, 40, 7, "free"),
        phase("active", 4, 60, 8),
    ]
    assert asked(recorded, 5.5) == ("active", ["canceled", "active"])


def test_a_renewal_is_no_correction_of_the_time_before() -> None:
    """A later record that says the same of an instant is not told beside it."""
    recorded = [phase("active", 0, 30, 0), phase("active", 0, 60, 30.1)]
    assert asked(recorded, 10) == ("active", [])


def test_what_was_foreseen_is_not_recalled_before_news_that_came_first() -> None:
    """A record never counts before the one that was made before it."""
    recorded = [
        phase("active", 0, 30, 0),
        phase("past_due_grace", 2, 5, 4),
        phase("past_due", 5, None, 4, "free"),
    ]
    assert [asked(recorded, day)[0] for day in (3, 4, 4.9, 5)] == [
        "active",
        "past_due_grace",
        "past_due_grace",
        "past_due",
    ]
