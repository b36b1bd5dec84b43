"""What an account has twice: trials that a purchase has overtaken, and second paid subscriptions."""

from dataclasses import replace

import pytest

from tests.rules.builders import TRIAL_END, account, at, catalog, sold, subscription, trial
from tiergate.rules.catalog import AddOn
from tiergate.rules.duplicates import Duplicate, duplicates_of
from tiergate.rules.policy import OnDuplicate, Policy
from tiergate.rules.state import Subscription

SOONER, LATER = at("2026-02-01T00:00:00"), at("2026-03-08T00:00:00")
BOUGHT = subscription(subscription_id="sub_2", created_at=LATER)


def overtaken(subscription_id: str, kept_id: str) -> Duplicate:
    """Name a trial that is to be cancelled."""
    return Duplicate("superseded_trial", subscription_id, kept_id, is_cancelled=True)


def second(subscription_id: str, *, is_cancelled: bool = False) -> Duplicate:
    """Name a second paid subscription beside ``sub_1``."""
    return Duplicate("second_paid", subscription_id, "sub_1", is_cancelled)


CASES = [
    pytest.param([], [], id="nothing"),
    pytest.param([subscription()], [], id="one that is paid"),
    pytest.param([trial()], [], id="one trial"),
    pytest.param([trial(), BOUGHT], [overtaken("sub_1", "sub_2")], id="a trial, then a purchase"),
    pytest.param(
        [trial(), replace(BOUGHT, plan_key="starter")],
        [overtaken("sub_1", "sub_2")],
        id="a trial, then a smaller plan: who bought has chosen",
    ),
    pytest.param(
        [trial(), replace(BOUGHT, created_at=SOONER)], [], id="a purchase, then a trial of something else"
    ),
    pytest.param(
        [trial(), replace(BOUGHT, status=trial("unpaid").status)], [], id="what is unpaid is no purchase"
    ),
    pytest.param([trial(cancel_at=TRIAL_END), BOUGHT], [], id="a trial that ends by itself"),
    pytest.param(
        [trial(), trial(subscription_id="sub_2", created_at=LATER)],
        [overtaken("sub_1", "sub_2")],
        id="two trials: the newer stays",
    ),
    pytest.param(
        [trial(), trial(subscription_id="sub_2", created_at=LATER, plan_key="starter")],
        [overtaken("sub_2", "sub_1")],
        id="two trials: the bigger plan stays",
    ),
    pytest.param(
        [trial(default_payment_method="pm_1", plan_key="starter"), trial(subscription_id="sub_2")],
        [overtaken("sub_2", "sub_1")],
        id="two trials: the one with a card of its own stays",
    ),
    pytest.param(
        [trial(), BOUGHT, trial(subscription_id="sub_3", created_at=TRIAL_END, plan_key="starter")],
        [overtaken("sub_1", "sub_2")],
        id="a trial that was overtaken does not overtake a newer one",
    ),
    pytest.param([subscription(), BOUGHT], [second("sub_2")], id="two that are paid: the older stays"),
    pytest.param(
        [BOUGHT, subscription(), subscription("past_due", subscription_id="sub_3", created_at=LATER)],
        [second("sub_2"), second("sub_3")],
        id="three that are paid, in any order",
    ),
    pytest.param([subscription(cancel_at_period_end=True), BOUGHT], [], id="the older is about to end"),
    pytest.param([subscription("canceled"), BOUGHT], [], id="the older has ended"),
    pytest.param([subscription(), replace(BOUGHT, plan_key=None)], [], id="one at a price of no plan"),
    pytest.param(
        [trial(), BOUGHT, replace(BOUGHT, id="sub_3", created_at=TRIAL_END)],
        [overtaken("sub_1", "sub_2"), Duplicate("second_paid", "sub_3", "sub_2", is_cancelled=False)],
        id="a trial, then two purchases: the first of them stays",
    ),
    pytest.param(
        [subscription(), replace(BOUGHT, plan_key=None, items=(sold(add_on_key="calls"),))],
        [],
        id="add-ons beside a plan",
    ),
]


@pytest.mark.parametrize(("subscriptions", "expected"), CASES)
def test_duplicates(subscriptions: list[Subscription], expected: list[Duplicate]) -> None:
    """A trial that was overtaken is cancelled, a second paid subscription is named."""
    with_add_on = replace(catalog(), add_ons={"calls": AddOn("calls", "Calls")})
    assert list(duplicates_of(account(*subscriptions), with_add_on)) == expected


def test_a_second_paid_subscription_is_cancelled_where_its_policy_says_so() -> None:
    """``on_duplicate = "cancel"`` has the newer one cancelled as well as announced."""
    state = account(subscription(), BOUGHT)
    found = duplicates_of(state, catalog(Policy(on_duplicate=OnDuplicate.CANCEL)))
    assert found == (second("sub_2", is_cancelled=True),)
