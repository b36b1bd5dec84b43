"""Seats and add-ons: prorated to the cent, never fewer than there are people."""

from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench
from tests.services.changing import (
    FAILS_LATER,
    at_stripe,
    desk,
    hear,
    held,
    invoices,
    paid,
    prices,
    sell,
    sell_crew,
    travel,
)
from tiergate.rules.errors import UnknownAddOnError
from tiergate.services.changes.change_errors import ChangeRefusedError, CheckoutRequiredError

WAIT = ("grace_days = 3", 'fewer_seats_than_members = "at_renewal"')


def sell_seats(bench: Bench, seats: int = 5, card: str = "") -> str:
    """Let the account have some seats of Crew, ten days ago."""
    return sell(bench, "crew", card, items=[{"price": bench.price("crew"), "quantity": seats}])


def test_more_seats_are_prorated(both: Bench) -> None:
    """The preview, the invoice and the charge agree; the renewal is for all of them."""
    sell_crew(both)
    subscription_id = sell_seats(both)
    shown = desk(both).preview_change(ACCOUNT, seats=8)
    assert ([line.amount for line in shown.lines], shown.due_now) == ([-3387, 5419], 2032)
    assert (shown.renewal_total, shown.renews_at) == (8000, held(both).renews_at)
    changed = desk(both).set_seats(ACCOUNT, 8, token=shown.token)
    assert (changed.outcome, changed.kind, changed.quantity) == ("done", "more", 8)
    assert (paid(both), prices(both, subscription_id)) == ([5000, 2032], {"crew_monthly": 8})
    assert [desk(both).set_seats(ACCOUNT, 8).outcome for _ in range(4)] == ["nothing"] * 4
    travel(both, days=22)
    assert paid(both)[-1] == 8000


def test_fewer_seats_are_credited(both: Bench) -> None:
    """For whom everybody keeps a seat, the rest is credited, and the next renewal is less by that."""
    sell_crew(both)
    both.register(ACCOUNT, members=3)
    subscription_id = sell_seats(both)
    shown = desk(both).preview_change(ACCOUNT, seats=3)
    assert (shown.total, shown.due_now) == (-1355, 0)
    desk(both).set_seats(ACCOUNT, 3, token=shown.token)
    assert prices(both, subscription_id) == {"crew_monthly": 3}
    assert invoices(both)[-1]["total"] == -1355
    travel(both, days=22)
    assert paid(both)[-1] == 3000 - 1355


def test_fewer_seats_than_people_are_refused(both: Bench) -> None:
    """Nobody loses a seat that is in use; without the number of people nobody can be counted."""
    sell_crew(both)
    both.register(ACCOUNT, members=4)
    subscription_id = sell_seats(both)
    for do in (lambda: desk(both).set_seats(ACCOUNT, 3), lambda: desk(both).preview_change(ACCOUNT, seats=3)):
        with pytest.raises(ChangeRefusedError) as refused:
            do()
        assert refused.value.code == "fewer_seats_than_members"
    assert prices(both, subscription_id) == {"crew_monthly": 5}


def test_fewer_seats_than_people_wait_where_the_policy_says_so(both: Bench) -> None:
    """They are scheduled for the renewal, once, and can be undone."""
    sell_crew(both, WAIT)
    both.register(ACCOUNT, members=4)
    subscription_id = sell_seats(both)
    shown = desk(both).preview_change(ACCOUNT, seats=3)
    assert (shown.due_now, shown.renewal_total, shown.renews_at) == (0, 3000, held(both).renews_at)
    changed = desk(both).set_seats(ACCOUNT, 3, token=shown.token)
    assert (changed.outcome, prices(both, subscription_id)) == ("scheduled", {"crew_monthly": 5})
    assert desk(both).set_seats(ACCOUNT, 3).outcome == "nothing"
    travel(both, days=22)
    assert (prices(both, subscription_id), paid(both)[-1]) == ({"crew_monthly": 3}, 3000)


def test_seats_that_are_not_paid_are_not_there(both: Bench) -> None:
    """A declined card leaves the seats as they were, and leads to the page to pay at."""
    sell_crew(both)
    subscription_id = sell_seats(both, card=FAILS_LATER)
    changed = desk(both).set_seats(ACCOUNT, 8)
    assert (changed.outcome, prices(both, subscription_id)) == ("payment_pending", {"crew_monthly": 5})
    assert desk(both).set_seats(ACCOUNT, 8).pay_url == changed.pay_url
    assert held(both).item.quantity == 5


def test_seats_that_cannot_be_had(both: Bench) -> None:
    """Too many, too few, of a plan without seats, without a subscription: each says why."""
    sell_crew(both)
    with pytest.raises(CheckoutRequiredError):
        desk(both).set_seats(ACCOUNT, 3)
    sell_seats(both)
    for seats in (1, 21):
        with pytest.raises(ChangeRefusedError) as refused:
            desk(both).set_seats(ACCOUNT, seats)
        assert refused.value.code == "seats_out_of_range"
    both.tick()
    desk(both).change_plan(ACCOUNT, "crew", "year")
    both.tick()
    assert held(both).item.quantity == 5


def test_a_plan_per_seat_is_bought_for_everybody(both: Bench) -> None:
    """Changing to it takes a seat for each person; the preview says how many and what that costs."""
    sell_crew(both)
    both.register(ACCOUNT, members=7)
    subscription_id = sell(both, "starter")
    shown = desk(both).preview_change(ACCOUNT, "crew")
    assert (shown.change.quantity, shown.renewal_total) == (7, 7000)
    desk(both).change_plan(ACCOUNT, "crew", token=shown.token)
    assert prices(both, subscription_id) == {"crew_monthly": 7}


@pytest.mark.parametrize("wish", [{"seats": 5}, {"seats": 2}, {"add_on": "storage", "quantity": 1}], ids=str)
def test_who_is_leaving_may_still_have_more(both: Bench, wish: dict[str, Any]) -> None:
    """For the rest of the period: it is previewed without a renewal, charged, and the end stays."""
    sell_crew(both)
    sell(both, "crew")
    desk(both).set_seats(ACCOUNT, 3)
    both.tick()
    desk(both).cancel(ACCOUNT)
    both.tick()
    hear(both)
    both.tick()
    before = paid(both)
    shown = desk(both).preview_change(ACCOUNT, **wish)
    assert (shown.renews_at, shown.renewal_total, shown.currency) == (None, None, "usd")
    change = desk(both).set_seats if "seats" in wish else desk(both).set_add_on
    assert change(ACCOUNT, *wish.values(), token=shown.token).outcome == "done"
    assert paid(both) == [*before, *([shown.due_now] if shown.due_now else [])]
    assert held(both).is_ending


def test_add_ons_come_now_and_go_at_the_renewal(both: Bench) -> None:
    """More is charged at once to the cent; none is planned, and can be undone."""
    sell_crew(both)
    subscription_id = sell(both, "team")
    shown = desk(both).preview_change(ACCOUNT, add_on="storage", quantity=2)
    assert (shown.due_now, shown.renewal_total) == (677, 5900)
    assert desk(both).set_add_on(ACCOUNT, "storage", 2, token=shown.token).outcome == "done"
    assert (paid(both)[-1], prices(both, subscription_id)) == (677, {"team_monthly": 1, "storage_monthly": 2})
    assert [desk(both).set_add_on(ACCOUNT, "storage", 2).outcome for _ in range(4)] == ["nothing"] * 4
    both.tick()
    gone = desk(both).set_add_on(ACCOUNT, "storage", 0)
    assert (gone.outcome, gone.effective_at) == ("scheduled", held(both).renews_at)
    assert prices(both, subscription_id)["storage_monthly"] == 2
    assert desk(both).set_add_on(ACCOUNT, "storage", 0).outcome == "nothing"
    travel(both, days=22)
    assert (prices(both, subscription_id), paid(both)[-1]) == ({"team_monthly": 1}, 4900)


def test_less_of_an_add_on(both: Bench) -> None:
    """Less, not none, is planned too, and more of it changes the item that is there."""
    sell_crew(both)
    subscription_id = sell(both, "team")
    desk(both).set_add_on(ACCOUNT, "storage", 2)
    both.tick()
    desk(both).set_add_on(ACCOUNT, "storage", 5)
    both.tick()
    assert prices(both, subscription_id)["storage_monthly"] == 5
    desk(both).set_add_on(ACCOUNT, "storage", 1)
    travel(both, days=22)
    assert prices(both, subscription_id) == {"team_monthly": 1, "storage_monthly": 1}


def test_add_ons_in_a_trial(both: Bench) -> None:
    """Nothing is paid for yet: they come and go at once, and cost nothing before the trial ends."""
    sell_crew(both)
    subscription_id = sell(both, "team", trial_period_days=14)
    shown = desk(both).preview_change(ACCOUNT, add_on="storage", quantity=2)
    assert (shown.due_now, shown.renewal_total) == (0, 5900)
    desk(both).set_add_on(ACCOUNT, "storage", 2, token=shown.token)
    both.tick()
    desk(both).set_add_on(ACCOUNT, "storage", 0)
    assert (prices(both, subscription_id), paid(both)) == ({"team_monthly": 1}, [])
    assert at_stripe(both, subscription_id)["schedule"] is None


def test_add_ons_that_are_not_sold(both: Bench) -> None:
    """An unknown one is refused, and nothing is changed."""
    sell_crew(both)
    sell(both, "team")
    with pytest.raises(UnknownAddOnError):
        desk(both).set_add_on(ACCOUNT, "gold", 1)
    hear(both)
    assert paid(both) == [4900]
