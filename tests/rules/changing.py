"""What the tests of changes sell, and what accounts hold of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.rules.builders import FEATURES, TRIAL_END, Cards, account, at, subscription
from tiergate.rules.catalog import AddOn, Catalog, Plan, Product, Seats
from tiergate.rules.held import Held, held_by
from tiergate.rules.policy import FewerSeats, Policy, UpgradeInTrial
from tiergate.rules.price import Price
from tiergate.rules.state import (
    AccountState,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
)

NOW = at("2026-03-20T00:00:00")
PERIOD_END = at("2026-04-01T09:30:00")


def sold_plan(key: str, rank: int, month: int, *, policy: Policy, seats: Seats | None = None) -> Plan:
    """A plan that is sold by the month and by the year."""
    prices = (
        Price(f"{key}_monthly", "month", "usd", month),
        Price(f"{key}_yearly", "year", "usd", 10 * month),
    )
    return Plan(key, key.capitalize(), rank, prices=prices, policy=policy, seats=seats)


def shop(policy: Policy | None = None) -> Catalog:
    """Free, Starter, Team (which is cheaper!), Crew per seat, and Enterprise by agreement."""
    policy = policy or Policy()
    plans = [
        Plan("free", "Free", 0),
        sold_plan("starter", 1, 5900, policy=policy),
        sold_plan("team", 2, 4900, policy=policy),
        sold_plan("crew", 3, 900, policy=policy, seats=Seats(2, 20)),
        Plan("monthly_only", "Monthly", 4, prices=(Price("monthly_only", "month", "usd", 1),), policy=policy),
        Plan("enterprise", "Enterprise", 5, contact_url="mailto:sales@acme.example"),
    ]
    storage = AddOn("storage", "Storage", prices=(Price("storage_monthly", "month", "usd", 500),))
    return Catalog(
        Product("Northwind"), FEATURES, {plan.key: plan for plan in plans}, {"storage": storage}, version=7
    )


INTERVALS = {f"price_{price.lookup_key}": price.interval for plan in shop() for price in plan.prices} | {
    "price_storage_monthly": "month"
}

KEEP = Policy(upgrade_in_trial=UpgradeInTrial.KEEP_TRIAL)
WAIT_FOR_SEATS = Policy(fewer_seats_than_members=FewerSeats.AT_RENEWAL)


def line(
    plan: str | None, interval: str = "month", quantity: int = 1, *, add_on: str | None = None
) -> SubscriptionItem:
    """An item in the period of March."""
    sold = f"{plan or add_on}_{interval}ly"
    return SubscriptionItem(
        f"si_{plan or add_on}",
        f"price_{sold}",
        quantity,
        at("2026-03-01T09:30:00"),
        PERIOD_END,
        plan_key=plan,
        add_on_key=add_on,
    )


def having(*items: SubscriptionItem, status: str = "active", **fields: Any) -> Subscription:
    """A subscription with these items."""
    plan_key = next((item.plan_key for item in items if item.plan_key), None)
    return replace(subscription(status), items=items, plan_key=plan_key, **fields)


def trying(plan: str = "team", **fields: Any) -> Subscription:
    """A subscription in a trial that runs until 15 March."""
    return having(line(plan), status="trialing", trial_end=TRIAL_END, **fields)


def planned(*items: SubscriptionItem, end_behavior: str = "release") -> Schedule:
    """A schedule that lets these items follow at the end of March."""
    phase = SchedulePhase(PERIOD_END, PERIOD_END + timedelta(days=1), items)
    return Schedule("sched_1", "cus_1", "active", "sub_1", end_behavior, (phase,))


def holding(
    *subscriptions: Subscription,
    schedules: Sequence[Schedule] = (),
    cards: Cards = Cards.DEFAULT,
    offer: Catalog | None = None,
) -> Held | None:
    """What an account with these holds."""
    state: AccountState = replace(account(*subscriptions, cards=cards), schedules=tuple(schedules))
    return held_by(state, offer or shop(), INTERVALS)
