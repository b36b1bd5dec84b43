"""What is planned for the renewal adds up, and add-ons are paid like their plan."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.rules.changing import INTERVALS, NOW, PERIOD_END, having, holding, line, planned, shop
from tiergate.rules.catalog import AddOn, Catalog
from tiergate.rules.change import Change, ChangeKind, Holds, Refusal
from tiergate.rules.errors import UnknownPlanError
from tiergate.rules.held import Held
from tiergate.rules.plan_change import cancellation, plan_change
from tiergate.rules.planned_items import drops_planned, goes_with_planned, planned_items
from tiergate.rules.price import Price
from tiergate.rules.quantity_change import add_on_change, is_sold_per, seat_change
from tiergate.rules.state import Schedule, SchedulePhase, SubscriptionItem

STORAGE = line(None, quantity=2, add_on="storage")
SUPPORT = line(None, quantity=3, add_on="support")
KNOWN = INTERVALS | {"price_support_monthly": "month", "price_support_yearly": "year"}


def offer() -> Catalog:
    """Storage by the month alone, Support by the year too."""
    support = AddOn(
        "support",
        "Support",
        prices=(Price("support_monthly", "month", "usd", 1), Price("support_yearly", "year", "usd", 9)),
    )
    return replace(shop(), add_ons={**shop().add_ons, "support": support})


def team(*coming: str | None, **given_up: bool) -> Held:
    """Team with two add-ons; after the renewal another plan, or without some of them."""
    items = [line("team"), STORAGE, SUPPORT]
    if not coming and not given_up:
        return must(holding(having(*items), offer=offer()))
    follows = [line(coming[0] if coming else "team")]
    follows += [item for item in (STORAGE, SUPPORT) if not given_up.get(item.add_on_key or "")]
    return must(holding(having(*items), schedules=[planned(*follows)], offer=offer()))


def must(held: Held | None) -> Held:
    """What is there."""
    assert held is not None
    return held


def wish(held: Held, plan: str, interval: str | None = None) -> Change:
    """What the wish for a plan comes to."""
    return plan_change(held, offer(), KNOWN, plan, interval, NOW)


def add_on(held: Held, key: str, quantity: int) -> Change:
    """What the wish for an add-on comes to."""
    return add_on_change(held, offer(), key, quantity, NOW)


@pytest.mark.parametrize(
    ("held", "plan", "interval", "in_the_way"),
    [
        (team(), "team", "year", "storage"),
        (team(), "team", "month", None),
        (team(), "crew", "month", None),
        (team(), "starter", "year", "storage"),
        (team(storage=True), "starter", "year", None),
        (team(storage=True), "team", "year", "storage"),
        (must(holding(having(line("team"), SUPPORT), offer=offer())), "team", "year", None),
        (must(holding(having(line("team"), line(None, add_on="gold")))), "crew", "year", None),
    ],
    ids=[
        "monthly only", "nothing changes", "another plan", "a smaller one by the year", "given up till then",
        "given up, but not yet", "sold by the year", "a price nobody knows",
    ],
)  # fmt: skip
def test_add_ons_follow_the_interval(held: Held, plan: str, interval: str, in_the_way: str | None) -> None:
    """A change that an add-on cannot follow is refused, and says for which."""
    change = wish(held, plan, interval)
    assert change.in_the_way == in_the_way
    assert change.refusal == (Refusal.ADD_ON_NOT_SOLD_SO if in_the_way else None)


def test_an_add_on_in_the_accounts_currency() -> None:
    """What is sold by the year in another currency does not follow; nor does a plan."""
    assert is_sold_per(offer(), "support", "year", "usd")
    assert not is_sold_per(offer(), "support", "year", "eur")
    assert not is_sold_per(offer(), "gold", "year", None)
    with pytest.raises(UnknownPlanError):
        wish(replace(team(), currency="eur"), "crew")


def test_what_follows_each_item() -> None:
    """As it is held where nothing is planned; otherwise as planned, with what is given up and what comes."""
    as_it_is = {
        "si_team": ("price_team_monthly", 1),
        "si_storage": ("price_storage_monthly", 2),
        "si_support": ("price_support_monthly", 3),
    }
    assert planned_items(team()).follows == as_it_is
    found = planned_items(team("starter", storage=True))
    assert found.follows == as_it_is | {"si_team": ("price_starter_monthly", 1), "si_storage": None}
    assert found.added == ()
    yearly = line(None, "year", 1, add_on="support")
    coming = planned(line("team", "year"), yearly, line(None, quantity=4, add_on="gold"))
    found = planned_items(must(holding(having(line("team"), SUPPORT), schedules=[coming])))
    assert found.follows == {"si_team": ("price_team_yearly", 1), "si_support": ("price_support_yearly", 1)}
    assert found.added == (("price_gold_monthly", 4),)


def test_a_schedule_of_several_steps_is_not_added_to() -> None:
    """Nobody here made it: a change drops it, and says so."""
    phases = tuple([SchedulePhase(PERIOD_END, PERIOD_END, (line(plan),)) for plan in ("starter", "crew")])
    schedule = Schedule("sched_1", "cus_1", "active", "sub_1", "release", phases)
    held = must(holding(having(line("team"), STORAGE), schedules=[schedule]))
    change = add_on_change(held, offer(), "storage", 1, NOW)
    assert planned_items(held).follows["si_team"] == ("price_team_monthly", 1)
    assert (goes_with_planned(change, held), drops_planned(change, held)) == (False, True)
    assert add_on_change(held, offer(), "storage", 2, NOW).kind is ChangeKind.NOTHING


@pytest.mark.parametrize(
    ("held", "change", "goes", "drops"),
    [
        (team(storage=True), lambda held: add_on(held, "support", 0), True, False),
        (team("starter"), lambda held: add_on(held, "support", 0), True, False),
        (team(storage=True), lambda held: wish(held, "starter"), True, False),
        (team("monthly_only"), lambda held: wish(held, "starter"), True, True),
        (team(storage=True), lambda held: wish(held, "crew"), False, True),
        (team(storage=True), lambda held: add_on(held, "storage", 2), False, True),
        (team("starter", storage=True), lambda held: add_on(held, "storage", 2), True, True),
        (team(storage=True), lambda held: cancellation(held, None, NOW, now=False), False, True),
        (team(), lambda held: wish(held, "starter"), False, False),
    ],
    ids=[
        "two add-ons", "an add-on and a plan", "a plan and an add-on", "two plans", "a bigger plan",
        "taken back", "taken back alone", "a cancellation", "nothing planned",
    ],
)  # fmt: skip
def test_what_a_change_leaves_planned(
    held: Held, change: Callable[[Held], Change], goes: bool, drops: bool
) -> None:
    """A wish for the renewal is added to what is planned; what holds now takes it back."""
    made = change(held)
    assert (goes_with_planned(made, held), drops_planned(made, held)) == (goes, drops)


def test_what_there_is_takes_its_reduction_back() -> None:
    """At once where nothing else is planned; otherwise the rest is planned anew, for the renewal."""
    alone = add_on(team(storage=True), "storage", 2)
    assert (alone.kind, alone.holds, alone.releases) == (ChangeKind.STAY, Holds.NOW, "sched_1")
    both = add_on(team(storage=True, support=True), "storage", 2)
    assert (both.kind, both.holds, both.effective_at) == (ChangeKind.STAY, Holds.AT_RENEWAL, PERIOD_END)
    assert add_on(team(support=True), "storage", 2).kind is ChangeKind.NOTHING


@pytest.mark.parametrize(
    ("coming", "kind", "holds"),
    [
        ([line("crew", quantity=3)], ChangeKind.STAY, Holds.NOW),
        ([line("crew", "year", quantity=3)], ChangeKind.STAY, Holds.AT_RENEWAL),
        ([line("crew", "year", quantity=5)], ChangeKind.NOTHING, Holds.NOW),
        ([line("starter")], ChangeKind.NOTHING, Holds.NOW),
    ],
    ids=["fewer", "fewer, by the year", "by the year", "another plan"],
)
def test_the_seats_there_are(coming: list[SubscriptionItem], kind: ChangeKind, holds: Holds) -> None:
    """They are kept where fewer were planned; that says nothing of another interval or another plan."""
    schedule = planned(*coming)
    change = seat_change(holding(having(line("crew", quantity=5)), schedules=[schedule]), 5, 4, NOW)
    assert (change.kind, change.holds) == (kind, holds)


def test_fewer_seats_say_nothing_of_another_plan() -> None:
    """A smaller plan that was planned is dropped by them; the same one by the year is not."""
    waits = Change(ChangeKind.FEWER, None, quantity=3, holds=Holds.AT_RENEWAL, releases="sched_1")
    for coming, goes in (line("starter"), False), (line("crew", "year", 5), True):
        held = must(holding(having(line("crew", quantity=5)), schedules=[planned(coming)]))
        assert (goes_with_planned(waits, held), drops_planned(waits, held)) == (goes, not goes)
