"""The pages as an account gets them, whatever it has already."""

import re

from tests.web.routes.site import Site


def plans_for_sale(site: Site, account_id: str, path: str = "/pricing") -> set[str]:
    """The plans that a page has a form for."""
    page = site.signed_in(account_id).get(path)
    assert page.status_code == 200
    forms = re.findall(r'<form[^>]*action="/api/billing/checkout"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    return {plan for form in forms for plan in re.findall(r'name="plan" value="(\w+)"', form)}


def test_a_subscriber_is_offered_nothing_to_buy(site: Site) -> None:
    """While a subscription runs the pricing page sells nothing: a second one would be paid twice."""
    assert plans_for_sale(site, "acme") == {"starter", "team", "scale"}
    site.subscribe("acme")
    for path in ("/pricing", "/pricing?interval=year"):
        assert plans_for_sale(site, "acme", path) == set()
    assert "/api/billing/checkout" not in site.signed_in("acme").get("/pricing").text
    assert plans_for_sale(site, "rival") == {"starter", "team", "scale"}


def test_the_billing_page_shows_what_is_used(site: Site) -> None:
    """What was counted stands beside the limit at once."""
    site.billing.consume("acme", "api_calls", 250, key="night-import")
    assert "250 of 1,000" in site.signed_in().get("/billing").text


def test_figures_are_written_as_the_browser_asks(site: Site) -> None:
    """A German browser reads German; without a wish it is the account's locale, else English."""
    site.billing.register("rival", locale="de-CH")
    german = {"Accept-Language": "xx, de-AT;q=0.9, en;q=0.8"}
    assert "$49" in site.as_nobody().get("/pricing").text
    assert "$\N{NO-BREAK SPACE}49" in site.as_nobody().get("/pricing?currency=usd", headers=german).text
    assert "0 of 1,000" in site.signed_in("acme").get("/billing").text
    assert "0 von 1’000" in site.signed_in("rival").get("/billing").text
    assert "0 von 1.000" in site.signed_in("rival").get("/billing", headers=german).text
