"""The whole way of a customer by a plain client over real HTTP: each answer to the amount and the date."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.http_customer import DECLINES_LATER, VISA, HttpCustomer, Json, at
from tests.story.stage import ACCOUNT, stage

CATALOG = """
[product]
name = "Northwind"

[features.projects]
name = "Projects"
kind = "limit"

[features.sso]
name = "SAML SSO"

[policy]
after_trial = "free"
grace_days = 3

[plans.free]
name = "Free"
features = { projects = 1 }

[plans.crew]
name = "Crew"
seats = { minimum = 2, maximum = 20 }
trial = { days = 14, model = "reverse_trial" }
features = { projects = 10 }
[[plans.crew.prices]]
interval = "month"
currency = "usd"
unit_amount = 1000
[[plans.crew.prices]]
interval = "year"
currency = "usd"
unit_amount = 10000

[plans.fleet]
name = "Fleet"
seats = { minimum = 2, maximum = 20 }
features = { projects = "unlimited", sso = true }
[[plans.fleet.prices]]
interval = "month"
currency = "usd"
unit_amount = 3000
[[plans.fleet.prices]]
interval = "year"
currency = "usd"
unit_amount = 30000
"""


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[HttpCustomer]:
    """Somebody who signs up where a trial begins by itself."""
    with stage(tmp_path, CATALOG) as opened:
        found = HttpCustomer(opened)
        found.settle()
        yield found


def test_the_whole_way(customer: HttpCustomer) -> None:
    """From the sign-up to the day on which the customer has come back."""
    tries_and_meets_the_gate(customer)
    buys_by_card(customer)
    switches_to_yearly(customer)
    adds_two_seats(customer)
    is_declined_at_the_renewal(customer)
    brings_another_card(customer)
    downgrades(customer)
    cancels_and_resumes(customer)


def require(told: Json, **expected: Any) -> None:
    """Require members of an answer."""
    assert told.items() >= expected.items(), told


def tries_and_meets_the_gate(customer: HttpCustomer) -> None:
    """A trial that nobody asked for; a feature above it, and after it a limit, each with what would do."""
    ends = "2027-03-15T10:00:00Z"
    has = customer.get("subscription")
    require(has, plan="crew", reason="trialing", status="trialing", trial_end=ends, valid_until=ends)
    require(has, has_card=False, at="2027-03-01T10:00:00Z")
    offer = {"plan": "fleet", "name": "Fleet"}
    gate = customer.get("check", feature="sso")
    require(gate, allowed=False, reason="not_included", offer=offer, valid_until=ends)
    customer.stage.billing.consume(ACCOUNT, "projects", key="the first")
    require(customer.get("check", feature="projects"), allowed=True, limit=10, used=1, remaining=9)
    customer.travel_to(at("2027-03-16 10:00"))
    require(customer.get("subscription"), plan="free", reason="trial_ended", status="canceled")
    gate = customer.get("check", feature="projects")
    offer = {"plan": "crew", "name": "Crew"}
    require(gate, allowed=False, reason="limit_reached", limit=1, used=1, remaining=0, offer=offer)


def buys_by_card(customer: HttpCustomer) -> None:
    """Two seats of Fleet, charged at once; the way back from Stripe says so."""
    seen = customer.get("purchase", plan="fleet")
    require(seen, amount=6000, currency="usd", charge="now", charged_at=None)
    require(seen, words="Your card is charged $60.00 today.")
    page = customer.post("checkout", {"plan": "fleet"}, key="buy")
    assert customer.post("checkout", {"plan": "fleet"}, key="buy") == page
    back = customer.stage.http.get(customer.at_stripe(page["url"], VISA))
    assert (back.status_code, "Fleet" in back.text) == (200, True)
    has = customer.get("subscription")
    require(has, plan="fleet", reason="active", status="active", has_card=True, trial_end=None)
    require(has, current_period_end="2027-04-16T10:00:00Z", valid_until="2027-04-16T10:00:00Z")
    assert customer.charged() == [6000]
    require(customer.get("check", feature="sso"), allowed=True, offer=None)


def switches_to_yearly(customer: HttpCustomer) -> None:
    """Ten days later: 21 of 31 days come back, 356 of the 366 days of the year are paid for."""
    customer.travel_to(at("2027-03-26 10:00"))
    wish = {"plan": "fleet", "interval": "year"}
    shown = customer.post("preview", wish)
    require(shown, kind="longer_interval", holds="now", total=54296, due_now=54296, currency="usd")
    assert [line["amount"] for line in shown["lines"]] == [-4065, 58361]
    require(shown, renews_at="2028-03-16T10:00:00Z", renewal_total=60000)
    done = customer.post("change", {**wish, "token": shown["token"]}, key="yearly")
    require(done, outcome="done", plan="fleet", interval="year", quantity=2)
    require(done, effective_at="2027-03-26T10:00:00Z", pay_url=None)
    require(customer.get("subscription"), current_period_end="2028-03-16T10:00:00Z")
    assert customer.charged() == [6000, 54296]


def adds_two_seats(customer: HttpCustomer) -> None:
    """For 346 of 366 days; what comes back is a part of what was charged: 58361 × 346 / 356."""
    customer.travel_to(at("2027-04-05 10:00"))
    shown = customer.post("preview", {"seats": 4})
    require(shown, kind="more", quantity=4, total=56721, due_now=56721, renewal_total=120000)
    assert [line["amount"] for line in shown["lines"]] == [-56722, 113443]
    done = customer.post("seats", {"seats": 4, "token": shown["token"]}, key="seats")
    require(done, outcome="done", quantity=4, effective_at="2027-04-05T10:00:00Z")
    assert customer.charged() == [6000, 54296, 56721]


def is_declined_at_the_renewal(customer: HttpCustomer) -> None:
    """The card declines an hour after the renewal: grace for three days, and no change before it is paid."""
    customer.use_card(DECLINES_LATER)
    customer.travel_to(at("2028-03-16 11:01"))
    has = customer.get("subscription")
    require(has, plan="fleet", status="past_due", reason="past_due_grace", access="full")
    require(has, valid_until="2028-03-19T11:00:00Z", current_period_end="2029-03-16T10:00:00Z")
    assert customer.charged() == [6000, 54296, 56721]
    refused = customer.post("change", {"plan": "crew"}, status=402)
    require(refused, code="payment_outstanding", pay_url=has["pay_url"])
    assert has["pay_url"].startswith(customer.stage.sandbox_url)


def brings_another_card(customer: HttpCustomer) -> None:
    """Another card, and with it the invoice: four seats for a year."""
    pay_url = customer.get("subscription")["pay_url"]
    customer.use_card(VISA)
    customer.at_stripe(pay_url, VISA)
    has = customer.get("subscription")
    require(has, status="active", reason="active", pay_url=None, valid_until="2029-03-16T10:00:00Z")
    assert customer.charged() == [6000, 54296, 56721, 120000]


def downgrades(customer: HttpCustomer) -> None:
    """Crew from the renewal on: nothing is due, and it says what is lost."""
    shown = customer.post("preview", {"plan": "crew"})
    require(shown, kind="downgrade", holds="at_renewal", total=0, due_now=0, lines=[], renewal_total=40000)
    require(shown, effective_at="2029-03-16T10:00:00Z", quantity=4)
    require(shown, features={"projects": ["unlimited", 10], "sso": [True, False]})
    done = customer.post("change", {"plan": "crew", "token": shown["token"]}, key="down")
    require(done, outcome="scheduled", plan="crew", effective_at="2029-03-16T10:00:00Z")
    require(customer.get("subscription"), plan="fleet", reason="active")


def cancels_and_resumes(customer: HttpCustomer) -> None:
    """Leaving takes the planned change back; staying, a month later, takes the leaving back."""
    ends = "2029-03-16T10:00:00Z"
    done = customer.post("cancel", {"reason": "too_expensive"}, key="leave")
    require(done, outcome="scheduled", kind="cancel", effective_at=ends, undone=["schedule"])
    require(customer.get("subscription"), reason="canceling", cancel_at=ends, valid_until=ends)
    customer.travel_to(at("2028-04-16 10:00"))
    done = customer.post("resume", key="stay")
    require(done, outcome="done", kind="stay", undone=["cancellation"], effective_at="2028-04-16T10:00:00Z")
    require(customer.get("subscription"), plan="fleet", reason="active", cancel_at=None, valid_until=ends)
    assert customer.post("resume")["outcome"] == "nothing"
    assert customer.charged() == [6000, 54296, 56721, 120000]
