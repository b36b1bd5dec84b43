"""Another account's identifiers, sent to every route of an account: none of them is taken."""

from typing import Any

import pytest

from tests.web.routes.site import Site
from tests.web.routes.test_change_routes import have

SENSIBLE: dict[str, dict[str, Any]] = {
    "checkout": {"plan": "team"},
    "trial": {"plan": "team"},
    "preview": {"plan": "team"},
    "change": {"plan": "team"},
    "seats": {"seats": 2},
    "add-ons": {"add_on": "storage"},
    "email": {"email": "money@acme.test"},
}
"""What each route needs; the others need nothing."""

NAMES = ("account_id", "account", "customer", "stripe_customer_id", "subscription", "subscription_id", "id")


def theirs(site: Site, sandbox_url: str) -> dict[str, str]:
    """Let the other account have a plan; return its identifiers by the names that they might go by."""
    subscription = have(site, sandbox_url, account_id="rival")
    customer = str(site.billing.describe("rival").told.account.stripe_customer_id)
    values = ("rival", "rival", customer, customer, subscription, subscription, subscription)
    return dict(zip(NAMES, values, strict=True))


def routes(site: Site, method: str) -> list[str]:
    """Every route of an account that the API describes."""
    paths = site.app.openapi()["paths"]
    return [path for path, known in paths.items() if path.startswith("/api/billing/") and method in known]


def stands(site: Site) -> Any:
    """What the other account has, and what became of it."""
    told = site.signed_in("rival").get("/api/billing/subscription").json()
    email = site.billing.describe("rival").told.account.email
    return {**told, "at": None}, email, len(site.billing.explain("rival").journal)


@pytest.mark.parametrize("media", ["json", "data"], ids=["as JSON", "as a form"])
def test_what_is_sent_names_nobody_else(site: Site, sandbox_url: str, media: str) -> None:
    """A member of the body that names somebody else is refused by every route, and nothing happens."""
    names, posts = theirs(site, sandbox_url), routes(site, "post")
    before = stands(site)
    assert len(posts) >= 13
    for path in posts:
        order = SENSIBLE.get(path.rpartition("/")[2], {})
        for name, value in names.items():
            token = {"form_token": site.form_token()} if media == "data" else {}
            sent: Any = {media: {**order, **token, name: value}}
            refused = site.signed_in().post(path, **sent)
            assert (refused.status_code, refused.json()["code"]) == (422, "request_invalid"), (path, name)
            assert name in refused.json()["detail"]
    assert stands(site) == before
    assert site.billing.describe("acme").told.account.stripe_customer_id is None


def test_an_address_names_nobody_else(site: Site, sandbox_url: str) -> None:
    """In the query or in a header it changes nothing: every answer is about whoever is signed in."""
    names, before = theirs(site, sandbox_url), stands(site)
    headers = {f"X-{name.replace('_', '-')}": value for name, value in names.items() if name != "account"}
    query = {"plan": "team", "feature": "roles", **names}
    for path in [*routes(site, "get"), *routes(site, "post")]:
        order = SENSIBLE.get(path.rpartition("/")[2], {})
        method = "GET" if path in routes(site, "get") else "POST"
        sent: Any = {"json": order} if method == "POST" else {}
        answer = site.signed_in().request(method, path, params=query, headers=headers, **sent)
        for mine in ("rival", names["customer"], names["subscription"]):
            assert mine not in answer.text, path
    assert site.signed_in().get("/api/billing/subscription", params=names).json()["account_id"] == "acme"
    assert stands(site) == before
