"""What a checkout sells: seats, currencies, and the founder's choices about the page."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, Json, northwind
from tiergate.rules.errors import TiergateError, UnknownPlanError
from tiergate.services.accounts.register_account import Details, register_account
from tiergate.services.checkout.checkout_session import Offer, session_parameters
from tiergate.services.checkout.order import InvalidOrderError, Order
from tiergate.services.checkout.start_checkout import CheckoutClosedError, SeatsError, start_checkout
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.account_rows import find_account
from tiergate.store.catalog_rows import price_for_sale
from tiergate.store.checkout_table import checkouts

CREW = """
[plans.crew]
name = "Crew"
rank = 9
seats = { minimum = 3, maximum = 20 }

[[plans.crew.prices]]
interval = "month"
currency = "usd"
unit_amount = 1200
currency_options = { eur = 1100, jpy = 1800 }
"""


SOLO = """
[plans.solo]
name = "Solo"
rank = 10

[[plans.solo.prices]]
interval = "month"
currency = "usd"
unit_amount = 1900
"""


def sell(bench: Bench, more: str = CREW) -> None:
    """Publish the demo's file with more in it, here and at Stripe."""
    push_plans(bench.context, f"{northwind()}\n{more}\n{SOLO}")


def order(bench: Bench, **wish: Any) -> Json:
    """Order Crew, and return the one session that is open at Stripe then, with its quantity."""
    start_checkout(bench.context, ACCOUNT, Order("crew", **wish))
    (session,) = bench.at_stripe("/v1/checkout/sessions?limit=100&status=open")["data"]
    lines = bench.at_stripe(f"/v1/checkout/sessions/{session['id']}/line_items")["data"]
    return {**session, "quantity": lines[0]["quantity"]}


@pytest.mark.parametrize(
    ("members", "seats", "bought"), [(None, None, 3), (1, None, 3), (7, None, 7), (7, 4, 4), (None, 20, 20)]
)
def test_as_many_seats_as_wished_or_as_there_are_members(
    bench: Bench, members: int | None, seats: int | None, bought: int
) -> None:
    """Without a wish there is a seat for each member, and no fewer than the plan's least."""
    sell(bench)
    register_account(bench.context, ACCOUNT, Details(members=members))
    assert order(bench, seats=seats)["quantity"] == bought
    assert [row.quantity for row in bench.rows(checkouts)] == [bought]


@pytest.mark.parametrize(
    ("plan", "seats", "remedy"), [("crew", 2, "3 to 20"), ("crew", 21, "3 to 20"), ("team", 2, "Leave")]
)
def test_seats_that_cannot_be_bought_are_refused(bench: Bench, plan: str, seats: int, remedy: str) -> None:
    """Too few, too many, or any of a plan that counts none: the error says what can be chosen."""
    sell(bench)
    with pytest.raises(SeatsError, match=remedy):
        start_checkout(bench.context, ACCOUNT, Order(plan, seats=seats))
    assert bench.rows(checkouts) == []


def test_more_members_than_the_plan_has_seats_are_told(bench: Bench) -> None:
    """An account that is too big for the plan is not sold too few seats."""
    sell(bench)
    register_account(bench.context, ACCOUNT, Details(members=21))
    with pytest.raises(SeatsError, match="cannot be bought with 21 seats"):
        order(bench)


def test_a_plan_without_a_most_says_only_the_least(bench: Bench) -> None:
    """The remedy names no upper end where there is none."""
    sell(bench, CREW.replace(", maximum = 20", ""))
    with pytest.raises(SeatsError, match="Choose 3 or more"):
        order(bench, seats=2)
    assert order(bench, seats=5000)["quantity"] == 5000


@pytest.mark.parametrize(
    ("wished", "asked", "total"), [(None, "usd", 3600), ("eur", "eur", 3300), ("JPY", "jpy", 5400)]
)
def test_the_price_is_charged_in_the_wished_currency(
    bench: Bench, wished: str | None, asked: str, total: int
) -> None:
    """Stripe is told the currency in any case: left out, it would go by the visitor's address."""
    sell(bench)
    session = order(bench, currency=wished)
    assert (session["currency"], session["amount_total"]) == (asked, total)
    assert [row.currency for row in bench.rows(checkouts)] == [asked]


def test_a_currency_that_is_not_offered_is_refused(bench: Bench) -> None:
    """The error says in which it is sold; a price in one currency takes that as a wish."""
    sell(bench)
    with pytest.raises(UnknownPlanError, match="month in usd/eur/jpy"):
        order(bench, currency="gbp")
    start_checkout(bench.context, ACCOUNT, Order("solo", currency="usd"))
    assert [row.currency for row in bench.rows(checkouts)] == [None]


def test_an_account_keeps_the_currency_it_pays_in(bench: Bench) -> None:
    """Who has paid in euro pays in euro, whatever is wished for."""
    sell(bench)
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("crew", currency="eur")), "4242 4242 4242 4242")
    bench.deliver(*bench.webhooks())
    state = bench.explain().state
    assert state.currency == "eur"
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(state.subscriptions[0].id)
    bench.deliver(*bench.webhooks())
    assert order(bench, currency="jpy")["currency"] == "eur"


def test_a_plan_that_is_not_sold_in_it_is_sold_in_its_own(bench: Bench) -> None:
    """Where the plan has no price in the account's currency, its own is asked for, and Stripe decides."""
    sell(bench)
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("crew", currency="eur")), "4242 4242 4242 4242")
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(bench.explain().state.subscriptions[0].id)
    bench.deliver(*bench.webhooks())
    start_checkout(bench.context, ACCOUNT, Order("solo"))
    newest = [row for row in bench.rows(checkouts) if row.status == "open"]
    assert [(row.plan_key, row.currency) for row in newest] == [("solo", None)]
    with pytest.raises(UnknownPlanError):
        start_checkout(bench.context, ACCOUNT, Order("solo", currency="jpy"))


def test_an_open_session_is_used_for_the_same_offer_alone(bench: Bench) -> None:
    """The same seats in the same currency lead to the same page; others close it and open their own."""
    sell(bench)
    first = order(bench, seats=4, currency="eur")
    assert order(bench, seats=4, currency="eur")["id"] == first["id"]
    more, other = order(bench, seats=5, currency="eur"), order(bench, seats=5, currency="usd")
    assert len({first["id"], more["id"], other["id"]}) == 3
    assert sorted(row.status for row in bench.rows(checkouts)) == ["expired", "expired", "open"]


def test_where_customers_do_not_buy_by_themselves_nothing_is_opened(bench: Bench) -> None:
    """With the checkout off an order is refused, and Stripe is not asked."""
    sell(bench, "[checkout]\nhosted = false\n" + CREW)
    bench.line.requests.clear()
    with pytest.raises(CheckoutClosedError, match="Write to us"):
        start_checkout(bench.context, ACCOUNT, Order("team"))
    assert bench.line.requests == []


def parameters(bench: Bench, settings: str) -> dict[str, Any]:
    """What Stripe would be asked for when Team is ordered under these settings."""
    sell(bench, f"[checkout]\n{settings}\n{CREW}")
    with bench.context.database.read() as tx:
        catalog, account = load_catalog(tx), find_account(tx, ACCOUNT)
        price = price_for_sale(tx, "team_monthly", livemode=False)
    assert account is not None
    assert price is not None
    offer = Offer(account, catalog.plan("team"), price, 0, 2, catalog.checkout, 1, None)
    return session_parameters(bench.context, offer, "cus_1")


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("promotion_codes = true", {"allow_promotion_codes": True}),
    (
        "automatic_tax = true",
        {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}},
    ),
    (
        "tax_ids = true",
        {"tax_id_collection": {"enabled": True}, "customer_update": {"name": "auto", "address": "auto"}},
    ),
    (
        'billing_address = "required"',
        {"billing_address_collection": "required", "customer_update": {"address": "auto"}},
    ),
    ("", {}),
    ('billing_address = "auto"', {}),
]
ASKED_FOR = {
    "allow_promotion_codes",
    "automatic_tax",
    "tax_id_collection",
    "billing_address_collection",
    "customer_update",
    "currency",
}


@pytest.mark.parametrize(("settings", "asked"), SETTINGS)
def test_the_founders_settings_are_asked_for(bench: Bench, settings: str, asked: dict[str, Any]) -> None:
    """Each setting adds its parameter, and has what the page asks for saved on the customer."""
    found = parameters(bench, settings)
    assert {name: found[name] for name in ASKED_FOR & found.keys()} == asked


@pytest.mark.parametrize(
    "settings", [settings for settings, _ in SETTINGS if "tax_ids" not in settings], ids=repr
)
def test_stripe_takes_the_founders_settings(bench: Bench, settings: str) -> None:
    """A session with the setting is opened, for a customer of whom no address is known."""
    sell(bench, f"[checkout]\n{settings}\n{CREW}")
    assert order(bench)["url"]


@pytest.mark.parametrize(
    ("founders", "return_to", "leads_to"),
    [
        (
            "",
            None,
            "http://localhost:8000/billing-app/pricing?plan=crew&interval=month&seats=4&after=checkout#plan-crew",
        ),
        ("/plans", None, "http://localhost:8000/plans"),
        ("https://northwind.example/plans", None, "https://northwind.example/plans"),
        ("/plans", "/app/settings?tab=2", "http://localhost:8000/app/settings?tab=2"),
    ],
)
def test_who_turns_back_ends_up_where_they_were(
    bench: Bench, founders: str, return_to: str | None, leads_to: str
) -> None:
    """The path of the order, else the founder's setting, else the plans with all that was chosen.

    A path is one of the host's own; without one it is the pricing page, below the mount.
    """
    bench.context = replace(bench.context, public_url="http://localhost:8000/billing-app")
    sell(bench, f'[checkout]\ncancel_url = "{founders}"\n{CREW}')
    session = order(bench, seats=4, return_to=return_to)
    assert session["cancel_url"] == leads_to
    assert session["success_url"].startswith("http://localhost:8000/billing-app/billing/return?")
    again = order(bench, seats=4, return_to="/elsewhere")
    assert (again["cancel_url"], again["id"] != session["id"]) == ("http://localhost:8000/elsewhere", True)


@pytest.mark.parametrize(
    "return_to", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a b", ""]
)
def test_nobody_is_led_to_another_site(bench: Bench, return_to: str) -> None:
    """What is no path of this site is refused, and nothing is opened."""
    sell(bench)
    with pytest.raises(InvalidOrderError, match="no path of this site"):
        order(bench, return_to=return_to)
    assert bench.rows(checkouts) == []


STORAGE = """
[addons.storage]
name = "Storage"
features = { projects = 10 }
[[addons.storage.prices]]
interval = "month"
currency = "usd"
unit_amount = 500
"""


def test_add_ons_are_bought_with_the_plan(bench: Bench) -> None:
    """They are lines of the session and items of the subscription, and what they give is given."""
    sell(bench, CREW + STORAGE)
    url = start_checkout(bench.context, ACCOUNT, Order("crew", add_ons={"storage": 2}, currency="usd"))
    assert (
        start_checkout(bench.context, ACCOUNT, Order("crew", add_ons={"storage": 2}, currency="usd")) == url
    )
    bench.pay(url, "4242 4242 4242 4242")
    bench.deliver(*bench.webhooks())
    (bought,) = bench.explain().state.subscriptions
    assert [(item.plan_key, item.add_on_key, item.quantity) for item in bought.items] == [
        ("crew", None, 3),
        (None, "storage", 2),
    ]
    assert bench.explain().state.invoices[-1].amount_paid == 3 * 1200 + 2 * 500


def test_another_number_of_an_add_on_is_another_offer(bench: Bench) -> None:
    """An open session is used again for the same add-ons alone."""
    sell(bench, CREW + STORAGE)
    urls = [
        start_checkout(bench.context, ACCOUNT, Order("crew", add_ons=add_ons, currency="usd"))
        for add_ons in ({}, {"storage": 0}, {"storage": 1}, {"storage": 2}, {"storage": 1})
    ]
    assert urls[0] == urls[1]
    assert len(set(urls)) == 4
    assert [row.status for row in bench.rows(checkouts)].count("open") == 1


@pytest.mark.parametrize(
    ("add_ons", "wish", "says"),
    [
        ({"gold": 1}, {}, "no add-on 'gold'"),
        ({"storage": 1}, {"currency": "eur"}, "not sold per month in eur"),
        ({"storage": -1}, {}, "no possible number"),
    ],
)
def test_add_ons_that_are_not_sold_so_are_refused(
    bench: Bench, add_ons: dict[str, int], wish: dict[str, Any], says: str
) -> None:
    """Unknown, in another currency, or less than none: it is said, and nothing is opened."""
    sell(bench, CREW + STORAGE)
    with pytest.raises(TiergateError, match=says):
        start_checkout(bench.context, ACCOUNT, Order("crew", add_ons=add_ons, **wish))
    assert bench.rows(checkouts) == []


def test_seats_can_be_changed_on_stripes_page(bench: Bench) -> None:
    """The page lets the customer choose within the range; without seats there is nothing to choose."""
    assert "adjustable_quantity" not in parameters(bench, "")["line_items"][0]
    with bench.context.database.read() as tx:
        catalog, account = load_catalog(tx), find_account(tx, ACCOUNT)
        price = price_for_sale(tx, "crew_monthly", livemode=False)
    assert account is not None
    assert price is not None
    offer = Offer(account, catalog.plan("crew"), price, 0, 2, catalog.checkout, 4, "eur")
    found = session_parameters(bench.context, offer, "cus_1")
    assert found["currency"] == "eur"
    assert found["line_items"] == [
        {
            "price": price.stripe_price_id,
            "quantity": 4,
            "adjustable_quantity": {"enabled": True, "minimum": 3, "maximum": 20},
        }
    ]
