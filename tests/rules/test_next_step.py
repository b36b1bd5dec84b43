"""The right verb for each plan, whatever the account has: golden tables."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.catalog import Plan, Trial, TrialModel
from tiergate.rules.next_step import CHANGES, NOBODY, PURCHASES, NextStep, Position, Verb, next_step
from tiergate.rules.price import Interval, Price

TRIAL = Trial(14)
REVERSE = Trial(14, model=TrialModel.REVERSE_TRIAL)


def _sold(key: str, rank: int, trial: Trial | None = TRIAL) -> Plan:
    prices = (Price(f"{key}_monthly", "month", "usd", 1900), Price(f"{key}_yearly", "year", "usd", 18_000))
    return Plan(key, key.title(), rank, prices=prices, trial=trial)


FREE = Plan("free", "Free", 0)
STARTER, TEAM, SCALE = _sold("starter", 1), _sold("team", 2), _sold("scale", 3, None)
PILOT = _sold("pilot", 2, REVERSE)
ENTERPRISE = Plan("enterprise", "Enterprise", 4, contact_url="mailto:sales@northwind.test")
PLANS = [FREE, STARTER, TEAM, SCALE, ENTERPRISE]

ON_FREE = Position("free")
ON_TEAM = Position("team", is_subscribed=True, subscribed_key="team", subscribed_rank=2, interval="month")
GIVEN_TEAM = Position("team")


@pytest.mark.parametrize(
    ("position", "verbs"),
    [
        (NOBODY, "start_free start_trial start_trial buy contact"),
        (ON_FREE, "current start_trial start_trial buy contact"),
        (replace(ON_FREE, has_tried=True), "current buy buy buy contact"),
        (Position(has_tried=True), "start_free buy buy buy contact"),
        (ON_TEAM, "downgrade downgrade current upgrade contact"),
        (replace(ON_TEAM, interval="year"), "downgrade downgrade switch_to_monthly upgrade contact"),
        (replace(ON_TEAM, interval=None), "downgrade downgrade current upgrade contact"),
        (replace(ON_TEAM, plan_key="free"), "downgrade downgrade current upgrade contact"),
        (replace(ON_TEAM, subscribed_key=None), "change change change change contact"),
        (replace(ON_TEAM, subscribed_key="enterprise", subscribed_rank=4), "downgrade " * 4 + "current"),
        (GIVEN_TEAM, "included start_trial current buy contact"),
        (Position("enterprise"), "included start_trial start_trial buy current"),
        (replace(GIVEN_TEAM, holds_for_good=False), "included start_trial start_trial buy contact"),
    ],
    ids=str,
)
def test_the_verb_of_each_plan_per_month(position: Position, verbs: str) -> None:
    """Free, Starter, Team (both with a trial), Scale and Enterprise (by agreement), in this order."""
    found = [next_step(plan, "month" if plan.prices else None, position).verb for plan in PLANS]
    assert found == verbs.split()


def test_the_other_interval_of_the_own_plan_is_a_switch() -> None:
    """Who pays monthly is offered the year, and the other plans as per month."""
    assert next_step(TEAM, "year", ON_TEAM).verb is Verb.SWITCH_TO_YEARLY
    assert next_step(SCALE, "year", ON_TEAM).verb is Verb.UPGRADE
    assert next_step(STARTER, "year", ON_TEAM).verb is Verb.DOWNGRADE
    assert next_step(TEAM, "year", replace(ON_TEAM, interval="year")).verb is Verb.CURRENT


@pytest.mark.parametrize(
    ("plan", "verb"),
    [
        (FREE, Verb.START_FREE),
        (TEAM, Verb.UNAVAILABLE),
        (replace(TEAM, contact_url="https://northwind.test/talk"), Verb.CONTACT),
        (ENTERPRISE, Verb.CONTACT),
    ],
    ids=lambda given: getattr(given, "key", given),
)
def test_where_nothing_is_for_sale(plan: Plan, verb: Verb) -> None:
    """Without a checkout of one's own there is somebody to write to, or nothing to do; free is still free."""
    assert next_step(plan, "month", is_for_sale=False) == NextStep(verb)


def test_without_a_checkout_one_may_ask() -> None:
    """Where somebody answers letters, every plan can be asked for; a plan by agreement stands for itself."""
    assert next_step(TEAM, "month", is_for_sale=False, can_ask=True).verb is Verb.CONTACT


def test_a_trial_comes_with_its_terms() -> None:
    """The step says which trial is offered."""
    assert next_step(TEAM, "month") == NextStep(Verb.START_TRIAL, TRIAL)
    assert next_step(SCALE, "month") == NextStep(Verb.BUY)


def test_a_reverse_trial_is_offered_before_the_sign_up_only() -> None:
    """It begins by itself at the sign-up: an account buys, during it and after it."""
    assert next_step(PILOT, "month") == NextStep(Verb.START_TRIAL, REVERSE)
    assert next_step(PILOT, "month", Position("pilot", holds_for_good=False)).verb is Verb.BUY
    assert next_step(PILOT, "month", ON_FREE).verb is Verb.BUY
    assert next_step(PILOT, "month", Position()).verb is Verb.BUY


POSITIONS = st.builds(
    Position,
    plan_key=st.sampled_from([None, "free", "starter", "team", "scale", "enterprise", "gone"]),
    holds_for_good=st.booleans(),
    is_subscribed=st.booleans(),
    subscribed_key=st.sampled_from([None, "starter", "team", "scale", "enterprise", "gone"]),
    subscribed_rank=st.integers(0, 4),
    interval=st.sampled_from([None, "month", "year"]),
    has_tried=st.booleans(),
)


@given(POSITIONS, st.sampled_from(PLANS), st.sampled_from(["month", "year"]), st.booleans())
def test_nobody_buys_twice_or_tries_twice(
    position: Position, plan: Plan, interval: Interval, is_for_sale: bool
) -> None:
    """A subscriber is never led to a purchase, others never to a change, and no trial is given again."""
    step = next_step(plan, interval if plan.prices else None, position, is_for_sale=is_for_sale)
    assert step.verb not in (PURCHASES if position.is_subscribed else CHANGES)
    assert (step.trial is not None) == (step.verb is Verb.START_TRIAL)
    assert step.trial is None or not position.has_tried
