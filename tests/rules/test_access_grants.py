"""What is given by hand: a plan, more of a trial, features on top, and what was agreed with sales."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    Cards,
    account,
    at,
    catalog,
    grant,
    subscription,
    trial,
)
from tests.rules.golden import (
    BEFORE,
    Row,
    Situation,
    situation,
    until,
    verify,
    verify_feature,
)
from tiergate.rules.access import Cause
from tiergate.rules.decision import decide
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.state import AccountState, Grant, Subscription
from tiergate.rules.timeline import build_timeline


def given(
    *grants: Grant, subscriptions: tuple[Subscription, ...] = (), cards: Cards = Cards.NONE
) -> AccountState:
    """Build an account that has grants."""
    return replace(account(*subscriptions, cards=cards), grants=grants)


NOBODY = until("2026-03-10T00:00:00", "full", "free", "no_subscription")
TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")
EXTENSION = grant("extension", "2026-03-10T00:00:00", "2026-03-22T00:00:00")
EXTENDED = until("2026-03-22T00:00:00", "full", "team", "trial_extended")
BLOCKING = Policy(after_trial=Afterwards.BLOCKED, after_cancel=Afterwards.BLOCKED)
CANCELED_BY_STRIPE = trial("canceled", canceled_at=TRIAL_END, ended_at=TRIAL_END)

SITUATIONS = [
    situation(
        "a comp gives its plan, and leaves nothing behind",
        given(grant("comp", "2026-03-10T00:00:00", "2026-04-10T00:00:00", plan_key="team")),
        NOBODY,
        until("2026-04-10T00:00:00", "full", "team", "comp"),
        until(FOR_EVER, "full", "free", "no_subscription"),
        policy=BLOCKING,
    ),
    situation(
        "a comp without an end lasts until it is revoked",
        given(grant("comp", "2026-03-10T00:00:00", plan_key="team")),
        NOBODY,
        until(FOR_EVER, "full", "team", "comp"),
    ),
    situation(
        "a comp of a plan that there is not gives nothing, and says so",
        given(grant("comp", "2026-03-10T00:00:00", plan_key="legacy")),
        NOBODY,
        until(FOR_EVER, "full", "free", "unmapped_price"),
    ),
    situation(
        "a comp that ends before it begins is none",
        given(grant("comp", "2026-03-10T00:00:00", "2026-03-10T00:00:00", plan_key="team")),
        until(FOR_EVER, "full", "free", "no_subscription"),
    ),
    situation(
        "a comp lifts what the end of a trial has blocked",
        given(
            grant("comp", "2026-03-20T00:00:00", "2026-03-25T00:00:00", plan_key="starter"),
            subscriptions=(trial(),),
        ),
        BEFORE,
        TRIALING,
        until("2026-03-20T00:00:00", "blocked", "-", "trial_ended"),
        until("2026-03-25T00:00:00", "full", "starter", "comp"),
        until(FOR_EVER, "blocked", "-", "trial_ended"),
        policy=BLOCKING,
    ),
    situation(
        "of a plan that is paid and the same plan given, the paid one speaks",
        given(
            grant("comp", "2026-03-10T00:00:00", plan_key="team"),
            subscriptions=(subscription(cancel_at=at("2026-04-01T09:30:00")),),
        ),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "canceling"),
        until("2026-04-01T09:30:00", "full", "team", "canceling"),
        until(FOR_EVER, "full", "team", "comp"),
    ),
    situation(
        "an extension keeps the trial going",
        given(EXTENSION, subscriptions=(trial(),)),
        BEFORE,
        TRIALING,
        EXTENDED,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "an extension holds although Stripe has cancelled the trial for want of a card",
        given(EXTENSION, subscriptions=(CANCELED_BY_STRIPE,)),
        BEFORE,
        TRIALING,
        EXTENDED,
        until(FOR_EVER, "blocked", "-", "trial_ended"),
        policy=BLOCKING,
    ),
    situation(
        "an extension that is given later begins when it is given",
        given(replace(EXTENSION, starts_at=at("2026-03-18T00:00:00")), subscriptions=(CANCELED_BY_STRIPE,)),
        BEFORE,
        TRIALING,
        until("2026-03-18T00:00:00", "full", "free", "trial_ended"),
        EXTENDED,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "an extension that ends with the trial or before adds nothing",
        given(replace(EXTENSION, ends_at=TRIAL_END), subscriptions=(trial(),)),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "who cancels a trial that was extended wants no more of it",
        given(EXTENSION, subscriptions=(trial(cancel_at=TRIAL_END, canceled_at=at("2026-03-12T00:00:00")),)),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "an extension given after the cancellation is meant to bring the customer back",
        given(
            EXTENSION,
            subscriptions=(
                trial("canceled", canceled_at=at("2026-03-05T00:00:00"), ended_at=at("2026-03-05T00:00:00")),
            ),
        ),
        BEFORE,
        until("2026-03-05T00:00:00", "full", "team", "trialing"),
        until("2026-03-10T00:00:00", "full", "free", "canceled"),
        EXTENDED,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "an extension of another subscription's trial",
        given(replace(EXTENSION, subscription_id="sub_2"), subscriptions=(trial(),)),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "an extension of a trial that never began",
        given(EXTENSION, subscriptions=(trial("incomplete"),)),
        BEFORE,
        until(FOR_EVER, "full", "free", "incomplete"),
    ),
    situation(
        "an extension of a trial at no plan's price",
        given(EXTENSION, subscriptions=(trial(plan_key=None),)),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "free", "unmapped_price"),
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "an extension for who pays shows when the payment ends",
        given(
            replace(EXTENSION, ends_at=at("2026-05-01T00:00:00")),
            subscriptions=(
                replace(
                    subscription(trial_end=TRIAL_END, cancel_at=at("2026-04-15T09:30:00")),
                    items=subscription(period=("2026-03-16T09:30:00", "2026-04-15T09:30:00")).items,
                ),
            ),
            cards=Cards.DEFAULT,
        ),
        BEFORE,
        TRIALING,
        until("2026-04-15T09:30:00", "full", "team", "canceling"),
        until("2026-05-01T00:00:00", "full", "team", "trial_extended"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_grant(case: Situation) -> None:
    """A plan or a trial that was given holds from its first second to its last, and no longer."""
    verify(case)


def test_of_several_trials_the_last_is_extended() -> None:
    """An extension that names no subscription extends the trial that ends last."""
    earlier = trial(
        "canceled",
        subscription_id="sub_0",
        plan_key="starter",
        trial_end=at("2026-03-08T00:00:00"),
        ended_at=at("2026-03-08T00:00:00"),
    )
    timeline = build_timeline(given(EXTENSION, subscriptions=(trial(), earlier)), catalog())
    phase = timeline.at(at("2026-03-20T00:00:00"))
    assert (phase.plan_key, phase.cause) == ("team", Cause("gr_1", "grant"))


FREE = [until("2026-03-10T00:00:00", "included", "1000", "no_subscription")]
EXTRA = grant("add_on", "2026-03-10T00:00:00", "2026-03-20T00:00:00", api_calls=500)

ON_TOP = [
    pytest.param(
        "api_calls",
        [EXTRA],
        [*FREE, until("2026-03-20T00:00:00", "included", "1500", "no_subscription")],
        until(FOR_EVER, "included", "1000", "no_subscription"),
        id="numbers add up, on the free plan too",
    ),
    pytest.param(
        "api_calls",
        [EXTRA, grant("add_on", "2026-03-15T00:00:00", grant_id="gr_2", api_calls=250)],
        [
            *FREE,
            until("2026-03-15T00:00:00", "included", "1500", "no_subscription"),
            until("2026-03-20T00:00:00", "included", "1750", "no_subscription"),
        ],
        until(FOR_EVER, "included", "1250", "no_subscription"),
        id="each adds to the other",
    ),
    pytest.param(
        "api_calls",
        [EXTRA, grant("override", "2026-03-15T00:00:00", grant_id="gr_2", api_calls=10)],
        [*FREE, until("2026-03-15T00:00:00", "included", "1500", "no_subscription")],
        until(FOR_EVER, "included", "10", "no_subscription"),
        id="an override replaces all of it",
    ),
    pytest.param(
        "api_calls",
        [
            grant("override", "2026-03-10T00:00:00", grant_id="gr_9", api_calls=9),
            grant("override", "2026-03-15T00:00:00", grant_id="gr_0", api_calls="unlimited"),
        ],
        [*FREE, until("2026-03-15T00:00:00", "included", "9", "no_subscription")],
        until(FOR_EVER, "included", "unlimited", "no_subscription"),
        id="of two overrides the later counts",
    ),
    pytest.param(
        "sso",
        [grant("add_on", "2026-03-10T00:00:00", "2026-03-20T00:00:00", sso=True)],
        [
            until("2026-03-10T00:00:00", "not_included", "False", "no_subscription"),
            until("2026-03-20T00:00:00", "included", "True", "no_subscription"),
        ],
        until(FOR_EVER, "not_included", "False", "no_subscription"),
        id="a switch is turned on",
    ),
    pytest.param(
        "projects",
        [grant("override", "2026-03-10T00:00:00", projects=False)],
        [until("2026-03-10T00:00:00", "included", "1", "no_subscription")],
        until(FOR_EVER, "not_included", "False", "no_subscription"),
        id="an override may take away",
    ),
]


@pytest.mark.parametrize(("feature", "grants", "rows", "last"), ON_TOP)
def test_grants_on_top(feature: str, grants: list[Grant], rows: list[Row], last: Row) -> None:
    """Add-ons add to what the account has, an override says what it has, each for its own time."""
    verify_feature(build_timeline(given(*reversed(grants)), catalog()), feature, *rows, last)


def test_a_phase_says_which_grants_are_behind_it() -> None:
    """Where one grant follows another that gives the same, it is another phase, and the same answer."""
    first = grant("add_on", "2026-03-10T00:00:00", "2026-03-20T00:00:00", api_calls=500)
    second = replace(first, id="gr_2", starts_at=at("2026-03-20T00:00:00"), ends_at=None)
    timeline = build_timeline(given(first, second), catalog())
    assert [phase.grant_ids for phase in timeline.phases] == [(), ("gr_1",), ("gr_2",)]
    assert decide(timeline, "api_calls", at("2026-03-10T00:00:00")).valid_until is None


def test_phases_with_other_features_do_not_say_the_same() -> None:
    """A phase says what every feature comes to."""
    phase = build_timeline(given(), catalog()).phases[0]
    assert phase.says_the_same(replace(phase, ends_at=TRIAL_END))
    assert not phase.says_the_same(replace(phase, features={**phase.features, "sso": True}))


def test_grants_on_top_of_a_subscription() -> None:
    """What is given adds to what is bought, and stays when the subscription ends."""
    state = given(
        grant("add_on", "2026-01-01T00:00:00", api_calls=500),
        subscriptions=(subscription(cancel_at=at("2026-04-01T09:30:00")),),
    )
    timeline = build_timeline(state, catalog())
    assert decide(timeline, "api_calls", at("2026-03-20T00:00:00")).value == 100_500
    assert decide(timeline, "api_calls", at("2026-04-20T00:00:00")).value == 1500
    assert timeline.phases[-1].grant_ids == ("gr_1",)


def test_what_is_given_opens_a_catalogue_without_a_free_plan() -> None:
    """Who has nothing but a grant has what it gives, and nothing else."""
    timeline = build_timeline(
        given(grant("add_on", "2026-03-10T00:00:00", sso=True)), catalog(free_plan=False)
    )
    assert timeline.at(at("2026-03-09T00:00:00")).access == "blocked"
    assert decide(timeline, "sso", at("2026-03-10T00:00:00")).allowed
    assert decide(timeline, "custom_domain", at("2026-03-10T00:00:00")).reason == "not_included"


def test_what_the_policy_blocks_no_addition_opens() -> None:
    """Features on top of nothing are nothing: only a plan lifts what the policy has blocked."""
    state = given(grant("add_on", "2026-01-01T00:00:00", sso=True), subscriptions=(trial(),))
    timeline = build_timeline(state, catalog(BLOCKING))
    decision = decide(timeline, "sso", at("2026-03-20T00:00:00"))
    assert (decision.reason, decision.value) == ("blocked", False)
    assert timeline.at(at("2026-03-20T00:00:00")).grant_ids == ()


def test_a_feature_of_a_grant_that_the_catalogue_lacks_is_kept_as_it_is() -> None:
    """A grant may name a feature that is gone; it harms nothing."""
    timeline = build_timeline(given(grant("add_on", "2026-03-10T00:00:00", gone=3)), catalog())
    assert timeline.at(at("2026-03-20T00:00:00")).features["gone"] == 3
