"""The way back from checkout: with webhooks withheld, with Stripe out of reach, unfinished, declined."""

import re

import pytest
import stripe

from tests.web.routes.site import HTML, KEY, Site
from tests.web.routes.test_change_routes import FAILS_LATER, VISA
from tiergate.stripe_api.gateway import Gateway, StripeUnavailableError

TRIAL = {"plan": "team", "interval": "month"}


def back(site: Site, session_id: str, checks: int = 0) -> tuple[int, str, str]:
    """Come back from Stripe: the status, the page, and when it looks again."""
    query = f"session_id={session_id}&checks={checks}"
    answer = site.signed_in().get(f"/billing/return?{query}", headers=HTML)
    return answer.status_code, answer.text, answer.headers.get("refresh", "")


def test_webhooks_withheld(site: Site) -> None:
    """Nobody tells us anything: the page asks Stripe by itself, and confirms what Stripe says."""
    session_id = site.start_checkout("acme")
    site.pay(session_id)
    status, page, again = back(site, session_id)
    assert (status, again) == (200, "")
    assert "Your Team trial has started" in page
    assert site.billing.describe("acme").told.phase.plan_key == "team"


def test_neither_webhooks_nor_stripe(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Stripe cannot be asked the page waits, says so, and after a minute what to do; then it comes."""
    session_id = site.start_checkout("acme")
    site.pay(session_id)

    def down(*_: object, **__: object) -> None:
        raise StripeUnavailableError("Stripe cannot be reached.", "Try again.")

    with monkeypatch.context() as broken:
        broken.setattr(Gateway, "fetch_checkout_session", down)
        status, page, again = back(site, session_id)
        assert (status, again.startswith("2; url=/billing/return?")) == (200, True)
        assert "We cannot reach Stripe at the moment. Your order is safe there." in page
        _, late, still = back(site, session_id, 18)
        assert "You do not need to order again, and you will not be charged twice." in late
        assert still.startswith("10; ")
        _, _, never = back(site, session_id, 45)
        assert never == ""
    assert "Your Team trial has started" in back(site, session_id, 19)[1]


def test_an_unfinished_checkout_leads_back_to_what_was_chosen(site: Site) -> None:
    """Plan and interval are as they were, the page says that nothing was ordered, and the way goes on."""
    session_id = site.start_checkout("acme")
    status, _, _ = back(site, session_id)
    left = site.signed_in().get(f"/billing/return?session_id={session_id}").headers["location"]
    assert (status, left) == (
        303,
        "http://northwind.test/pricing?plan=team&interval=month&after=checkout#plan-team",
    )
    page = site.signed_in().get(left.partition("#")[0]).text
    assert "Nothing was ordered, and nothing was charged. What you chose is still here." in page


def test_an_expired_checkout_is_ordered_anew(site: Site, sandbox_url: str) -> None:
    """The page says that it had expired, and the button opens another session."""
    session_id = site.start_checkout("acme")
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    client.v1.checkout.sessions.expire(session_id)
    left = site.signed_in().get(f"/billing/return?session_id={session_id}").headers["location"]
    assert "after=expired" in left
    page = site.signed_in().get(left.partition("#")[0]).text
    assert "The page to pay at was no longer open" in page
    again = site.submit("/api/billing/checkout", **TRIAL)
    assert again.status_code == 303
    assert session_id not in again.headers["location"]


def test_a_subscriber_is_not_told_that_nothing_was_ordered(site: Site) -> None:
    """Whatever the address claims: who has bought meanwhile has ordered something."""
    site.subscribe("acme")
    page = site.signed_in().get("/pricing?plan=team&interval=month&after=checkout").text
    assert "Nothing was ordered" not in page


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (VISA, "You are on Team"),
        (FAILS_LATER, "Your payment for Team is not complete"),
    ],
)
def test_a_trial_that_is_bought(site: Site, sandbox_url: str, card: str, says: str) -> None:
    """What the card came to is said, not merely that the page was completed."""
    site.subscribe("acme")
    answer = site.submit("/api/billing/checkout", **TRIAL)
    found = re.search(r"cs_test_\w+", answer.headers["location"])
    assert found
    complete_setup(site, sandbox_url, found[0], card)
    status, page, again = back(site, found[0])
    assert (status, again) == (200, "")
    assert says in page
    assert (f"{sandbox_url}/i/" in page) is (card == FAILS_LATER)


def complete_setup(site: Site, sandbox_url: str, session_id: str, card: str) -> None:
    """Complete a page that saves a card."""
    number = "4242 4242 4242 4242" if card == VISA else "4000 0000 0000 0341"
    site.pay(session_id, number)
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    assert client.v1.checkout.sessions.retrieve(session_id).status == "complete"
