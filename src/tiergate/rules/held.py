"""The subscription that an account's changes are made to, and what of it belongs to the plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.change import Refusal
from tiergate.rules.scheduled import coming_phases, schedule_in_force
from tiergate.rules.state import (
    ENDED,
    AccountState,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)

Intervals = Mapping[str, str]
"""The interval of each of our prices that is concerned, by Stripe's id."""

_PREFERENCE = (
    SubscriptionStatus.UNKNOWN,
    SubscriptionStatus.INCOMPLETE,
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAUSED,
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.ACTIVE,
)
_HINDERED: Mapping[SubscriptionStatus, Refusal] = {
    SubscriptionStatus.UNKNOWN: Refusal.STATUS_UNKNOWN,
    SubscriptionStatus.INCOMPLETE: Refusal.PAYMENT_OUTSTANDING,
    SubscriptionStatus.UNPAID: Refusal.PAYMENT_OUTSTANDING,
    SubscriptionStatus.PAST_DUE: Refusal.PAYMENT_OUTSTANDING,
    SubscriptionStatus.PAUSED: Refusal.SUBSCRIPTION_PAUSED,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription to a plan, with the item that sells the plan."""

    subscription: Subscription
    item: SubscriptionItem
    plan: Plan | None
    """As it was sold; ``None`` where its price belongs to no plan that is known."""
    interval: str | None
    """How it is paid for; ``None`` for a stranger's price."""
    schedule_id: str | None = None
    coming: tuple[tuple[SubscriptionItem, ...], ...] = ()
    """The items of each phase that is planned, in order."""
    has_card: bool = False
    """Whether it can be charged, or is paid by invoices that are sent."""
    currency: str | None = None
    """What the account pays in, once it has paid."""

    @property
    def hindrance(self) -> Refusal | None:
        """What forbids any change for now, other than a cancellation."""
        if self.subscription.pause_collection is not None:
            return Refusal.SUBSCRIPTION_PAUSED
        found = _HINDERED.get(self.subscription.status)
        return Refusal.PRICE_UNKNOWN if found is None and self.plan is None else found

    @property
    def is_ending(self) -> bool:
        """Whether its end is scheduled."""
        return self.subscription.cancels_at is not None

    @property
    def renews_at(self) -> datetime | None:
        """When the plan's item is paid for anew, or its trial ends."""
        return self.subscription.trial_end if self.is_in_trial else self.item.current_period_end

    @property
    def is_in_trial(self) -> bool:
        """Whether a trial is running, as far as Stripe has said."""
        return self.subscription.status is SubscriptionStatus.TRIALING

    def add_on(self, key: str) -> SubscriptionItem | None:
        """Return the item that sells an add-on."""
        return next((item for item in self.subscription.items if item.add_on_key == key), None)


def held_by(state: AccountState, catalog: Catalog, intervals: Intervals) -> Held | None:
    """Return what an account's changes are made to, or ``None`` where it has no subscription to a plan.

    Of several, that is the one that is paid for, then the bigger plan, then the newer.
    """
    found = [
        _held(each, state, catalog, intervals) for each in state.subscriptions if each.status not in ENDED
    ]
    return max((held for held in found if held is not None), key=_preference, default=None)


def _held(
    subscription: Subscription, state: AccountState, catalog: Catalog, intervals: Intervals
) -> Held | None:
    plans = catalog.as_sold(subscription.catalog_version).plans
    sold = [(plan.rank, item) for item in subscription.items if (plan := plans.get(item.plan_key or ""))]
    if sold:
        item = max(sold, key=lambda each: each[0])[1]
        plan = plans[item.plan_key or ""]
    else:
        others = [item for item in subscription.items if item.add_on_key is None]
        if not others:
            return None
        item, plan = others[0], plans.get(subscription.plan_key or "")
    schedule = schedule_in_force(subscription, state)
    return Held(
        subscription,
        item,
        plan,
        intervals.get(item.price_id),
        schedule.id if schedule else None,
        tuple([phase.items for phase in coming_phases(subscription, state)]),
        subscription.is_sent_invoices or bool(state.has_card(subscription)),
        state.currency,
    )


def _preference(held: Held) -> tuple[int, int, datetime, str]:
    subscription = held.subscription
    rank = held.plan.rank if held.plan else -1
    return (_PREFERENCE.index(subscription.status), rank, subscription.created_at, subscription.id)
