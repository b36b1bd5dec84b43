"""What a purchase charges, and when: the same before the click, in words, and after it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tiergate.rules.catalog import Plan
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus
from tiergate.rules.upgrade_in_trial import trial_end_after_purchase


class Charge(StrEnum):
    """When the card is charged for the first time."""

    NOW = "now"
    """At once; nothing was tried, or cannot be tried any more."""
    NOW_ENDING_TRIAL = "now_ending_trial"
    """At once; the days that are left of the trial end."""
    AT_TRIAL_END = "at_trial_end"
    """When the trial that runs is over."""
    AFTER_NEW_TRIAL = "after_new_trial"
    """When the trial is over that begins with this."""


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """When it is charged, and how many days of a trial are left that it ends or keeps."""

    charge: Charge
    charged_at: datetime | None
    """``None`` is at once."""
    days_left: int = 0


def purchase_terms(
    trial: Subscription | None, plan: Plan, new_trial_ends_at: datetime | None, at: datetime
) -> PurchaseTerms:
    """Return the terms of buying a plan at an instant.

    ``trial`` is the one that runs without a card, if there is one. ``new_trial_ends_at`` is the end of the
    trial that a first purchase begins with; ``None`` where it has none.
    """
    trial_end = trial_end_after_purchase(trial, plan, at) if trial else None
    if trial is None or trial_end is None or trial.trial_end is None:
        charge = Charge.NOW if new_trial_ends_at is None else Charge.AFTER_NEW_TRIAL
        return PurchaseTerms(charge, new_trial_ends_at)
    days_left = -((at - trial.trial_end).days)
    if trial_end == "now":
        return PurchaseTerms(Charge.NOW_ENDING_TRIAL, None, days_left)
    return PurchaseTerms(Charge.AT_TRIAL_END, trial.trial_end, days_left)


def tried_seats(trial: Subscription, plan: Plan) -> int:
    """Return how many seats of a plan a trial has: one where it tries another plan."""
    items = (item.quantity for item in trial.items if item.plan_key == plan.key)
    return next(items, 1)


def trial_to_buy(state: AccountState) -> Subscription | None:
    """Return the trial without a card that a purchase turns into a paid subscription.

    That nobody has looked for a card is no proof that there is none, nor is it one that there is.
    """
    for subscription in state.subscriptions:
        is_trial = subscription.status is SubscriptionStatus.TRIALING and subscription.trial_end is not None
        if is_trial and not state.has_card(subscription) and not subscription.is_sent_invoices:
            return subscription
    return None
