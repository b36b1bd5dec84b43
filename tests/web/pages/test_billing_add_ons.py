"""The add-ons of the billing page, of the page that shows a change of them, and of an order."""

from dataclasses import replace

import pytest

from tests.web.pages.changing import change_pages
from tests.web.pages.markup import read
from tests.web.pages.northwind import (
    CREW,
    EXTENDED,
    FREE,
    MEMBER,
    PERIOD_END,
    SCALE,
    TEAM,
    at_stripe,
    on_team,
    self_serve_pages,
    store,
)
from tiergate.rules.access import Reason
from tiergate.rules.next_step import Position
from tiergate.web.billing_add_ons import add_on_rows
from tiergate.web.billing_facts import Running, Terms
from tiergate.web.billing_page import billing_view, render_billing
from tiergate.web.change_page import change_view
from tiergate.web.order_form import Choice, choice_of
from tiergate.web.pricing_page import PricingPage, pricing_view, render_pricing
from tiergate.web.wording import Wording

PAGES = dict(self_serve_pages())
CHANGES = dict(change_pages())


def test_each_add_on_has_its_price_and_a_field() -> None:
    """What is sold by the interval and in the currency is offered, each by a form without a script."""
    rows = add_on_rows(PAGES["own-add-ons"])
    assert [(row.name, row.cost, row.held, row.remove) for row in rows] == [
        ("Storage", "$5 / month", "", None),
        ("Priority line", "$99 / month", "", None),
    ]
    page = read(render_billing(PAGES["own-add-ons"]))
    assert {field["value"] for field in page.all("input") if field.get("name") == "add_on"} == {
        "storage",
        "priority",
    }


def test_what_is_not_sold_so_is_not_offered() -> None:
    """By the year there is no priority line; what is had stays to be given up, though it is not sold."""
    yearly = replace(PAGES["own-add-ons"], running=Running(Terms(TEAM, "year", add_ons={"gold": 1})))
    rows = add_on_rows(yearly)
    assert [(row.name, row.cost, bool(row.remove)) for row in rows] == [
        ("gold", "", True),
        ("Storage", "$50 / year", False),
    ]


def test_what_is_had_comes_first_and_can_be_removed() -> None:
    """The page says how much there is, what it costs with the plan, and what was just done."""
    view = billing_view(PAGES["own-with-add-on"])
    assert (view.add_ons[0].held, view.add_ons[0].quantity) == ("You have 2", 2)
    assert view.add_ons[0].remove
    assert view.add_ons[0].remove.url == "/billing/change?add_on=storage&quantity=0"
    assert view.plan.next == "On Dec 1, 2026 Team renews for $59 plus any tax."
    assert view.told == "Done. You have Team with 2 × Storage."


def test_what_is_planned_is_said_and_can_be_undone() -> None:
    """The end of an add-on is no change of plan; it has one undo, and cannot be removed twice."""
    view = billing_view(PAGES["own-removing-add-on"])
    assert [(notice.title, notice.also and notice.also.label) for notice in view.notices] == [
        ("Storage ends on Dec 1, 2026", "Undo")
    ]
    assert view.add_ons[0].held == "You have 2, and none from Dec 1, 2026"
    assert view.add_ons[0].remove is None
    assert view.plan.next == "On Dec 1, 2026 Team goes on without Storage."
    fewer = replace(
        PAGES["own-removing-add-on"],
        running=Running(
            Terms(TEAM, "month", add_ons={"storage": 3}),
            coming=Terms(TEAM, "month", add_ons={"storage": 2}),
            coming_at=PERIOD_END,
        ),
    )
    assert billing_view(fewer).notices[0].title == "From Dec 1, 2026 on: 2 × Storage"


def test_an_add_on_that_waits_for_its_payment_is_named() -> None:
    """The button to confirm says what is confirmed."""
    waits = Running(
        Terms(TEAM, "month"), waiting=Terms(TEAM, "month", add_ons={"storage": 1}), pay_url="https://pay.test"
    )
    view = billing_view(replace(PAGES["own-add-ons"], running=waits))
    assert view.notices[0].title == "Confirm your payment for Storage"


def test_members_see_what_there_is_and_no_buttons() -> None:
    """Who may not change anything gets no form for it."""
    own = PAGES["own-with-add-on"]
    page = replace(own, frame=replace(own.frame, may_change=False))
    assert [(row.name, row.remove) for row in add_on_rows(page)] == [("Storage", None)]
    assert "/billing/change" not in render_billing(page)


@pytest.mark.parametrize(
    ("name", "title", "button"),
    [
        ("add-on", "Add 2 × Storage", "Pay $6.77 now and add 2 × Storage"),
        ("remove-add-on", "Remove Storage", "Remove Storage on Dec 1, 2026"),
    ],
)
def test_a_change_is_named(name: str, title: str, button: str) -> None:
    """Title and button say what is added or removed, to the cent and to the day."""
    view = change_view(CHANGES[name])
    assert (view.title, view.button) == (title, button)


def test_the_sides_of_a_change() -> None:
    """From what to what, and what each costs."""
    sides = change_view(CHANGES["add-on"]).sides
    assert [(side.name, side.amount, side.per) for side in sides] == [
        ("No Storage", "$0", "/ month"),
        ("2 × Storage", "$10", "/ month"),
    ]
    assert change_view(CHANGES["remove-add-on"]).lead == (
        "Nothing changes before Dec 1, 2026: until then you keep 2 × Storage."
    )


ORDERS = store(
    replace(EXTENDED, plans={plan.key: plan for plan in (FREE, CREW, SCALE)}),
    MEMBER,
    position=Position("free", has_tried=True),
    members=4,
)


def test_an_order_asks_for_seats_and_add_ons() -> None:
    """A number with the plan's bounds, a seat for each member; add-ons to tick, at their price."""
    _, crew, scale = pricing_view(PricingPage(ORDERS)).cards
    form = crew.forms["month"]
    assert form.seats
    assert (form.seats.quantity, form.seats.minimum, form.seats.maximum) == (4, 3, 200)
    assert [(each.name, each.cost, each.is_chosen) for each in form.add_ons] == [
        ("Storage", "$5 / month", False),
        ("Priority line", "$99 / month", False),
    ]
    assert [each.name for each in crew.forms["year"].add_ons] == ["Storage"]
    assert scale.forms["month"].seats is None
    fields = read(render_pricing(PricingPage(ORDERS))).all("input")
    seats = next(field for field in fields if field.get("id") == "seats-crew-month")
    assert (seats["name"], seats["min"], seats["max"], seats["value"]) == ("seats", "3", "200", "4")


def test_what_was_chosen_is_still_there() -> None:
    """Whoever turns back at checkout finds plan, seats and add-ons as they were, on that plan alone."""
    chosen = choice_of(
        {"plan": "crew", "interval": "month", "seats": "12", "add_ons.storage": "2", "after": "checkout"}
    )
    assert chosen == Choice("crew", "month", 12, {"storage": 2}, "checkout")
    _, crew, scale = pricing_view(PricingPage(ORDERS, choice=chosen)).cards
    form = crew.forms["month"]
    assert form.seats
    assert (form.seats.quantity, form.add_ons[0].quantity, form.add_ons[0].is_chosen) == (12, 2, True)
    assert form.told.startswith("Nothing was ordered")
    for other in (crew.forms["year"], scale.forms["month"]):
        assert (other.told, other.add_ons[0].is_chosen) == ("", False)


@pytest.mark.parametrize("seats", ["", "x", "-1", "1e3", "99999999", "²"])
def test_nonsense_in_the_address_is_no_choice(seats: str) -> None:
    """The page is shown as if it were not there."""
    chosen = choice_of({"plan": "crew", "seats": seats, "after": "<b>"})
    assert (chosen.seats, chosen.told(Wording())) == (None, "")


def test_the_page_offers_them_to_an_active_subscription_alone() -> None:
    """While a debt is open, or nothing runs, there is nothing to add to."""
    stuck = at_stripe(on_team(Reason.ACTIVE), running=Running(Terms(TEAM, "month"), is_changeable=False))
    assert add_on_rows(replace(stuck, catalog=EXTENDED)) == ()
    assert add_on_rows(replace(stuck, catalog=EXTENDED, running=None)) == ()
