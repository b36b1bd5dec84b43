"""Access that is withdrawn step by step: full, then read-only, then what follows; for each feature apart."""

from datetime import timedelta

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_INVOICE,
    account,
    after_trial,
    at,
    catalog,
    failed,
    paid,
    subscription,
)
from tests.rules.golden import BEFORE, Row, Situation, row_of, situation, until, verify, verify_feature
from tiergate.rules.decision import decide
from tiergate.rules.policy import Afterwards, FeaturePolicy, OnUnknown, Policy
from tiergate.rules.timeline import Timeline, build_timeline

PAID = paid("2026-03-01T09:30:00")
FAILED = failed("2026-04-01T10:30:00")
PAST_DUE = account(
    subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")), invoices=[PAID, FAILED]
)
TWO_DAYS = timedelta(days=2)
GRADED = Policy(grace_read_only=TWO_DAYS, after_grace=Afterwards.BLOCKED)
PAID_FOR = until("2026-04-01T10:30:00", "full", "team", "active")
GRACE = until("2026-04-04T10:30:00", "full", "team", "past_due_grace")
READ_ONLY = until("2026-04-06T10:30:00", "read_only", "team", "past_due_grace")

SITUATIONS = [
    situation(
        "full for the grace, read-only for as long again as the policy says, then after_grace",
        PAST_DUE,
        BEFORE,
        PAID_FOR,
        GRACE,
        READ_ONLY,
        until(FOR_EVER, "blocked", "-", "past_due"),
        policy=GRADED,
    ),
    situation(
        "after_grace read_only: the level stays, and the reason says that the grace is over",
        PAST_DUE,
        BEFORE,
        PAID_FOR,
        GRACE,
        READ_ONLY,
        until(FOR_EVER, "read_only", "team", "past_due"),
        policy=Policy(grace_read_only=TWO_DAYS, after_grace=Afterwards.READ_ONLY),
    ),
    situation(
        "no grace in full: read-only from the failure on",
        PAST_DUE,
        BEFORE,
        PAID_FOR,
        until("2026-04-03T10:30:00", "read_only", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
        policy=Policy(grace=timedelta(0), grace_read_only=TWO_DAYS),
    ),
    situation(
        "who never paid has no read-only days either",
        account(after_trial("past_due"), invoices=[TRIAL_INVOICE, failed("2026-03-15T10:30:00")]),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until("2026-03-15T10:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "blocked", "-", "past_due"),
        policy=GRADED,
    ),
    situation(
        "a cancellation in the read-only days ends them",
        account(
            subscription(
                "canceled",
                period=("2026-04-01T09:30:00", "2026-05-01T09:30:00"),
                ended_at=at("2026-04-05T00:00:00"),
            ),
            invoices=[PAID, FAILED],
        ),
        BEFORE,
        PAID_FOR,
        GRACE,
        until("2026-04-05T00:00:00", "read_only", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=GRADED,
    ),
    situation(
        "on_unknown last_known: what was known goes on for its hours, then nothing",
        account(subscription()),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
        until("2026-04-05T15:30:00", "full", "team", "unknown"),
        until(FOR_EVER, "blocked", "-", "unknown"),
        policy=Policy(
            on_unknown=OnUnknown.LAST_KNOWN,
            last_known_for=timedelta(hours=6),
            after_grace=Afterwards.BLOCKED,
        ),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_graded(case: Situation) -> None:
    """What is owed for takes access away in two steps."""
    verify(case)


NONE_BEFORE = until("2026-03-01T09:30:00", "not_included", "False", "no_subscription")
INCLUDED = until("2026-04-01T10:30:00", "included", "True", "active")


def graded(**features: FeaturePolicy) -> Policy:
    """Build the graded policy with features of their own."""
    return Policy(grace_read_only=TWO_DAYS, after_grace=Afterwards.BLOCKED, features=features)


FEATURES = [
    pytest.param(
        FeaturePolicy(grace=timedelta(days=1)),
        [
            until("2026-04-02T10:30:00", "included", "True", "past_due_grace"),
            until("2026-04-04T10:30:00", "read_only", "True", "past_due_grace"),
            until(FOR_EVER, "blocked", "False", "past_due"),
        ],
        id="a shorter grace, then the plan's read-only days",
    ),
    pytest.param(
        FeaturePolicy(grace=timedelta(days=10), grace_read_only=timedelta(0)),
        [
            until("2026-04-11T10:30:00", "included", "True", "past_due_grace"),
            until(FOR_EVER, "blocked", "False", "past_due"),
        ],
        id="a longer grace, and no read-only days",
    ),
    pytest.param(
        FeaturePolicy(grace=timedelta(0)),
        [
            until("2026-04-03T10:30:00", "read_only", "True", "past_due_grace"),
            until(FOR_EVER, "blocked", "False", "past_due"),
        ],
        id="no grace at all",
    ),
    pytest.param(
        FeaturePolicy(),
        [
            until("2026-04-04T10:30:00", "included", "True", "past_due_grace"),
            until("2026-04-06T10:30:00", "read_only", "True", "past_due_grace"),
            until(FOR_EVER, "blocked", "False", "past_due"),
        ],
        id="nothing of its own",
    ),
]


@pytest.mark.parametrize(("own", "rows"), FEATURES)
def test_a_feature_has_its_own_two_marks(own: FeaturePolicy, rows: list[Row]) -> None:
    """A feature with a policy of its own changes at its own marks, and nowhere else."""
    timeline = build_timeline(PAST_DUE, catalog(graded(custom_domain=own)))
    verify_feature(timeline, "custom_domain", NONE_BEFORE, INCLUDED, *rows)


def one_feature_differs() -> Timeline:
    """Build the timeline of an account that owes, with one feature that goes sooner."""
    return build_timeline(PAST_DUE, catalog(graded(custom_domain=FeaturePolicy(grace=timedelta(days=1)))))


def test_the_other_features_and_the_general_level_stay_as_they_are() -> None:
    """One feature's marks are no boundary for the others, nor for the phases."""
    timeline = one_feature_differs()
    assert [row_of(phase) for phase in timeline.phases] == [
        *(BEFORE, PAID_FOR, GRACE, READ_ONLY),
        until(FOR_EVER, "blocked", "-", "past_due"),
    ]
    at_its_mark = at("2026-04-02T10:30:00")
    assert timeline.at(at_its_mark).access == "full"
    assert timeline.of_feature("custom_domain").at(at_its_mark).access == "read_only"
    assert timeline.of_feature("history") is timeline
    assert decide(timeline, "history", at_its_mark).valid_until == at("2026-04-04T10:30:00")


def test_what_changes_for_one_feature_is_due_like_any_boundary() -> None:
    """The boundaries to come are those of the phases and of every feature, each once."""
    days = [day.day for day in one_feature_differs().boundaries_after(at("2026-04-01T12:00:00"))]
    assert days == [2, 4, 6]


def test_another_live_subscription_keeps_the_feature() -> None:
    """A feature that one subscription has lost to its debts is given by another that is paid."""
    other = subscription(
        subscription_id="sub_2", plan_key="starter", period=("2026-03-20T00:00:00", "2026-04-20T00:00:00")
    )
    state = account(*PAST_DUE.subscriptions, other, invoices=PAST_DUE.invoices)
    timeline = build_timeline(state, catalog(graded(custom_domain=FeaturePolicy(grace=timedelta(0)))))
    decision = decide(timeline, "custom_domain", at("2026-04-02T00:00:00"))
    assert (decision.allowed, decision.plan, decision.phase) == (True, "starter", "active")


SILENT = account(subscription())
LATE = [
    until("2026-04-01T09:30:00", "included", "True", "active"),
    until("2026-04-05T09:30:00", "included", "True", "unconfirmed"),
]


@pytest.mark.parametrize(
    ("own", "rows"),
    [
        pytest.param(
            FeaturePolicy(on_unknown=OnUnknown.ALLOW),
            [until(FOR_EVER, "included", "True", "unknown")],
            id="allow",
        ),
        pytest.param(
            FeaturePolicy(on_unknown=OnUnknown.DENY),
            [until(FOR_EVER, "not_included", "False", "unknown")],
            id="deny",
        ),
        pytest.param(
            FeaturePolicy(on_unknown=OnUnknown.LAST_KNOWN),
            [
                until("2026-04-06T09:30:00", "included", "True", "unknown"),
                until(FOR_EVER, "not_included", "False", "unknown"),
            ],
            id="last_known for the plan's hours",
        ),
        pytest.param(
            FeaturePolicy(on_unknown=OnUnknown.LAST_KNOWN, last_known_for=timedelta(hours=1)),
            [
                until("2026-04-05T10:30:00", "included", "True", "unknown"),
                until(FOR_EVER, "not_included", "False", "unknown"),
            ],
            id="last_known for its own hours",
        ),
    ],
)
@pytest.mark.parametrize("general", list(OnUnknown))
def test_silence_is_borne_as_each_feature_says(
    own: FeaturePolicy, rows: list[Row], general: OnUnknown
) -> None:
    """When Stripe has been silent for too long a feature follows its own ``on_unknown``."""
    offer = catalog(Policy(on_unknown=general, features={"custom_domain": own}))
    verify_feature(build_timeline(SILENT, offer), "custom_domain", NONE_BEFORE, *LATE, *rows)
