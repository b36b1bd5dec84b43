"""Every route of the application, and who may call it: a route that is not in the table fails the test."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from fastapi.routing import iter_route_contexts

from tests.web.routes.site import HOST, HTML, KEY, SECRET, SECRET_KEY, Site
from tiergate.billing import Billing
from tiergate.real_time import now
from tiergate.services.examination.webhook_endpoints import WEBHOOK_PATH
from tiergate.settings import Settings
from tiergate.web.problems import DefectProblems
from tiergate.web.render import static_url
from tiergate.web.same_origin import SameOrigin
from tiergate.web.security_headers import SecurityHeaders
from tiergate.web.visitor_language import Languages

STYLESHEET = static_url("", "tiergate.css")


@dataclass(frozen=True)
class Route:
    """One route: how it is called, what nobody gets, and what a signed-in account gets."""

    method: str
    path: str
    call: str
    nobody: int
    account: int
    member: int | None = None
    """What a member of the account gets, where that is not the same."""
    admin: int | None = None
    """What an admin gets who sends no token; on the pages of customers the same as nobody."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


ROUTES = [
    Route("GET", "/", "/", 307, 307),
    Route("GET", "/healthz", "/healthz", 200, 200),
    Route("GET", "/readyz", "/readyz", 200, 200),
    Route("GET", "/pricing", "/pricing", 200, 200),
    Route("GET", "/api/plans", "/api/plans", 200, 200),
    Route("GET", "/embed.js", "/embed.js", 200, 200),
    Route("GET", "/static/{name}", STYLESHEET, 200, 200),
    Route("GET", "/api/openapi.json", "/api/openapi.json", 200, 200),
    Route("POST", "/webhooks/stripe", "/webhooks/stripe", 400, 400),
    Route("GET", "/access", "/access?token=tgl1.forged.forged", 401, 401),
    Route("GET", "/billing", "/billing", 401, 200),
    Route("GET", "/billing/return", "/billing/return?session_id=cs_unknown", 401, 404),
    Route("GET", "/billing/change", "/billing/change", 401, 400, 403),
    Route("POST", "/billing/change", "/billing/change", 401, 422, 403),
    Route("GET", "/billing/buy", "/billing/buy?plan=team", 401, 303, 403),
    Route("GET", "/billing/cancel", "/billing/cancel", 401, 303, 403),
    Route("GET", "/api/billing/subscription", "/api/billing/subscription", 401, 200),
    Route("GET", "/api/billing/check", "/api/billing/check?feature=seats", 401, 200),
    Route("POST", "/api/billing/checkout", "/api/billing/checkout", 401, 422, 403),
    Route("POST", "/api/billing/ask", "/api/billing/ask", 401, 200),
    Route("GET", "/admin/sign-in", "/admin/sign-in", 200, 200, admin=200),
    Route("POST", "/admin/sign-in", "/admin/sign-in", 401, 401, admin=401),
    Route("POST", "/admin/sign-out", "/admin/sign-out", 401, 401, admin=403),
    Route("GET", "/admin", "/admin", 401, 401, admin=303),
    Route("GET", "/admin/plans", "/admin/plans", 401, 401, admin=200),
    Route("POST", "/admin/plans", "/admin/plans", 401, 401, admin=403),
    Route("GET", "/admin/plans/new", "/admin/plans/new", 401, 401, admin=200),
    Route("GET", "/admin/plans/review", "/admin/plans/review", 401, 401, admin=200),
    Route("POST", "/admin/plans/publish", "/admin/plans/publish", 401, 401, admin=403),
    Route("POST", "/admin/plans/discard", "/admin/plans/discard", 401, 401, admin=403),
    Route("POST", "/admin/plans/keep", "/admin/plans/keep", 401, 401, admin=403),
    Route("GET", "/admin/plans/text", "/admin/plans/text", 401, 401, admin=200),
    Route("POST", "/admin/plans/text", "/admin/plans/text", 401, 401, admin=403),
    Route("GET", "/admin/plans/{key}", "/admin/plans/team", 401, 401, admin=200),
    Route("POST", "/admin/plans/{key}", "/admin/plans/team", 401, 401, admin=403),
    Route("POST", "/admin/plans/{key}/delete", "/admin/plans/team/delete", 401, 401, admin=403),
    Route("POST", "/admin/plans/{key}/move", "/admin/plans/team/move", 401, 401, admin=403),
    Route("GET", "/admin/features", "/admin/features", 401, 401, admin=200),
    Route("POST", "/admin/features", "/admin/features", 401, 401, admin=403),
    Route("GET", "/admin/features/{key}", "/admin/features/seats", 401, 401, admin=200),
    Route("POST", "/admin/features/{key}", "/admin/features/seats", 401, 401, admin=403),
    Route("POST", "/admin/features/{key}/delete", "/admin/features/seats/delete", 401, 401, admin=403),
    Route("GET", "/admin/settings", "/admin/settings", 401, 401, admin=303),
    Route("GET", "/admin/settings/{which}", "/admin/settings/billing", 401, 401, admin=200),
    Route("POST", "/admin/settings/{which}", "/admin/settings/billing", 401, 401, admin=403),
    Route("GET", "/api/admin/plans", "/api/admin/plans", 401, 401, admin=200),
    Route("PUT", "/api/admin/plans", "/api/admin/plans", 401, 401, admin=403),
    Route("GET", "/api/admin/plans/diff", "/api/admin/plans/diff", 401, 401, admin=409),
    Route("POST", "/api/admin/plans/publish", "/api/admin/plans/publish", 401, 401, admin=403),
    Route("DELETE", "/api/admin/plans/draft", "/api/admin/plans/draft", 401, 401, admin=403),
    Route("POST", "/api/billing/preview", "/api/billing/preview", 401, 400, 403),
    Route("POST", "/api/billing/change", "/api/billing/change", 401, 422, 403),
    Route("POST", "/api/billing/seats", "/api/billing/seats", 401, 422, 403),
    Route("POST", "/api/billing/add-ons", "/api/billing/add-ons", 401, 422, 403),
    Route("POST", "/api/billing/cancel", "/api/billing/cancel", 401, 200, 403),
    Route("POST", "/api/billing/resume", "/api/billing/resume", 401, 409, 403),
    Route("POST", "/api/billing/pause", "/api/billing/pause", 401, 403, 403),
    Route("POST", "/api/billing/undo", "/api/billing/undo", 401, 200, 403),
    Route("POST", "/api/billing/email", "/api/billing/email", 401, 422, 403),
    Route("POST", "/api/billing/portal", "/api/billing/portal", 401, 409, 403),
    Route("GET", "/api/billing/trial", "/api/billing/trial?plan=team", 401, 200),
    Route("GET", "/api/billing/purchase", "/api/billing/purchase?plan=team", 401, 200),
    Route("POST", "/api/billing/trial", "/api/billing/trial", 401, 200, 403),
]
LOOKED_AT = [
    route for route in ROUTES if route.method == "GET" and not route.path.startswith(("/api/b", "/api/a"))
]
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=str)
PROTECTED = pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.nobody == 401 and route.admin is None and route.path != "/access"],
    ids=str,
)


def test_every_route_is_in_the_table(site: Site) -> None:
    """The application has exactly the routes of the table; HEAD comes with GET.

    No middleware answers anything of its own; a delivery of Stripe's only takes a short cut to its route.
    """
    ahead: set[object] = {entry.cls for entry in site.app.user_middleware}
    assert ahead == {SecurityHeaders, Languages, DefectProblems, SameOrigin}
    found = {
        (method, context.path)
        for context in iter_route_contexts(site.app.routes)
        for method in context.methods or ()
        if method != "HEAD"
    }
    assert found == {(route.method, route.path) for route in ROUTES}


@EVERY_ROUTE
def test_as_nobody(site: Site, route: Route) -> None:
    """Who is not signed in gets the public routes, and is refused on the others."""
    assert site.as_nobody().request(route.method, route.call).status_code == route.nobody


@EVERY_ROUTE
def test_as_an_account(site: Site, route: Route) -> None:
    """Who is signed in gets all of them."""
    assert site.signed_in().request(route.method, route.call).status_code == route.account


@EVERY_ROUTE
def test_as_a_member(site: Site, route: Route) -> None:
    """A member reads what an owner reads, asks, and changes nothing: that is refused with the remedy."""
    token = site.billing.access_token("acme", role="member", person="bob@acme.test")
    client = site.as_nobody(Authorization=f"Bearer {token}")
    answer = client.request(route.method, route.call)
    assert answer.status_code == (route.account if route.member is None else route.member)
    if route.member == 403:
        told = answer.json()
        assert (told["code"], "Ask an owner" in told["detail"]) == ("owner_required", True)


@EVERY_ROUTE
def test_as_an_owner_by_token(site: Site, route: Route) -> None:
    """An owner's token opens what the host's own word opens."""
    client = site.as_nobody(Authorization=f"Bearer {site.billing.access_token('acme')}")
    assert client.request(route.method, route.call).status_code == route.account


def _worthless(site: Site) -> dict[str, str]:
    """Tokens that once were good, or look as if they were, with what each is refused as."""
    good = site.billing.access_token("acme")
    use, payload, signature = good.split(".")
    rivals = site.billing.access_token("rival").split(".")[1]
    others = Settings(
        site.billing.settings.database_url, KEY, (SECRET,), public_url=HOST, secret_keys=("o" * 32,)
    )
    elsewhere = replace(others, public_url="http://elsewhere.test", secret_keys=(SECRET_KEY,))
    with (
        Billing(others) as other_key,
        Billing(elsewhere) as other_audience,
        Billing(site.billing.settings, now=lambda: now() - timedelta(minutes=16)) as earlier,
    ):
        return {
            "tga1.": "access_invalid",
            f"{use}.{payload}.": "access_invalid",
            f"{use}.{payload}.{signature[::-1]}": "access_invalid",
            f"{use}.{rivals}.{signature}": "access_invalid",
            other_key.access_token("acme"): "access_invalid",
            other_audience.access_token("acme"): "access_invalid",
            earlier.access_token("acme"): "access_expired",
        }


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.nobody == 401 and route.admin is None], ids=str
)
def test_with_a_token_that_is_worthless(site: Site, route: Route) -> None:
    """Forged, expired, for another place, with another key: each is 401, as a header and as a cookie."""
    for token, code in _worthless(site).items():
        answer = site.as_nobody(Authorization=f"Bearer {token}").request(route.method, route.call)
        assert (answer.status_code, answer.json()["code"]) == (
            401,
            "access_invalid" if route.path == "/access" else code,
        ), token
        session = f"tgs1{token[4:]}"
        cookie = site.as_nobody(Cookie=f"tiergate_access={session}").request(route.method, route.call)
        assert (cookie.status_code, cookie.json()["code"]) == (401, "access_invalid"), session


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_as_an_admin(site: Site, route: Route) -> None:
    """An admin reads the admin pages, changes nothing without a token, and is no account on the others."""
    answer = site.as_admin().request(route.method, route.call)
    assert answer.status_code == (route.nobody if route.admin is None else route.admin)
    if answer.status_code == 403:
        assert answer.json()["code"] == "csrf_failed"
    assert site.billing.administration.editing().draft is None
    assert site.as_nobody().get("/admin/plans").status_code == 401


@PROTECTED
def test_a_refusal_to_nobody_is_a_problem_or_a_page(site: Site, route: Route) -> None:
    """A program is refused with problem details, a browser with a page; both say what to do."""
    told = site.as_nobody().request(route.method, route.call)
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json() == {
        "type": "about:blank",
        "title": "Nobody is signed in.",
        "status": 401,
        "code": "sign_in_required",
        "detail": "Sign in first, then come back to this page.",
    }
    shown = site.as_nobody().request(route.method, route.call, headers=HTML)
    assert shown.status_code == 401
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "Sign in first" in shown.text


@pytest.mark.parametrize("route", LOOKED_AT, ids=str)
def test_head_answers_like_get(site: Site, route: Route) -> None:
    """Pages, files and probes answer HEAD with the status and the headers of GET."""
    head, get = (site.signed_in().request(method, route.call) for method in ("HEAD", "GET"))
    assert head.status_code == get.status_code
    assert head.headers == get.headers


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}], ids=str
)
@pytest.mark.parametrize("route", [each for each in ROUTES if each.method not in ("GET",)], ids=str)
def test_from_another_website(site: Site, route: Route, headers: dict[str, str]) -> None:
    """Whatever changes something is refused to other websites, even with a token that is good."""
    if route.path == WEBHOOK_PATH:
        return  # it is signed
    form = {"form_token": site.form_token(), "plan": "team"}
    answer = site.signed_in().request(route.method, route.call, data=form, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@EVERY_ROUTE
def test_a_token_of_one_account_opens_no_other(site: Site, route: Route) -> None:
    """Whatever account the request names besides, what is answered is about the token's."""
    site.billing.start_checkout("acme", "team")
    token = site.billing.access_token("rival")
    client = site.as_nobody(Authorization=f"Bearer {token}", Cookie="tiergate_access=acme")
    joint = "&" if "?" in route.call else "?"
    answer = client.request(route.method, f"{route.call}{joint}account_id=acme&account=acme")
    customer = site.billing.describe("acme").told.account.stripe_customer_id
    assert customer
    for secret in ("Acme", "ap@acme.test", customer):
        assert secret not in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_other_methods_are_refused(site: Site, method: str) -> None:
    """A method that a route does not have is refused with 405, as a problem."""
    answer = site.signed_in().request(method, "/billing")
    assert (answer.status_code, answer.json()["code"]) == (405, "http_405")


def test_an_unknown_account_is_404(site: Site) -> None:
    """An account that the host signs in but never registered is told how to be made known."""
    for path in ("/api/billing/subscription", "/api/billing/check?feature=seats", "/billing", "/pricing"):
        answer = site.signed_in("ghost").get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account")


def test_another_account_sees_nothing_of_the_first(site: Site) -> None:
    """Of one account's trial, name and address another account's answers and pages hold no trace."""
    site.billing.start_checkout("acme", "team")
    customer = site.billing.describe("acme").told.account.stripe_customer_id
    assert customer
    for route in ROUTES:
        answer = site.signed_in("rival").request(route.method, route.call)
        for secret in ("acme", "Acme", customer):
            assert secret not in answer.text, route
    assert site.signed_in("rival").get("/api/billing/subscription").json()["account_id"] == "rival"


def test_another_accounts_checkout_is_not_found(site: Site) -> None:
    """The way back from one account's checkout is 404 for another, as for a session that does not exist."""
    session_id = site.start_checkout("acme")
    path = f"/billing/return?session_id={session_id}"
    assert site.signed_in("acme").get(path).status_code == 303
    theirs, unknown = (
        site.signed_in("rival").get(url) for url in (path, "/billing/return?session_id=cs_none")
    )
    assert theirs.status_code == unknown.status_code == 404
    assert theirs.json() == unknown.json()


@pytest.mark.parametrize("spoof", ["?account_id=acme", "?account=acme", "?x-account=acme"])
def test_the_visitor_cannot_name_the_account(site: Site, spoof: str) -> None:
    """Nothing in the address changes whose account is asked about."""
    assert site.signed_in("rival").get(f"/api/billing/subscription{spoof}").json()["account_id"] == "rival"
    assert site.as_nobody().get(f"/api/billing/subscription{spoof}").status_code == 401
