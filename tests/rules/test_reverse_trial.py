"""The trial that begins by itself at sign-up: what holds before Stripe has it, and when it never gets it."""

from dataclasses import replace

import pytest

from tests.rules.builders import Cards, account, at, catalog, grant, subscription, trial
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.reverse_trial import waiting_trial
from tiergate.rules.state import AccountState, Grant, Subscription
from tiergate.rules.timeline import build_timeline

PROMISE = grant("reverse_trial", "2026-03-01T08:00:00", "2026-03-15T08:00:00", plan_key="team")
"""Given an hour and a half before the subscriptions of these tests begin."""

GIVEN_UP = trial("canceled", canceled_at=at("2026-03-02T00:00:00"), ended_at=at("2026-03-02T00:00:00"))


def promised(*subscriptions: Subscription, promise: Grant = PROMISE) -> AccountState:
    """Build an account that was promised a reverse trial."""
    return replace(account(*subscriptions, cards=Cards.NONE), grants=(promise,))


def held(state: AccountState, moment: str, policy: Policy | None = None) -> tuple[str | None, str, str]:
    """What holds at an instant."""
    phase = build_timeline(state, catalog(policy)).at(at(moment))
    return phase.plan_key, str(phase.access), str(phase.reason)


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        ("2026-03-01T07:59:59", ("free", "full", "no_subscription")),
        ("2026-03-01T08:00:00", ("team", "full", "trialing")),
        ("2026-03-15T07:59:59", ("team", "full", "trialing")),
        ("2026-03-15T08:00:00", ("free", "full", "trial_ended")),
        ("2027-03-15T08:00:00", ("free", "full", "trial_ended")),
    ],
)
def test_without_stripe_it_is_a_trial_of_its_own(moment: str, answer: tuple[str, str, str]) -> None:
    """From the sign-up to its end to the second, and then as any trial that nobody paid for."""
    assert held(promised(), moment) == answer


@pytest.mark.parametrize(("after", "plan"), [(Afterwards.READ_ONLY, "team"), (Afterwards.BLOCKED, None)])
def test_what_follows_it_is_the_policys_to_say(after: Afterwards, plan: str | None) -> None:
    """As after every trial."""
    found = held(promised(), "2026-03-16T00:00:00", Policy(after_trial=after))
    assert found == (plan, str(after), "trial_ended")


@pytest.mark.parametrize(
    ("begun", "moment", "cause"),
    [
        (trial(), "2026-03-01T09:29:59", "gr_1"),
        (trial(), "2026-03-01T09:30:00", "sub_1"),
        (trial(), "2026-03-15T09:29:59", "sub_1"),
        (GIVEN_UP, "2026-03-03T00:00:00", "sub_1"),
        (subscription("incomplete"), "2026-03-02T00:00:00", "gr_1"),
    ],
    ids=["the promise until then", "then Stripe's", "to its end", "cancelled is cancelled", "never begun"],
)  # fmt: skip
def test_stripes_word_counts_once_it_has_it(begun: Subscription, moment: str, cause: str) -> None:
    """The promise ends where a subscription begins; one that never began changes nothing."""
    phase = build_timeline(promised(begun), catalog()).at(at(moment))
    assert phase.cause.object_id == cause
    assert phase.plan_key == ("free" if moment.startswith("2026-03-03") else "team")


def test_a_promise_of_a_plan_that_is_gone_gives_nothing() -> None:
    """A plan that the version does not have gives nothing, and breaks nothing."""
    gone = replace(PROMISE, plan_key="platinum")
    assert held(promised(promise=gone), "2026-03-02T00:00:00") == ("free", "full", "no_subscription")


def test_a_subscription_that_is_older_leaves_nothing_to_promise() -> None:
    """Who has had something before the promise has that."""
    early = grant("reverse_trial", "2026-03-02T00:00:00", "2026-03-16T00:00:00", plan_key="team")
    phase = build_timeline(promised(trial(), promise=early), catalog()).at(at("2026-03-03T00:00:00"))
    assert phase.cause.object_id == "sub_1"


@pytest.mark.parametrize(
    ("state", "moment", "waits"),
    [
        (promised(), "2026-03-01T08:00:00", True),
        (promised(), "2026-03-15T08:00:00", False),
        (promised(), "2026-03-01T07:59:59", False),
        (promised(trial()), "2026-03-02T00:00:00", False),
        (promised(subscription("incomplete")), "2026-03-02T00:00:00", True),
        (
            promised(promise=grant("comp", "2026-03-01T08:00:00", plan_key="team")),
            "2026-03-02T00:00:00",
            False,
        ),
        (account(cards=Cards.NONE), "2026-03-02T00:00:00", False),
    ],
)
def test_it_waits_for_stripe_while_it_runs(state: AccountState, moment: str, waits: bool) -> None:
    """Until it is over, or a subscription has begun."""
    assert (waiting_trial(state, at(moment)) is not None) is waits
