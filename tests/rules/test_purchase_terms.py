"""What a purchase charges, and when."""

from dataclasses import replace

import pytest

from tests.rules.builders import TRIAL_END, Cards, account, at, catalog, subscription, trial
from tiergate.rules.policy import Policy, UpgradeInTrial
from tiergate.rules.purchase_terms import Charge, purchase_terms, trial_to_buy, tried_seats
from tiergate.rules.state import AccountState, Subscription, SubscriptionItem

NEW_END = at("2026-03-19T00:00:00")
KEEP, NOW = UpgradeInTrial.KEEP_TRIAL, UpgradeInTrial.CONVERT_NOW


@pytest.mark.parametrize(
    ("running", "policy", "new_end", "moment", "charge", "charged_at", "days_left"),
    [
        (None, NOW, None, "2026-03-05T00:00:00", Charge.NOW, None, 0),
        (None, NOW, NEW_END, "2026-03-05T00:00:00", Charge.AFTER_NEW_TRIAL, NEW_END, 0),
        (trial(), NOW, None, "2026-03-06T09:30:00", Charge.NOW_ENDING_TRIAL, None, 9),
        (trial(), NOW, None, "2026-03-06T09:30:01", Charge.NOW_ENDING_TRIAL, None, 9),
        (trial(), NOW, None, "2026-03-15T09:29:59", Charge.NOW_ENDING_TRIAL, None, 1),
        (trial(), KEEP, None, "2026-03-06T09:30:00", Charge.AT_TRIAL_END, TRIAL_END, 9),
        (trial(), KEEP, None, "2026-03-15T09:30:00", Charge.NOW, None, 0),
    ],
    ids=["bought", "tried first", "ends nine days", "begun days count", "the last day", "keeps", "too late"],
)
def test_when_a_purchase_is_charged(
    running: Subscription | None,
    policy: UpgradeInTrial,
    new_end: object,
    moment: str,
    charge: Charge,
    charged_at: object,
    days_left: int,
) -> None:
    """At once, at the end of the trial that runs, or of the one that begins with it."""
    plan = catalog(Policy(upgrade_in_trial=policy)).plan("team")
    terms = purchase_terms(running, plan, NEW_END if new_end else None, at(moment))
    assert (terms.charge, terms.charged_at, terms.days_left) == (charge, charged_at, days_left)


@pytest.mark.parametrize(
    ("state", "is_bought"),
    [
        (account(trial(), cards=Cards.NONE), True),
        (account(trial(), cards=Cards.UNKNOWN), True),
        (account(trial(), cards=Cards.DEFAULT), False),
        (account(subscription(), cards=Cards.NONE), False),
        (account(trial("canceled"), cards=Cards.NONE), False),
        (account(replace(trial(), trial_end=None), cards=Cards.NONE), False),
        (account(replace(trial(), collection_method="send_invoice"), cards=Cards.NONE), False),
        (account(cards=Cards.NONE), False),
    ],
)
def test_which_trial_is_bought(state: AccountState, is_bought: bool) -> None:
    """One that runs, is charged to a card, and has none as far as anybody knows."""
    assert (trial_to_buy(state) is not None) is is_bought


def test_seats_that_are_tried_are_bought() -> None:
    """Of the same plan as many as are tried, of another one."""
    items = (
        SubscriptionItem("si_1", "p_1", 9, add_on_key="storage"),
        SubscriptionItem("si_2", "p_2", 5, plan_key="team"),
    )
    tries = replace(trial(), items=items)
    plans = catalog(Policy()).plans
    assert [tried_seats(tries, plans[key]) for key in ("team", "starter")] == [5, 1]
