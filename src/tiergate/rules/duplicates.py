"""What an account has twice: a trial that a purchase has overtaken, a second subscription that is paid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.policy import OnDuplicate
from tiergate.rules.sold import sold_by
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus

_PAYING = frozenset([SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE])


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A subscription to a plan that stands beside another one of the same account."""

    kind: Literal["superseded_trial", "second_paid"]
    subscription_id: str
    kept_id: str
    """The subscription that is meant to stay."""
    is_cancelled: bool
    """Whether it is to be cancelled at Stripe: a trial always, a paid one where ``on_duplicate`` says so."""


def duplicates_of(state: AccountState, catalog: Catalog) -> tuple[Duplicate, ...]:
    """Return what is there twice, trials first, each in the order in which they were created.

    What is scheduled to end needs nothing, and add-ons alone are no duplicate of a plan. Of paid ones
    the oldest is meant to stay; of trials the one that has a card of its own, then the bigger, then the
    newer. A trial that was begun after a purchase is no duplicate: somebody tries a bigger plan.
    """
    live = [
        (subscription, plan)
        for subscription in sorted(state.subscriptions, key=_created)
        if subscription.cancels_at is None and (plan := _plan_of(subscription, catalog)) is not None
    ]
    paid = [each for each in live if each[0].status in _PAYING]
    trials = [each for each in live if each[0].status is SubscriptionStatus.TRIALING]
    return (*_superseded(trials, [subscription for subscription, _ in paid]), *_second_paid(paid))


def _superseded(trials: list[tuple[Subscription, Plan]], paid: list[Subscription]) -> list[Duplicate]:
    kept = {}
    for trial, _ in trials:
        bought = next((each for each in paid if _created(each) > _created(trial)), None)
        if bought is not None:
            kept[trial.id] = bought.id
    running = [each for each in trials if each[0].id not in kept]
    best = max(running, key=_preference, default=None)
    kept |= {trial.id: best[0].id for trial, _ in running if best is not None and trial is not best[0]}
    return [
        Duplicate("superseded_trial", trial.id, kept[trial.id], is_cancelled=True)
        for trial, _ in trials
        if trial.id in kept
    ]


def _second_paid(paid: list[tuple[Subscription, Plan]]) -> list[Duplicate]:
    return [
        Duplicate(
            "second_paid",
            subscription.id,
            paid[0][0].id,
            is_cancelled=plan.policy.on_duplicate is OnDuplicate.CANCEL,
        )
        for subscription, plan in paid[1:]
    ]


def _plan_of(subscription: Subscription, catalog: Catalog) -> Plan | None:
    sold = sold_by(subscription.items, subscription.plan_key, subscription.catalog_version, catalog)
    return sold.plan if sold else None


def _created(subscription: Subscription) -> tuple[datetime, str]:
    return (subscription.created_at, subscription.id)


def _preference(trial: tuple[Subscription, Plan]) -> tuple[bool, int, datetime, str]:
    subscription, plan = trial
    return (subscription.default_payment_method is not None, plan.rank, *_created(subscription))
