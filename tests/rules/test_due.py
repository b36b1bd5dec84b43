"""When an account must be looked at again, and when Stripe must be asked about it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.rules.builders import (
    TRIAL_END,
    Cards,
    account,
    after_trial,
    at,
    catalog,
    subscription,
    trial,
)
from tiergate.rules.due import next_due_at, next_verification_at
from tiergate.rules.occasions import occasions_of
from tiergate.rules.policy import FirstCharge, OnUnknown, Policy
from tiergate.rules.state import AccountState, Subscription
from tiergate.rules.timeline import build_timeline

HEARD = at("2026-03-01T09:30:05")


def due(state: AccountState, moment: str) -> datetime | None:
    """Ask when the account is due next."""
    return next_due_at(build_timeline(state, catalog()), state, occasions_of(state), at(moment))


def verify_at(state: AccountState, moment: str, policy: Policy | None = None) -> datetime | None:
    """Ask when Stripe must be asked next."""
    return next_verification_at(build_timeline(state, catalog(policy)), state, at(moment))


def test_a_trial_is_due_at_each_reminder_and_at_its_end() -> None:
    """The next look is at the next reminder, then at the end, and then never again."""
    state = account(trial(observed_at=TRIAL_END), cards=Cards.NONE)
    assert due(state, "2026-03-01T09:30:00") == at("2026-03-12T09:30:00")
    assert due(state, "2026-03-12T09:29:59") == at("2026-03-12T09:30:00")
    assert due(state, "2026-03-12T09:30:00") == at("2026-03-14T09:30:00")
    assert due(state, "2026-03-14T09:30:00") == at("2026-03-15T00:00:00")
    assert due(state, "2026-03-15T00:00:00") == TRIAL_END
    assert due(state, "2026-03-15T09:30:00") is None


def test_nothing_is_due_for_an_account_without_subscriptions() -> None:
    """Where nothing is known nothing is coming, and there is nothing to ask."""
    assert due(account(), "2026-03-01T00:00:00") is None
    assert verify_at(account(), "2026-03-01T00:00:00") is None


def test_a_boundary_before_the_next_question_is_due_first() -> None:
    """Of a boundary, an occasion and a question to Stripe the first counts."""
    late = account(subscription(observed_at=at("2026-04-05T08:00:00")))
    assert due(late, "2026-04-05T08:30:00") == at("2026-04-05T09:30:00")
    asked = account(subscription(observed_at=at("2026-04-01T10:00:00")))
    assert due(asked, "2026-04-01T10:30:00") == at("2026-04-01T14:00:00")


def test_cards_that_nobody_has_looked_at_are_asked_about_at_once() -> None:
    """Unknown cards are a question for now; a card on the subscription is answer enough."""
    unknown = account(trial(observed_at=HEARD), cards=Cards.UNKNOWN)
    assert verify_at(unknown, "2026-03-05T00:00:00") == at("2026-03-05T00:00:00")
    assert due(unknown, "2026-03-05T00:00:00") == at("2026-03-05T00:00:00")
    known = account(trial(observed_at=HEARD, default_payment_method="pm_1"), cards=Cards.UNKNOWN)
    assert verify_at(known, "2026-03-05T00:00:00") is None


def test_what_is_confirmed_is_not_asked_about() -> None:
    """Within a period that Stripe has confirmed there is nothing to ask."""
    assert verify_at(account(subscription(observed_at=HEARD)), "2026-03-20T00:00:00") is None


def test_a_boundary_that_nobody_has_heard_of_since_is_asked_about_at_once() -> None:
    """A renewal without news is asked about from the moment of the boundary."""
    state = account(subscription(observed_at=HEARD))
    assert verify_at(state, "2026-04-01T09:29:59") is None
    assert verify_at(state, "2026-04-01T09:30:00") == at("2026-04-01T09:30:00")
    assert verify_at(state, "2026-04-03T00:00:00") == at("2026-04-01T09:30:00")


def test_a_trial_over_without_a_card_is_asked_about_once() -> None:
    """A trial that the clock has ended is asked about once, and not again when Stripe has answered."""
    assert verify_at(account(trial(observed_at=HEARD), cards=Cards.NONE), "2026-03-16T00:00:00") == TRIAL_END
    answered = account(trial(observed_at=at("2026-03-15T09:31:00")), cards=Cards.NONE)
    assert verify_at(answered, "2026-03-16T00:00:00") is None


@pytest.mark.parametrize("status", ["active", "past_due"])
def test_a_trial_over_without_a_card_is_doubted_while_stripe_charges(status: str) -> None:
    """Where Stripe goes on to charge after a trial, that there is no card is looked into every few hours."""
    heard = at("2026-03-15T09:31:00")
    state = account(after_trial(status, observed_at=heard), cards=Cards.NONE)
    assert verify_at(state, "2026-03-16T00:00:00") == heard + timedelta(hours=4)


FOUR_HOURS_LATER = [
    pytest.param(subscription(), Policy(), "2026-04-02T00:00:00", id="renewal late"),
    pytest.param(trial(), Policy(), "2026-03-16T00:00:00", id="trial over"),
    pytest.param(after_trial(), Policy(), "2026-03-16T00:00:00", id="first charge pending"),
    pytest.param(
        after_trial(),
        Policy(first_charge=FirstCharge.WAIT),
        "2026-03-16T00:00:00",
        id="first charge waited for",
    ),
    pytest.param(subscription(), Policy(), "2026-04-20T00:00:00", id="silent for too long"),
    pytest.param(
        subscription(),
        Policy(on_unknown=OnUnknown.ALLOW),
        "2026-04-20T00:00:00",
        id="silent for too long, allowed",
    ),
]


@pytest.mark.parametrize(("one", "policy", "moment"), FOUR_HOURS_LATER)
def test_what_stripe_does_not_confirm_is_asked_about_every_few_hours(
    one: Subscription, policy: Policy, moment: str
) -> None:
    """Something unconfirmed is asked about again four hours after the last answer."""
    heard = account(replace(one, observed_at=at(moment)))
    assert verify_at(heard, moment, policy) == at(moment) + timedelta(hours=4)


def test_an_unconfirmed_subscription_is_asked_about_although_another_one_speaks() -> None:
    """A late renewal is asked about every few hours also when a bigger plan hides it."""
    moment = at("2026-04-02T00:00:00")
    late = subscription(subscription_id="sub_2", plan_key="starter", observed_at=moment)
    big = subscription(period=("2026-03-15T00:00:00", "2026-06-15T00:00:00"), observed_at=moment)
    assert verify_at(account(big, late), "2026-04-02T00:00:00") == moment + timedelta(hours=4)


def test_the_subscription_that_was_heard_of_least_recently_counts() -> None:
    """Of two subscriptions the one with the oldest news decides when to ask."""
    old = subscription(subscription_id="sub_2", observed_at=at("2026-04-02T00:00:00"))
    new = subscription(observed_at=at("2026-04-02T03:00:00"))
    assert verify_at(account(new, old), "2026-04-02T03:30:00") == at("2026-04-02T04:00:00")


def test_one_that_was_never_observed_was_heard_of_when_it_was_created() -> None:
    """Without a stamp of observation the creation stands for it."""
    assert verify_at(account(subscription()), "2026-03-02T00:00:00") is None
    assert verify_at(account(subscription()), "2026-04-02T00:00:00") == at("2026-04-01T09:30:00")


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_what_has_ended_is_never_asked_about(status: str) -> None:
    """Stripe never leaves its terminal statuses, so there is nothing to ask."""
    ended = account(subscription(status, ended_at=at("2026-03-10T00:00:00")), cards=Cards.UNKNOWN)
    assert verify_at(ended, "2026-03-20T00:00:00") is None
