"""The routes by which a customer changes what is paid for: JSON and forms, refusals, keys."""

import json
import re
from typing import Any

import pytest
import stripe

from tests.web.routes.site import HTML, KEY, Site, signed
from tiergate.stripe_api.gateway import Gateway, StripeUnavailableError

MONEY = ["change", "seats", "add-ons", "cancel", "resume", "pause", "undo"]
VISA, FAILS_LATER = "pm_card_visa", "pm_card_chargeCustomerFail"
STRIPE_CUSTOMER = re.compile(r"cus_\w+")


def have(
    site: Site, sandbox_url: str, plan: str = "starter", card: str = VISA, account_id: str = "acme"
) -> str:
    """Let an account have a plan that is paid for; return the subscription."""
    site.billing.start_checkout(account_id, plan)
    customer = str(site.billing.describe(account_id).told.account.stripe_customer_id)
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    set_card(client, customer, VISA)
    price = client.v1.prices.list({"lookup_keys": [f"{plan}_monthly"]}).data[0].id
    made = client.raw_request("post", "/v1/subscriptions", customer=customer, items=[{"price": price}])
    created = json.loads(made.body)
    if card != VISA:
        set_card(client, customer, card)
    event = {
        "id": f"evt_{created['id']}",
        "type": "customer.subscription.created",
        "created": created["created"],
        "livemode": False,
        "data": {"object": created},
    }
    body = json.dumps(event).encode()
    site.billing.ingest_webhook(body, signed(body)["Stripe-Signature"])
    return str(created["id"])


def set_card(client: stripe.StripeClient, customer: str, card: str) -> None:
    """Let a customer be charged with a card."""
    attached = client.v1.payment_methods.attach(card, {"customer": customer})
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": attached.id}})


def post(site: Site, name: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    """Send JSON to one of the routes."""
    return site.signed_in().post(f"/api/billing/{name}", json=body, headers=headers)


def test_preview_and_change(site: Site, sandbox_url: str) -> None:
    """What is shown is what is charged, by JSON alone."""
    subscription_id = have(site, sandbox_url)
    shown = post(site, "preview", {"plan": "team"}).json()
    assert (shown["kind"], shown["holds"], shown["currency"]) == ("upgrade", "now", "usd")
    assert shown["total"] == shown["due_now"] == sum(line["amount"] for line in shown["lines"])
    assert shown["features"]["roles"] == [False, True]
    changed = post(site, "change", {"plan": "team", "token": shown["token"]})
    assert changed.status_code == 200
    assert changed.json().items() >= {
        "outcome": "done", "kind": "upgrade", "plan": "team", "subscription_id": subscription_id,
    }.items()  # fmt: skip
    assert site.signed_in().get("/api/billing/subscription").json()["plan"] == "team"
    journal = site.billing.explain("acme").journal
    assert "change_plan by the customer" in [entry.cause for entry in journal]


def test_a_life_over_http(site: Site, sandbox_url: str) -> None:
    """Down, undone, cancelled with a reason, resumed: each route answers what came of it."""
    have(site, sandbox_url, "team")
    found = [
        (name, post(site, name, body).json()["outcome"])
        for name, body in [
            ("change", {"plan": "starter"}),
            ("change", {"plan": "starter"}),
            ("undo", None),
            ("cancel", {"reason": "unused", "comment": "Bye."}),
            ("resume", None),
            ("resume", {}),
        ]
    ]
    assert [outcome for _, outcome in found] == [
        "scheduled", "nothing", "done", "scheduled", "done", "nothing",
    ]  # fmt: skip


def test_forms(site: Site, sandbox_url: str) -> None:
    """A form leads back to the billing page, or to Stripe's page where there is something to pay."""
    have(site, sandbox_url, "starter", FAILS_LATER)
    browser = site.signed_in()
    assert site.submit("/api/billing/cancel", reason="other").headers["location"] == "/billing?after=cancel"
    assert site.submit("/api/billing/resume").headers["location"] == "/billing?after=resume"
    sent = site.submit("/api/billing/change", plan="team", interval="year")
    assert (sent.status_code, sent.headers["location"].startswith(f"{sandbox_url}/i/")) == (303, True)
    told = browser.get("/api/billing/subscription").json()
    assert (told["plan"], told["pay_url"]) == ("starter", sent.headers["location"])
    assert told["pay_by"] is not None
    portal = site.submit("/api/billing/portal", flow="payment_method_update")
    assert portal.headers["location"].startswith(f"{sandbox_url}/p/session/")


def test_the_portal(site: Site, sandbox_url: str) -> None:
    """JSON gets the address; the way back is a path of this site and nothing else."""
    have(site, sandbox_url)
    assert post(site, "portal").json()["url"].startswith(f"{sandbox_url}/p/session/")
    assert post(site, "portal", {"return_url": "/settings"}).status_code == 200
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "settings"):
        assert post(site, "portal", {"return_url": elsewhere}).status_code == 422
    refused = post(site, "portal", {"flow": "subscription_update", "return_url": "/"})
    assert refused.status_code == 200


def test_a_declined_card_is_told_why(site: Site, sandbox_url: str) -> None:
    """The old plan stays, and the answer says why in plain words, what to do, and where to pay."""
    have(site, sandbox_url, "starter", FAILS_LATER)
    told = post(site, "change", {"plan": "team"}).json()
    assert told["outcome"] == "payment_pending"
    assert told["problem"] == {
        "code": "card_declined",
        "message": "Your bank declined the card, and gave no reason.",
        "remedy": "Use another card, or ask your bank.",
    }
    assert told["pay_url"].startswith(f"{sandbox_url}/i/")
    has = site.signed_in().get("/api/billing/subscription").json()
    assert (has["plan"], has["pay_url"]) == ("starter", told["pay_url"])


@pytest.mark.parametrize("by", ["header", "parameter"])
def test_keys(site: Site, sandbox_url: str, by: str) -> None:
    """One key, one result, by header as well as in the body; for another wish it is 409."""
    have(site, sandbox_url)

    def send(name: str, body: dict[str, Any]) -> Any:
        if by == "header":
            return post(site, name, body, **{"Idempotency-Key": "k1"})
        return post(site, name, {**body, "key": "k1"})

    first = send("change", {"plan": "team"})
    assert [send("change", {"plan": "team"}).json() for _ in range(3)] == [first.json()] * 3
    other = send("cancel", {})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_a_moved_amount_is_a_problem_with_the_new_preview(site: Site, sandbox_url: str) -> None:
    """The problem holds what to show instead, with the token that confirms it."""
    have(site, sandbox_url)
    refused = post(site, "change", {"plan": "team", "token": "1.2.3"})
    assert (refused.status_code, refused.json()["code"]) == (409, "amount_moved")
    token = refused.json()["preview"]["token"]
    assert post(site, "change", {"plan": "team", "token": token}).json()["outcome"] == "done"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("change", {"plan": "gold"}, 404, "unknown_plan"),
        ("change", {"plan": "team", "interval": "week"}, 422, "request_invalid"),
        ("change", {"plan": "team", "account_id": "rival"}, 422, "request_invalid"),
        ("preview", {"plan": "team", "seats": 3}, 400, "wish_invalid"),
        ("seats", {"seats": 3}, 409, "not_per_seat"),
        ("seats", {"seats": 0}, 400, "wish_invalid"),
        ("seats", {"seats": 10**30}, 400, "wish_invalid"),
        ("add-ons", {"add_on": "gold"}, 404, "unknown_add_on"),
        ("cancel", {"reason": "bored"}, 400, "wish_invalid"),
        ("pause", None, 403, "pause_not_offered"),
        ("portal", {"flow": "x"}, 422, "request_invalid"),
        ("change", {"plan": "team", "key": "k" * 256}, 422, "request_invalid"),
    ],
)
def test_refusals(
    site: Site, sandbox_url: str, name: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    """Each has a status, a stable code, and a remedy; nothing is changed by it."""
    have(site, sandbox_url)
    refused = post(site, name, body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"]
    assert site.signed_in().get("/api/billing/subscription").json()["plan"] == "starter"


@pytest.mark.parametrize("name", ["change", "resume", "portal"])
def test_who_has_nothing_is_told_to_buy(site: Site, name: str) -> None:
    """Without a subscription there is nothing to change: a checkout is what it takes."""
    refused = post(site, name, {"plan": "team"} if name == "change" else None)
    assert (refused.status_code, refused.json()["code"]) == (409, "checkout_required")


def test_a_trial_without_a_card(site: Site) -> None:
    """It is 402 with a code of its own: a card is what it takes."""
    site.subscribe("acme")
    refused = post(site, "change", {"plan": "scale"})
    assert (refused.status_code, refused.json()["code"]) == (402, "card_required")


def test_nobody_changes_what_is_not_theirs(site: Site, sandbox_url: str) -> None:
    """Another account's subscription is out of reach, whatever is sent: only the own one is changed."""
    theirs = have(site, sandbox_url, "starter", account_id="rival")
    mine = have(site, sandbox_url, "starter")
    for body in ({"plan": "team", "subscription": theirs}, {"plan": "team", "subscription_id": theirs}):
        assert post(site, "change", body).status_code == 422
    assert post(site, "change", {"plan": "team"}).json()["subscription_id"] == mine
    assert site.signed_in("rival").get("/api/billing/subscription").json()["plan"] == "starter"


@pytest.mark.parametrize("name", MONEY)
def test_another_site_is_refused(site: Site, sandbox_url: str, name: str) -> None:
    """No route that moves money can be driven from another website."""
    have(site, sandbox_url)
    answer = post(site, name, {}, **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_a_refusal_for_a_browser_is_a_page(site: Site) -> None:
    """Who sent a form sees a page with the remedy, and no JSON."""
    answer = site.signed_in().post(
        "/api/billing/change", data={"plan": "team", "form_token": site.form_token()}, headers=HTML
    )
    assert (answer.status_code, "Buy a plan" in answer.text) == (409, True)
    assert answer.headers["content-type"].startswith("text/html")


def test_what_another_choice_helps_leads_to_the_plans(site: Site, sandbox_url: str) -> None:
    """A plan that is not there: the page says to choose another, and leads to where that is done."""
    have(site, sandbox_url)
    page = site.signed_in().get("/billing/change?plan=nonesuch", headers=HTML)
    assert page.status_code == 404
    found = re.findall(r'<a class="button[^"]*" href="([^"]+)">([^<]+)</a>', page.text)
    assert found == [("/pricing", "See the plans"), ("/billing", "Back to billing")]


def test_the_routes_are_described_with_examples(site: Site) -> None:
    """Each route's body and answer has an example, and the header of the key is named."""
    document = site.as_nobody().get("/api/openapi.json").json()
    for name in ["preview", "portal", *MONEY]:
        operation = document["paths"][f"/api/billing/{name}"]["post"]
        bodies = operation["requestBody"]["content"]
        assert sorted(bodies) == ["application/json", "application/x-www-form-urlencoded"]
        assert all("example" in body for body in bodies.values())
        if name != "preview":
            assert [each["name"] for each in operation["parameters"]] == ["Idempotency-Key"]
    for schema in ("PreviewAnswer", "ChangedAnswer", "PortalAnswer"):
        assert document["components"]["schemas"][schema]["examples"]


@pytest.mark.parametrize("path", ["/billing/change", "/api/billing/undo", "/api/billing/email"])
def test_stripe_is_down(site: Site, sandbox_url: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, leads back, and nothing was half-done: pressing again does it."""
    have(site, sandbox_url, "starter")
    browser = site.signed_in()
    shown = browser.get("/billing/change?plan=team", headers=HTML)
    token = re.search(r'name="token" value="([^"]+)"', shown.text)
    assert token
    if path == "/api/billing/undo":
        post(site, "cancel")
    form = {"plan": "team", "token": token[1]} if path == "/billing/change" else {}
    form = {"email": "money@acme.test"} if path == "/api/billing/email" else form
    form["form_token"] = site.form_token()

    def fail(*_: object, **__: object) -> None:
        raise StripeUnavailableError("Stripe cannot be reached.", "Try again in a moment.")

    with monkeypatch.context() as broken:
        for call in ("_write", "_call"):
            broken.setattr(Gateway, call, fail)
        refused = browser.post(path, data=form, headers=HTML)
    assert refused.status_code == 503
    assert "Try again in a moment." in refused.text
    assert 'href="/billing">Back to billing' in refused.text
    done = browser.post(path, data=form, headers=HTML)
    assert done.headers["location"].startswith("/billing?after=")


def test_where_a_change_leads_that_is_none(site: Site, sandbox_url: str) -> None:
    """What is so already leads to the billing page, free to leaving, and nothing to change to the plans."""
    browser = site.signed_in()
    assert browser.get("/billing/change?plan=team").headers["location"] == "/pricing"
    have(site, sandbox_url, "starter")
    found = {
        wish: browser.get(f"/billing/change?{wish}").headers.get("location")
        for wish in ("plan=starter", "plan=free", "plan=team")
    }
    assert found == {
        "plan=starter": "/billing?after=change",
        "plan=free": "/billing/cancel",
        "plan=team": None,
    }
    assert browser.get("/billing/change?seats=0").status_code == 422
    assert browser.get("/billing/change?seats=5").json()["code"] == "not_per_seat"


def test_a_trial_without_a_card_is_led_to_buy(site: Site) -> None:
    """A change of plan is a purchase then: it is shown with its charge, and leads to Stripe's page."""
    site.subscribe("acme")
    browser = site.signed_in()
    led = browser.get("/billing/change?plan=scale&interval=year", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/billing/buy?plan=scale&interval=year")
    page = browser.get(led.headers["location"], headers=HTML)
    assert "Your card is charged $1,428 plus any tax today, and the" in page.text
    assert 'name="return_to" value="/billing/buy?plan=scale&amp;interval=year"' in page.text
    confirmed = site.submit("/billing/change", plan="scale", token="0")
    assert confirmed.headers["location"] == "/billing/buy?plan=scale"


def test_a_purchase_is_shown_to_trials_without_a_card_alone(site: Site, sandbox_url: str) -> None:
    """Who has nothing is led to the plans, and who pays already to the change of plan."""
    browser = site.signed_in()
    assert browser.get("/billing/buy?plan=scale").headers["location"] == "/pricing"
    have(site, sandbox_url)
    led = browser.get("/billing/buy?plan=scale").headers["location"]
    assert led == "/billing/change?plan=scale&interval=month"


def test_a_token_that_shows_something_else_is_asked_about_again(site: Site, sandbox_url: str) -> None:
    """A confirmation of what was never shown changes nothing, and shows what it would come to."""
    have(site, sandbox_url, "starter")
    form = {"plan": "team", "token": "0", "form_token": site.form_token()}
    sent = site.signed_in().post("/billing/change", data=form, headers=HTML)
    assert sent.status_code == 409
    assert "Nothing has been changed yet" in sent.text


def test_what_was_done_is_no_text_of_the_address(site: Site, sandbox_url: str) -> None:
    """Whatever the address claims, the page says only what is so."""
    have(site, sandbox_url, "starter")
    for claim in ("cancel", "undo<script>", "You won"):
        page = site.signed_in().get("/billing", params={"after": claim})
        assert page.status_code == 200
        assert 'role="status"' not in page.text
        assert claim not in page.text or claim == "cancel"
