"""The JSON API: what it answers, how it refuses, and how it describes itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.web.routes.site import HTML, KEY, Site

ORDER = "/api/billing/checkout"


def test_a_newcomers_subscription(site: Site) -> None:
    """Who has bought nothing is on the free plan, and every field is there."""
    answer = site.signed_in().get("/api/billing/subscription").json()
    assert datetime.fromisoformat(answer.pop("at")).utcoffset() == timedelta(0)
    assert answer == {
        "account_id": "acme",
        "plan": "free",
        "access": "full",
        "reason": "no_subscription",
        "valid_until": None,
        "status": None,
        "plan_key": None,
        "trial_end": None,
        "current_period_end": None,
        "cancel_at": None,
        "has_card": None,
        "stripe_customer_id": None,
        "stripe_subscription_id": None,
        "stripe_price_id": None,
        "pay_url": None,
        "pay_by": None,
    }


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("projects", {"allowed": True, "reason": "included", "limit": 1, "offer": None}),
        (
            "custom_domain",
            {"allowed": False, "reason": "not_included", "offer": {"plan": "starter", "name": "Starter"}},
        ),
        ("sso", {"allowed": False, "reason": "not_included", "offer": {"plan": "scale", "name": "Scale"}}),
    ],
)
def test_a_check_answers_with_reason_and_offer(site: Site, feature: str, expected: dict[str, Any]) -> None:
    """A check says whether, why and within which limit; a refusal is an answer with the cheapest way."""
    answer = site.signed_in().get("/api/billing/check", params={"feature": feature})
    assert answer.status_code == 200
    assert expected.items() <= answer.json().items()


def test_an_unknown_feature_is_404(site: Site) -> None:
    """A feature that does not exist is a mistake of the caller, who is told which there are."""
    answer = site.signed_in().get("/api/billing/check?feature=teleport")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_feature")
    assert "custom_domain" in answer.json()["detail"]


def test_an_order_is_answered_for_programs_and_for_forms(site: Site) -> None:
    """JSON gets the address of the checkout, a form is led there; both the same one."""
    as_json = site.signed_in().post(ORDER, json={"plan": "team", "interval": "year"})
    as_form = site.submit(ORDER, plan="team", interval="year")
    assert as_json.status_code == 200
    assert as_form.status_code == 303
    assert as_json.json() == {"url": as_form.headers["location"]}


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"plan": "platinum"}, 404, "unknown_plan"),
        ({"plan": "free"}, 404, "unknown_plan"),
        ({"plan": "team", "interval": "week"}, 422, "request_invalid"),
        ({}, 422, "request_invalid"),
        ({"plan": "team", "trial_days": 9000}, 422, "request_invalid"),
        ({"plan": ["team"]}, 422, "request_invalid"),
        ([], 422, "request_invalid"),
    ],
    ids=str,
)
def test_an_order_that_cannot_be_met(site: Site, order: object, status: int, code: str) -> None:
    """An unknown plan is 404, a malformed order 422; each is a problem with all its fields."""
    answer = site.signed_in().post(ORDER, json=order)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert sorted(problem) == ["code", "detail", "status", "title", "type"]
    assert problem["title"].endswith(".")
    assert problem["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null"], ids=repr)
def test_an_order_that_is_no_json(site: Site, body: bytes) -> None:
    """A body that cannot be read is 422, never 500."""
    answer = site.signed_in().post(ORDER, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded"])
def test_an_order_of_megabytes_is_refused(site: Site, media: str) -> None:
    """Nobody can fill the memory with an order."""
    answer = site.signed_in().post(ORDER, content=b"x" * 1_000_000, headers={"Content-Type": media})
    assert answer.status_code == 413


def test_a_second_purchase_is_409_or_leads_to_billing(site: Site) -> None:
    """A subscriber's order is a conflict for programs; a browser is led to its billing page."""
    site.subscribe("acme", on_trial=False)
    refused = site.signed_in().post(ORDER, json={"plan": "scale"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_subscribed")
    led = site.submit(ORDER, plan="scale")
    assert (led.status_code, led.headers["location"]) == (303, "/billing")


def test_stripe_unreachable_is_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Stripe cannot be reached an order is 503, and says that it may be repeated."""
    from tiergate.billing import Billing
    from tiergate.stripe_api.gateway import StripeUnavailableError

    def down(*_: object, **__: object) -> str:
        raise StripeUnavailableError("Stripe did not answer.", "Try again in a moment.")

    monkeypatch.setattr(Billing, "start_checkout", down)
    answer = site.signed_in().post(ORDER, json={"plan": "team"})
    assert (answer.status_code, answer.json()["detail"]) == (503, "Try again in a moment.")


@pytest.mark.parametrize("headers", [{}, HTML], ids=["program", "browser"])
def test_a_refusal_by_stripe_is_told_without_its_words(
    site: Site, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A customer hears that nothing was charged; what Stripe said is for us, and stands in the log."""
    base = str(site.billing.settings.stripe_api_base)
    client = stripe.StripeClient(KEY, base_addresses={"api": base})
    price = client.v1.prices.list({"lookup_keys": ["scale_yearly"]}).data[0].id
    client.v1.prices.update(price, {"active": False})
    try:
        order = {"plan": "scale", "interval": "year"}
        form = {**order, "form_token": site.form_token()}
        answer = site.signed_in().post(ORDER, data=form, headers=headers)
    finally:
        client.v1.prices.update(price, {"active": True})
    assert answer.status_code == 502
    assert "Our payment provider did not accept this." in answer.text
    assert "Nothing was charged." in answer.text
    assert "inactive" in caplog.text
    for word in ("inactive", "/v1/", price, "req_"):
        assert word not in answer.text
    if not headers:
        assert answer.json()["code"] == "stripe_refused"


def test_a_problem_is_escaped_on_its_page(site: Site) -> None:
    """What a visitor typed is shown as text on the problem's page."""
    answer = site.signed_in().get("/api/billing/check?feature=<script>alert(1)</script>", headers=HTML)
    assert answer.status_code == 404
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_api_describes_itself(site: Site) -> None:
    """The OpenAPI document has every route, each with the schema of its answer; no pages, no webhook."""
    document = site.as_nobody().get("/api/openapi.json").json()
    answers = {
        (path, method): operation["responses"]["200"]["content"]["application/json"]["schema"].get("$ref")
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert answers == {
        ("/api/plans", "get"): "#/components/schemas/PlansAnswer",
        ("/api/billing/subscription", "get"): "#/components/schemas/SubscriptionAnswer",
        ("/api/billing/check", "get"): "#/components/schemas/DecisionAnswer",
        ("/api/billing/checkout", "post"): "#/components/schemas/CheckoutAnswer",
        ("/api/billing/ask", "post"): "#/components/schemas/AskedAnswer",
        ("/api/billing/preview", "post"): "#/components/schemas/PreviewAnswer",
        ("/api/billing/portal", "post"): "#/components/schemas/PortalAnswer",
        **{
            (f"/api/billing/{name}", "post"): "#/components/schemas/ChangedAnswer"
            for name in ("change", "seats", "add-ons", "cancel", "resume", "pause", "undo")
        },
        ("/api/billing/email", "post"): "#/components/schemas/EmailAnswer",
        ("/api/billing/trial", "get"): "#/components/schemas/TrialOfferAnswer",
        ("/api/billing/trial", "post"): "#/components/schemas/TrialStartedAnswer",
        ("/api/billing/purchase", "get"): "#/components/schemas/PurchaseAnswer",
        ("/api/admin/plans", "get"): "#/components/schemas/AdminPlansAnswer",
        ("/api/admin/plans", "put"): "#/components/schemas/AdminPlansAnswer",
        ("/api/admin/plans/draft", "delete"): "#/components/schemas/AdminPlansAnswer",
        ("/api/admin/plans/publish", "post"): "#/components/schemas/PushedAnswer",
        ("/api/admin/plans/diff", "get"): None,  # as `tiergate plans diff --json` tells it
    }
    body = document["paths"]["/api/billing/checkout"]["post"]["requestBody"]["content"]
    assert sorted(body) == ["application/json", "application/x-www-form-urlencoded"]
    for media in body.values():
        assert media["schema"]["required"] == ["plan"]
    assert all(
        field in document["components"]["schemas"]["SubscriptionAnswer"]["properties"] for field in SEED
    )


def test_every_body_answer_and_refusal_is_described(site: Site) -> None:
    """Whatever is sent or answered has an example; a refusal has one for each code, with its remedy."""
    document = site.as_nobody().get("/api/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = (path, method)
            for body in operation.get("requestBody", {}).get("content", {}).values():
                assert examples_of(document, body), where
            for status, answer in operation["responses"].items():
                for media, content in answer.get("content", {}).items():
                    assert examples_of(document, content), (*where, status, media)
            problems = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
            assert {"500", "503"} <= operation["responses"].keys(), where
            for answer in problems:
                content = answer["content"]["application/problem+json"]
                told = {code: each["value"] for code, each in content["examples"].items()}
                assert sorted(told) == content["schema"]["properties"]["code"]["enum"]
                assert all(problem["title"] and problem["detail"] for problem in told.values())


def examples_of(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    """Return the examples of a body: its own, or those of the schema that it names."""
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"][name] if name else content["schema"]
    own = [content["example"]] if "example" in content else [*content.get("examples", {}).values()]
    return [*own, *schema.get("examples", [])]


def test_every_write_takes_a_key(site: Site) -> None:
    """What an account changes can be named by the client, in the header and in the body."""
    document = site.as_nobody().get("/api/openapi.json").json()
    for path, operations in document["paths"].items():
        if path.startswith("/api/billing/") and "post" in operations and path != "/api/billing/preview":
            write = operations["post"]
            assert "Idempotency-Key" in [each["name"] for each in write["parameters"]], path
            for body in write["requestBody"]["content"].values():
                assert "key" in body["schema"]["properties"], path


SEED = [
    "status",
    "trial_end",
    "current_period_end",
    "stripe_customer_id",
    "stripe_subscription_id",
    "plan_key",
]
"""What the seed's own subscription endpoint tells."""
