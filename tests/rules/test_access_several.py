"""What several subscriptions give together: the better of what is live; what has ended takes nothing."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    Cards,
    account,
    at,
    catalog,
    failed,
    paid,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.decision import decide
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.timeline import build_timeline

STARTER = subscription(
    subscription_id="sub_2",
    plan_key="starter",
    created_at=at("2026-03-20T00:00:00"),
    period=("2026-03-20T00:00:00", "2026-04-20T00:00:00"),
)
TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")
BLOCKING = Policy(after_trial=Afterwards.BLOCKED, after_cancel=Afterwards.BLOCKED)


BOUGHT = subscription(
    subscription_id="sub_2",
    plan_key="starter",
    created_at=at("2026-03-08T00:00:00"),
    period=("2026-03-08T00:00:00", "2026-04-08T00:00:00"),
)
RENEWED_LATE = [
    until("2026-04-08T00:00:00", "full", "starter", "active"),
    until("2026-04-12T00:00:00", "full", "starter", "unconfirmed"),
]

SITUATIONS = [
    situation(
        "a cancelled one ends while another runs: the other is untouched (llmgateway#2911)",
        account(subscription("canceled", ended_at=at("2026-04-01T09:30:00")), STARTER),
        BEFORE,
        until("2026-03-20T00:00:00", "full", "team", "active"),
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until("2026-04-20T00:00:00", "full", "starter", "active"),
        until("2026-04-24T00:00:00", "full", "starter", "unconfirmed"),
        until(FOR_EVER, "blocked", "-", "unknown"),
        policy=Policy(after_cancel=Afterwards.READ_ONLY, after_grace=Afterwards.BLOCKED),
    ),
    situation(
        "a trial without a card ends after something was bought: the buyer keeps it (fountain#349)",
        account(trial("canceled", ended_at=TRIAL_END), BOUGHT, cards=Cards.NONE),
        BEFORE,
        until("2026-03-08T00:00:00", "full", "team", "trialing"),
        TRIALING,
        *RENEWED_LATE,
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "the same before Stripe has said that the trial ended, under a policy that blocks",
        account(trial(), BOUGHT, cards=Cards.NONE),
        BEFORE,
        until("2026-03-08T00:00:00", "full", "team", "trialing"),
        TRIALING,
        *RENEWED_LATE,
        until(FOR_EVER, "full", "free", "unknown"),
        policy=BLOCKING,
    ),
    situation(
        "the failed payment of one leaves the other alone",
        account(
            subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
            STARTER,
            invoices=[paid("2026-03-01T09:30:00"), failed("2026-04-01T09:30:00")],
        ),
        BEFORE,
        until("2026-03-20T00:00:00", "full", "team", "active"),
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until("2026-04-04T09:30:00", "full", "team", "past_due_grace"),
        until("2026-04-20T00:00:00", "full", "starter", "active"),
        until("2026-04-24T00:00:00", "full", "starter", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "one that is refused takes nothing from one that runs",
        account(subscription(), subscription("incomplete", subscription_id="sub_2")),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "one that is refused does not lift what the end of another left",
        account(
            subscription("canceled", ended_at=at("2026-03-10T00:00:00")),
            subscription("incomplete", subscription_id="sub_2"),
        ),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "active"),
        until(FOR_EVER, "blocked", "-", "canceled"),
        policy=BLOCKING,
    ),
    situation(
        "of two that have ended the later to end speaks",
        account(
            subscription("canceled", ended_at=at("2026-03-10T00:00:00")),
            subscription(
                "canceled", subscription_id="sub_0", plan_key="starter", ended_at=at("2026-03-20T00:00:00")
            ),
        ),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "active"),
        until("2026-03-20T00:00:00", "full", "starter", "active"),
        until(FOR_EVER, "read_only", "starter", "canceled"),
        policy=Policy(after_cancel=Afterwards.READ_ONLY),
    ),
    situation(
        "a subscription bought after another was cancelled at once (cashier#1678)",
        account(subscription("canceled", ended_at=at("2026-03-10T00:00:00")), STARTER),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "active"),
        until("2026-03-20T00:00:00", "full", "free", "canceled"),
        until("2026-04-20T00:00:00", "full", "starter", "active"),
        until("2026-04-24T00:00:00", "full", "starter", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_several(case: Situation) -> None:
    """Access is the better of what is live, and what has ended takes nothing from it."""
    verify(case)


def test_a_phase_names_every_live_subscription_the_biggest_plan_first() -> None:
    """Two live subscriptions stand behind one phase; the bigger plan speaks, whatever their order."""
    team = subscription(created_at=at("2026-01-01T00:00:00"))
    for subscriptions in [(team, STARTER), (STARTER, team)]:
        phase = build_timeline(account(*subscriptions), catalog()).at(at("2026-03-25T00:00:00"))
        assert [span.cause.object_id for span in phase.sources] == ["sub_1", "sub_2"]
        assert phase.cause.object_id == "sub_1"


def test_of_two_live_subscriptions_to_one_plan_the_newer_speaks() -> None:
    """A duplicate changes nothing but who speaks: the newer one, then the one with the greater id."""
    older = subscription(period=("2026-03-01T09:30:00", "2027-03-01T09:30:00"))
    newer = replace(older, id="sub_0", created_at=at("2026-03-02T00:00:00"))
    twin = replace(older, id="sub_2")
    moment = at("2026-03-25T00:00:00")
    assert build_timeline(account(newer, older), catalog()).at(moment).cause.object_id == "sub_0"
    assert build_timeline(account(twin, older), catalog()).at(moment).cause.object_id == "sub_2"


@pytest.mark.parametrize("feature", ["api_calls", "custom_domain", "history", "projects"])
def test_each_feature_is_the_best_of_what_is_live(feature: str) -> None:
    """Two live plans give, feature by feature, what the better of them gives."""
    together = build_timeline(account(subscription(), STARTER), catalog())
    alone = build_timeline(account(subscription()), catalog())
    moment = at("2026-03-25T00:00:00")
    assert decide(together, feature, moment).value == decide(alone, feature, moment).value
