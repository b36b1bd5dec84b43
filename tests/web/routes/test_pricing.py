"""The pricing page as visitors get it: their currency, their interval, the host's templates."""

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from tests.web.routes.site import HTML, Site
from tiergate.billing import Billing
from tiergate.settings import SettingsError, settings_from
from tiergate.web.app import create_app

ENVIRONMENT = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}


def publish(site: Site, more: str) -> None:
    """Publish the demo's file, which sells in dollars, euro and pounds, with more in it."""
    text = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")
    site.billing.push_plans(f"{text}\n{more}")


DOLLARS_ALONE = """
[plans.solo]
name = "Solo"
rank = 9

[[plans.solo.prices]]
interval = "month"
currency = "usd"
unit_amount = 1900
"""


def team_costs(html: str) -> str:
    """What Team costs a month."""
    card = html.partition('id="plan-team"')[2]
    found = re.search(r'price-amount[^"]*">([^<]*)<', card)
    assert found
    return found[1]


def test_a_currency_once_chosen_is_remembered(site: Site) -> None:
    """The link shows the currency and sets a cookie, which the next visit shows it by; also in the API."""
    client = site.as_nobody()
    assert team_costs(client.get("/pricing").text) == "$49"
    chosen = client.get("/pricing?currency=eur")
    assert team_costs(chosen.text) == "€45"
    assert "httponly" in chosen.headers["set-cookie"].lower()
    assert team_costs(client.get("/pricing?interval=year").text) == "€45"
    assert client.get("/api/plans").json()["currency"]["because"] == "choice"


def test_a_plan_that_is_not_sold_in_it_says_so(site: Site) -> None:
    """A plan that is sold in dollars alone keeps them on its card, and names them."""
    publish(site, DOLLARS_ALONE)
    page = site.as_nobody().get("/pricing?currency=eur").text
    solo = page.partition('id="plan-solo"')[2]
    assert "Billed monthly in USD" in solo
    assert 'name="currency" value="usd"' in solo


def test_the_language_speaks_for_a_currency(site: Site) -> None:
    """A German browser is shown euro, and the choice of another one stays."""
    client = site.as_nobody(**{"Accept-Language": "de-DE"})
    assert team_costs(client.get("/pricing").text) == "45\N{NO-BREAK SPACE}€"
    client.get("/pricing?currency=usd")
    assert team_costs(client.get("/pricing").text) == "49\N{NO-BREAK SPACE}$"


def test_an_account_that_pays_in_a_currency_has_no_choice(site: Site) -> None:
    """A subscriber sees the currency of its invoices; others get the links."""
    assert "?interval=month&amp;currency=eur" in site.signed_in().get("/pricing").text
    site.subscribe("acme")
    customer = site.billing.describe("acme").told.account.stripe_customer_id
    assert customer
    site.billing.reconcile("acme")
    assert site.billing.describe("acme").told.state.currency == "usd"
    page = site.signed_in().get("/pricing?currency=eur").text
    assert team_costs(page) == "$49"
    assert "currency=eur" not in page


def test_the_file_says_which_interval_comes_first(site: Site) -> None:
    """``first_interval`` decides, unless the address does."""
    publish(site, '[checkout]\nfirst_interval = "year"')
    assert "shows-year" in site.as_nobody().get("/pricing").text
    assert "shows-month" in site.as_nobody().get("/pricing?interval=month").text
    assert "shows-year" in site.as_nobody().get("/pricing?interval=week").text
    assert site.as_nobody().get("/api/plans").json()["first_interval"] == "year"


def test_an_order_takes_seats_and_currency(site: Site) -> None:
    """Both are fields of the order; what cannot be bought is 422 with the remedy."""
    order = {"plan": "team", "seats": 3, "currency": "usd"}
    refused = site.signed_in().post("/api/billing/checkout", json=order)
    assert (refused.status_code, refused.json()["code"]) == (422, "seats_invalid")
    fine = site.signed_in().post("/api/billing/checkout", json={**order, "seats": 1})
    assert fine.status_code == 200
    for field, value in (("seats", 0), ("currency", "euro")):
        answer = site.signed_in().post("/api/billing/checkout", json={**order, field: value})
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_a_closed_checkout_is_409(site: Site) -> None:
    """Where customers do not buy by themselves, an order is refused and no page has a form for one."""
    publish(site, "[checkout]\nhosted = false")
    refused = site.signed_in().post("/api/billing/checkout", json={"plan": "team"})
    assert (refused.status_code, refused.json()["code"]) == (409, "checkout_closed")
    page = site.signed_in().get("/pricing").text
    assert "/api/billing/checkout" not in page
    assert "mailto:hello@northwind.example" in page


def test_after_the_purchase_one_goes_on_where_the_founder_says(site: Site) -> None:
    """The way back from checkout leads on to ``success_url`` once the purchase is confirmed, not before."""
    publish(site, '[checkout]\nsuccess_url = "/welcome"')
    session_id = site.start_checkout("acme")
    site.pay(session_id)
    page = site.signed_in().get(f"/billing/return?session_id={session_id}", headers=HTML).text
    assert 'href="/welcome"' in page


def test_a_folder_of_templates_changes_every_page(site: Site, tmp_path: Path) -> None:
    """A host fills one block and adds its own theme; pages that it does not name stay as they are."""
    (tmp_path / "base.html").write_text(
        "{% extends 'tiergate/base.html' %}"
        "{% block theme %}<link rel='stylesheet' href='/brand.css'>{% endblock %}"
    )
    (tmp_path / "pricing.html").write_text(
        "{% extends 'tiergate/pricing.html' %}{% block trust %}<p>Trusted by Acme.</p>{% endblock %}"
    )
    settings = replace(site.billing.settings, templates=tmp_path)
    with Billing(settings) as billing:
        themed = Site(billing, create_app(billing))
        page = themed.as_nobody().get("/pricing").text
        assert "Trusted by Acme." in page
        assert "Payments by Stripe" not in page
        assert "href='/brand.css'" in page
        assert "href='/brand.css'" in themed.as_nobody().get("/billing", headers=HTML).text
    assert "brand.css" not in site.as_nobody().get("/pricing").text


def test_a_sign_up_page_gets_visitors(site: Site) -> None:
    """With ``TIERGATE_SIGN_UP_URL`` a visitor is led there, and an account orders here."""
    settings = replace(site.billing.settings, sign_up_url="/join")
    with Billing(settings) as billing:
        page = Site(billing, create_app(billing)).as_nobody().get("/pricing").text
    assert 'href="/join?plan=team&amp;interval=month&amp;currency=usd"' in page
    assert "/api/billing/checkout" not in page


def test_the_settings_are_read_and_checked(tmp_path: Path) -> None:
    """A folder that is there and an address to lead to; anything else is refused by name."""
    given = {"TIERGATE_TEMPLATES": str(tmp_path), "TIERGATE_SIGN_UP_URL": "https://a.test/join"}
    settings = settings_from({**ENVIRONMENT, **given})
    assert (settings.templates, settings.sign_up_url) == (tmp_path, "https://a.test/join")
    assert settings_from(ENVIRONMENT).templates is None
    for name, value in (
        ("TIERGATE_TEMPLATES", str(tmp_path / "nowhere")),
        ("TIERGATE_SIGN_UP_URL", "javascript:alert(1)"),
        ("TIERGATE_SIGN_UP_URL", "//evil.test"),
    ):
        with pytest.raises(SettingsError, match=name):
            settings_from({**ENVIRONMENT, name: value})
