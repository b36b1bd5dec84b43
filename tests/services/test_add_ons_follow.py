"""Add-ons are paid like their plan, and what is planned for the renewal adds up."""

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.changing import PER_SEAT, at_stripe, desk, hear, paid, prices, sell, sell_crew, travel
from tiergate.services.changes.change_errors import ChangeRefusedError
from tiergate.services.plans.push_plans import push_plans

SUPPORT = """
[addons.support]
name = "Support"
features = { projects = 1 }
[[addons.support.prices]]
interval = "month"
currency = "usd"
unit_amount = 700
[[addons.support.prices]]
interval = "year"
currency = "usd"
unit_amount = 7000
"""


def team_with(bench: Bench, mode: str = "flexible", **add_ons: int) -> str:
    """Let the account have Team with add-ons, of which Storage is sold by the month alone."""
    push_plans(bench.context, northwind() + PER_SEAT + SUPPORT)
    subscription_id = sell(bench, "team", billing_mode={"type": mode})
    for key, quantity in add_ons.items():
        desk(bench).set_add_on(ACCOUNT, key, quantity)
        bench.tick()
    return subscription_id


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_add_ons_follow_their_plan(both: Bench, mode: str) -> None:
    """They are paid by the year with it, and by the month again; both as the previews have shown."""
    subscription_id = team_with(both, mode, support=2)
    shown = desk(both).preview_change(ACCOUNT, "team", "year")
    both.clock.advance(minutes=10)
    assert desk(both).change_plan(ACCOUNT, "team", "year", token=shown.token).outcome == "done"
    assert prices(both, subscription_id) == {"team_yearly": 1, "support_yearly": 2}
    assert (paid(both)[-1], shown.renewal_total) == (shown.due_now, 46800 + 2 * 7000)
    ends = {item["current_period_end"] for item in at_stripe(both, subscription_id)["items"]["data"]}
    assert ends == {int(shown.renews_at.timestamp())} if shown.renews_at and mode == "flexible" else len(ends)
    travel(both, days=100)
    back = desk(both).preview_change(ACCOUNT, "team", "month")
    both.clock.advance(minutes=10)
    desk(both).change_plan(ACCOUNT, "team", "month", token=back.token)
    travel(both, days=267)
    assert prices(both, subscription_id) == {"team_monthly": 1, "support_monthly": 2}
    assert (paid(both)[-1], back.renewal_total) == (4900 + 2 * 700, 4900 + 2 * 700)


def test_a_new_period_is_said_to_end_when_it_does(both: Bench) -> None:
    """Classic billing begins one for another interval; the preview tells when that is renewed."""
    subscription_id = team_with(both, "classic", support=1)
    shown = desk(both).preview_change(ACCOUNT, "team", "year")
    desk(both).change_plan(ACCOUNT, "team", "year", token=shown.token)
    ends = {item["current_period_end"] for item in at_stripe(both, subscription_id)["items"]["data"]}
    assert shown.renews_at is not None
    assert ends == {int(shown.renews_at.timestamp())}


def test_an_add_on_that_cannot_follow_is_said_to(both: Bench) -> None:
    """Nothing is mixed: it is refused before Stripe is asked, and names the add-on."""
    subscription_id = team_with(both, storage=1)
    both.line.requests.clear()
    for wish in (("team", "year"), ("scale", "year")):
        with pytest.raises(ChangeRefusedError) as refused:
            desk(both).preview_change(ACCOUNT, *wish)
        assert (refused.value.code, refused.value.details) == ("add_on_not_sold_so", {"add_on": "storage"})
    with pytest.raises(ChangeRefusedError):
        desk(both).change_plan(ACCOUNT, "team", "year")
    assert (both.line.requests, prices(both, subscription_id)["team_monthly"]) == ([], 1)


def test_what_is_planned_adds_up(both: Bench) -> None:
    """Two add-ons that go and a smaller plan are one renewal, whose amount each preview has to the cent."""
    subscription_id = team_with(both, storage=2, support=2)
    for key, quantity in (("storage", 0), ("support", 1)):
        shown = desk(both).preview_change(ACCOUNT, add_on=key, quantity=quantity)
        assert shown.undone == ()
        assert desk(both).set_add_on(ACCOUNT, key, quantity, token=shown.token).outcome == "scheduled"
        both.tick()
    assert shown.renewal_total == 4900 + 700
    smaller = desk(both).preview_change(ACCOUNT, "starter")
    assert (smaller.renewal_total, smaller.undone) == (1900 + 700, ())
    desk(both).change_plan(ACCOUNT, "starter", token=smaller.token)
    assert both.explain().phase.plan_key == "team"
    travel(both, days=22)
    assert prices(both, subscription_id) == {"starter_monthly": 1, "support_monthly": 1}
    assert paid(both)[-1] == smaller.renewal_total


def test_a_removal_is_taken_back_alone(both: Bench) -> None:
    """Who keeps one add-on after all still loses the other; who keeps both has nothing planned any more."""
    subscription_id = team_with(both, storage=2, support=2)
    for key in ("storage", "support"):
        desk(both).set_add_on(ACCOUNT, key, 0)
        both.tick()
    kept = desk(both).preview_change(ACCOUNT, add_on="storage", quantity=2)
    assert (str(kept.change.kind), kept.due_now, kept.renewal_total) == ("stay", 0, 4900 + 1000)
    assert desk(both).set_add_on(ACCOUNT, "storage", 2, token=kept.token).outcome == "scheduled"
    assert [desk(both).set_add_on(ACCOUNT, "storage", 2).outcome for _ in range(3)] == ["nothing"] * 3
    both.tick()
    assert desk(both).set_add_on(ACCOUNT, "support", 2).outcome == "done"
    assert at_stripe(both, subscription_id)["schedule"] is None
    hear(both)
    travel(both, days=22)
    assert (prices(both, subscription_id)["support_monthly"], paid(both)[-1]) == (2, 4900 + 1000 + 1400)


def test_the_plan_that_is_planned_stays_planned(both: Bench) -> None:
    """An add-on that goes leaves a smaller plan coming; another plan takes that one's place."""
    subscription_id = team_with(both, support=1)
    desk(both).change_plan(ACCOUNT, "starter")
    both.tick()
    shown = desk(both).preview_change(ACCOUNT, add_on="support", quantity=0)
    assert (shown.renewal_total, shown.undone) == (1900, ())
    desk(both).set_add_on(ACCOUNT, "support", 0, token=shown.token)
    travel(both, days=22)
    assert prices(both, subscription_id) == {"starter_monthly": 1}


def test_seats_that_wait_are_taken_back(both: Bench) -> None:
    """The number there is, wished for again, undoes the smaller one that was planned."""
    sell_crew(both, ("grace_days = 3", 'fewer_seats_than_members = "at_renewal"'))
    subscription_id = sell(both, "crew", items=[{"price": both.price("crew"), "quantity": 5}])
    both.register(ACCOUNT, members=4)
    assert desk(both).set_seats(ACCOUNT, 3).outcome == "scheduled"
    both.tick()
    kept = desk(both).set_seats(ACCOUNT, 5)
    assert (kept.outcome, kept.kind, kept.undone) == ("done", "stay", ("schedule",))
    travel(both, days=22)
    assert prices(both, subscription_id) == {"crew_monthly": 5}


def test_who_stays_is_shown_the_price_that_is_paid(both: Bench) -> None:
    """Taking a cancellation back moves nobody to a price of today: the preview says what will be charged."""
    subscription_id = sell(both, "team")
    push_plans(both.context, northwind().replace("unit_amount = 4900", "unit_amount = 5900"))
    desk(both).cancel(ACCOUNT)
    both.tick()
    shown = desk(both).preview_change(ACCOUNT, "team")
    assert (str(shown.change.kind), shown.renewal_total) == ("stay", 4900)
    desk(both).change_plan(ACCOUNT, "team", token=shown.token)
    travel(both, days=22)
    assert (paid(both)[-1], at_stripe(both, subscription_id)["cancel_at"]) == (4900, None)
