"""What Stripe's subscription schedules say of the future.

Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from datetime import datetime

from tiergate.rules.catalog import Catalog
from tiergate.rules.sold import Sold, sold_by
from tiergate.rules.state import AccountState, Schedule, SchedulePhase, Subscription

_IN_FORCE = frozenset(["not_started", "active"])


def changes_of(
    subscription: Subscription, state: AccountState, catalog: Catalog
) -> list[tuple[datetime, Sold | None]]:
    """Return what a subscription will sell from when on, in order.

    What was due when Stripe spoke last is a fact of the subscription already, and no longer a plan.
    """
    return [
        (phase.starts_at, sold_by(phase.items, None, subscription.catalog_version, catalog))
        for phase in coming_phases(subscription, state)
    ]


def coming_phases(subscription: Subscription, state: AccountState) -> list[SchedulePhase]:
    """Return what a schedule has planned for a subscription and was not due yet, in order."""
    schedule = schedule_in_force(subscription, state)
    if schedule is None:
        return []
    heard_at = subscription.observed_at or subscription.current_period_start or subscription.began_at
    return [
        phase
        for phase in sorted(schedule.phases, key=lambda phase: phase.starts_at)
        if phase.starts_at > heard_at and phase.items
    ]


def ends_by_schedule_at(subscription: Subscription, state: AccountState) -> datetime | None:
    """Return when a schedule ends a subscription, or ``None`` where it leaves it running."""
    schedule = schedule_in_force(subscription, state)
    if schedule is None or schedule.end_behavior != "cancel":
        return None
    return max((phase.ends_at for phase in schedule.phases), default=None)


def schedule_in_force(subscription: Subscription, state: AccountState) -> Schedule | None:
    """Return the schedule that a subscription follows, if any."""
    mine = (
        schedule
        for schedule in state.schedules
        if schedule.status in _IN_FORCE
        and (schedule.subscription_id == subscription.id or schedule.id == subscription.schedule_id)
    )
    return min(mine, key=lambda schedule: schedule.id, default=None)
