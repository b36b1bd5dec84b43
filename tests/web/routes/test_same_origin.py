"""What another website sends in a visitor's name is refused; what our own pages and programs send is not."""

import pytest

from tests.web.routes.site import HOST, HTML, Site, signed

ORDER = {"plan": "team"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HOST},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://northwind.test:8080"},
        {"Origin": "http://northwind.test.evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    """A cross-site order is 403 with a problem, and no checkout is started."""
    answer = site.signed_in().post("/api/billing/checkout", data=ORDER, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert answer.headers["content-type"] == "application/problem+json"
    assert site.billing.describe("acme").told.account.stripe_customer_id is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": HOST},
        {"Sec-Fetch-Site": "same-origin", "Origin": HOST},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_our_own_pages_and_programs_are_allowed(site: Site, headers: dict[str, str]) -> None:
    """The form of our own page, and a program that is no browser, reach the checkout."""
    form = {**ORDER, "form_token": site.form_token()}
    answer = site.signed_in().post("/api/billing/checkout", data=form, headers=headers)
    assert answer.status_code == 303


def test_reading_is_not_restricted(site: Site) -> None:
    """A link on another website may lead to the pricing page."""
    answer = site.as_nobody().get("/pricing", headers={"Sec-Fetch-Site": "cross-site", **HTML})
    assert answer.status_code == 200


def test_the_webhook_is_exempt(site: Site) -> None:
    """The webhook proves itself by its signature, not by its origin."""
    body = (
        b'{"id": "evt_1", "type": "x", "created": 1, "livemode": false, "data": {"object": {"object": "x"}}}'
    )
    headers = {**signed(body), "Origin": "https://api.stripe.com", "Sec-Fetch-Site": "cross-site"}
    assert site.as_nobody().post("/webhooks/stripe", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/webhooks/stripe/", "//webhooks/stripe", "/x/webhooks/stripe", "/webhooks/stripe/../../x"]
)
def test_only_the_webhook_is_exempt(site: Site, path: str) -> None:
    """Addresses that merely look like the webhook's are not exempt, and not the webhook."""
    answer = site.as_nobody().post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
