"""Trials over HTTP: the offer, the button, the refusals, and what a purchase will charge."""

import pytest

from tests.web.routes.site import Site

TRIAL = "/api/billing/trial"


def test_a_program_starts_a_trial(site: Site) -> None:
    """JSON gets the trial, and pressing again the same one."""
    first = site.signed_in().post(TRIAL, json={"plan": "team"})
    assert (first.status_code, first.json()["plan"]) == (200, "team")
    assert site.signed_in().post(TRIAL, json={"plan": "team"}).json() == first.json()
    told = site.signed_in().get("/api/billing/subscription").json()
    assert (told["plan"], told["reason"], told["has_card"]) == ("team", "trialing", False)
    assert told["stripe_subscription_id"] == first.json()["stripe_subscription_id"]


def test_a_form_is_led_to_the_billing_page(site: Site) -> None:
    """A button of a page leads on, here and nowhere else."""
    answer = site.submit(TRIAL, plan="team")
    assert (answer.status_code, answer.headers["location"]) == (303, "/billing")
    refused = site.submit(TRIAL, plan="team", next="https://evil.example")
    assert refused.status_code == 422


def test_a_trial_with_a_card_leads_to_checkout(site: Site, sandbox_url: str) -> None:
    """A form is sent to Stripe's page; a program gets its address with 202."""
    told = site.signed_in().post(TRIAL, json={"plan": "scale"})
    assert told.status_code == 202
    sent = site.submit(TRIAL, plan="scale")
    assert (sent.status_code, sent.headers["location"]) == (303, told.json()["url"])
    assert sent.headers["location"].startswith(f"{sandbox_url}/")


def test_a_refusal_says_why_and_the_price(site: Site) -> None:
    """A mailbox that has tried gets 402 with a stable code and the normal price."""
    site.signed_in().post(TRIAL, json={"plan": "team"})
    site.billing.register("again", email="AP+2@acme.test")
    answer = site.signed_in("again").post(TRIAL, json={"plan": "team"})
    assert answer.status_code == 402
    assert answer.json() == {
        "type": "about:blank",
        "title": "The trial was used before with this e-mail address.",
        "status": 402,
        "code": "trial_refused",
        "detail": "Team costs $49 per month.",
        "why": "mail_known",
        "plan": "team",
    }
    offer = site.signed_in("again").get(f"{TRIAL}?plan=team").json()
    assert (offer["days"], offer["why"]) == (0, "mail_known")
    seen = site.signed_in("again").get("/api/billing/purchase?plan=team").json()
    assert (seen["amount"], seen["charge"], seen["trial_refused"]) == (4900, "now", offer["words"])


def test_what_is_subscribed_is_a_conflict(site: Site) -> None:
    """Who tries something cannot try another plan beside it."""
    site.signed_in().post(TRIAL, json={"plan": "team"})
    answer = site.signed_in().post(TRIAL, json={"plan": "starter"})
    assert (answer.status_code, answer.json()["why"]) == (409, "already_subscribed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"plan": "platinum"}, 404, "unknown_plan"),
        ({"plan": "free"}, 402, "trial_refused"),
        ({"plan": "team", "interval": "week"}, 422, "request_invalid"),
    ],
)
def test_what_cannot_be_tried_is_a_problem(site: Site, body: dict[str, str], status: int, code: str) -> None:
    """An unknown plan, one without a trial, and nonsense."""
    answer = site.signed_in().post(TRIAL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_offer_and_the_words(site: Site) -> None:
    """Before anything is started: how long, and what it costs then."""
    offer = site.signed_in().get(f"{TRIAL}?plan=team").json()
    assert offer == {"plan": "team", "days": 14, "needs_card": False, "why": "eligible", "words": ""}
    site.signed_in().post(TRIAL, json={"plan": "team"})
    seen = site.signed_in().get("/api/billing/purchase?plan=team").json()
    assert seen["words"] == "Your card is charged $49.00 today; the 14 days left of the trial end."
    url = site.signed_in().post("/api/billing/checkout", json={"plan": "team"}).json()["url"]
    assert "/c/pay/" in url


def test_a_key_names_the_wish(site: Site) -> None:
    """The same ``Idempotency-Key`` with another wish is refused."""
    headers = {"Idempotency-Key": "k1"}
    assert site.signed_in().post(TRIAL, json={"plan": "team"}, headers=headers).status_code == 200
    answer = site.signed_in().post(TRIAL, json={"plan": "starter"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_a_check_says_what_is_readable(site: Site) -> None:
    """What exceeds a limit can be looked at."""
    answer = site.signed_in().get("/api/billing/check?feature=projects").json()
    assert (answer["over_limit"], answer["readable"]) == (False, True)
    assert site.signed_in().get("/api/billing/check?feature=sso").json()["readable"] is False
