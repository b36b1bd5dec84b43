"""What every answer carries, and where none may lead."""

import re
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from tests.web.routes.site import HOST, HTML, Site, signed
from tests.web.routes.test_who_may_call import ROUTES, STYLESHEET, Route
from tiergate.billing import Billing

SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NOT_KEPT = ("no-store", "no-cache", "private, no-cache")
"""No answer is used again without asking; ``no-cache`` has an ``ETag`` to ask by."""
ELSEWHERE = [
    Route("GET", "404", "/nowhere", 404, 404),
    Route("DELETE", "405", "/billing", 405, 405),
    Route("GET", "422", "/api/billing/check", 401, 422),
    Route("GET", "slash", "/pricing/", 404, 404),
]


EVENT = (
    b'{"id": "evt_1", "type": "customer.created", "created": 1800000000, "livemode": false,'
    b' "data": {"object": {"id": "cus_1", "object": "customer"}}}'
)


def require_secure(headers: "dict[str, str]") -> None:
    """Require the headers that forbid what no page of ours needs."""
    assert SECURITY.items() <= headers.items()
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] in (*NOT_KEPT, "public, max-age=31536000, immutable")


@pytest.mark.parametrize("accept", ["application/json", HTML["Accept"]], ids=["program", "browser"])
@pytest.mark.parametrize("route", [*ROUTES, *ELSEWHERE], ids=str)
def test_every_answer_is_secured(site: Site, route: Route, accept: str) -> None:
    """Pages, JSON, redirects and refusals alike forbid scripts, frames and sniffing, and are not cached."""
    answer = site.signed_in().request(route.method, route.call, headers={"Accept": accept})
    is_led_to_sign_in = accept == HTML["Accept"] and route.method == "GET" and route.path.startswith("/admin")
    assert answer.status_code == (303 if is_led_to_sign_in and route.account == 401 else route.account)
    headers = dict(answer.headers)
    if route.path == "/access":
        assert headers.pop("referrer-policy") == "no-referrer"
        headers["referrer-policy"] = SECURITY["referrer-policy"]
    require_secure(headers)
    assert "set-cookie" not in answer.headers


def test_a_refusal_of_another_site_is_secured(site: Site) -> None:
    """The answer to a cross-site request has the same headers."""
    answer = site.signed_in().post("/api/billing/checkout", headers={"Sec-Fetch-Site": "cross-site"})
    require_secure(dict(answer.headers))


@pytest.mark.parametrize("headers", [{}, HTML], ids=["program", "browser"])
def test_a_defect_of_ours_is_a_problem_without_a_trace(
    site: Site, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected exception is a 500 with a stable code and the same headers; it tells no more."""

    def fail(*_: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("/var/lib/secret"))

    monkeypatch.setattr(Billing, "describe", fail)
    monkeypatch.setattr(Billing, "catalog", fail)
    answer = site.signed_in().get("/billing", headers=headers)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    require_secure(dict(answer.headers))
    if not headers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "internal_error"


def test_a_defect_of_ours_is_raised_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the answer the exception goes on, so that whoever watches the host for errors sees it."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Billing, "describe", fail)
    with pytest.raises(ZeroDivisionError):
        TestClient(site.app, headers={"x-account": "acme"}).get("/billing")


@pytest.mark.parametrize(
    "path", ["/", "/pricing/", "//evil.example", "//evil.example/", "/%2F%2Fevil.example/"]
)
def test_no_redirect_leads_elsewhere(site: Site, path: str) -> None:
    """Whatever address or host is asked for, a redirect stays on this site."""
    answer = site.as_nobody().get(f"{HOST}{path}", headers={"Host": "evil.example"})
    location = answer.headers.get("location", "/")
    assert re.match(r"/(?![/\\])", location), location


def test_a_form_leads_to_stripe_or_to_billing(site: Site, sandbox_url: str) -> None:
    """An order leads to Stripe's page and nowhere else, whatever the form claims."""
    order = {"plan": "team", "next": "https://evil.example", "url": "https://evil.example"}
    refused = site.submit("/api/billing/checkout", **order)
    assert refused.status_code == 422
    sent = site.submit("/api/billing/checkout", plan="team")
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{sandbox_url}/")
    assert sandbox_url in sent.headers["content-security-policy"]


def test_static_files_are_kept_for_ever(site: Site) -> None:
    """A static file's name holds its content's hash: it may be cached for ever, and an older name is gone."""
    for method in ("GET", "HEAD"):
        answer = site.as_nobody().request(method, STYLESHEET)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert int(answer.headers["content-length"]) > 1000
    missing = site.as_nobody().get("/static/tiergate.000000000000.css")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "name", ["..%2Fapp.py", "%2e%2e/app.py", "tiergate.css", "..\\app.py", "inter-LICENSE.txt"]
)
def test_nothing_beside_the_static_files_is_served(site: Site, name: str) -> None:
    """Only the hashed names are served: no path leads out of the folder."""
    assert site.as_nobody().get(f"/static/{name}").status_code == 404


def test_what_pages_load_is_there(site: Site) -> None:
    """Every file and link of ours that the pages name answers."""
    page = site.signed_in().get("/pricing").text + site.signed_in().get("/billing").text
    named = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page))
    assert len(named) >= 3
    for path in named:
        method = "POST" if path.startswith("/api/") else "GET"
        assert site.signed_in().request(method, path).status_code in (200, 422), path


def test_health_and_readiness(site: Site) -> None:
    """Alive and ready are 200 with a word."""
    assert site.as_nobody().get("/healthz").json() == {"status": "ok"}
    assert site.as_nobody().get("/readyz").json() == {"status": "ok"}


def take_database(site: Site, folder: Path) -> None:
    """Take the database away from a site."""
    site.billing.close()
    for file in folder.glob("tiergate.db*"):
        file.unlink()
    (folder / "tiergate.db").mkdir()


def test_a_dead_database_is_not_ready(site: Site, tmp_path: Path) -> None:
    """Without its database the process is alive and not ready."""
    take_database(site, tmp_path)
    answer = site.as_nobody().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "the database does not answer"})
    assert site.as_nobody().get("/healthz").status_code == 200


@pytest.mark.parametrize("accept", ["application/json", HTML["Accept"]], ids=["program", "browser"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/pricing"),
        ("GET", "/api/plans"),
        ("GET", "/billing"),
        ("GET", "/billing/return?session_id=cs_test_1"),
        ("GET", "/api/billing/subscription"),
        ("GET", "/api/billing/check?feature=sso"),
        ("POST", "/api/billing/checkout"),
        ("POST", "/webhooks/stripe"),
    ],
)
def test_a_dead_database_is_503(site: Site, tmp_path: Path, method: str, path: str, accept: str) -> None:
    """Without its database every route answers 503, and names no database; Stripe will try again."""
    take_database(site, tmp_path)
    body = EVENT if path.startswith("/webhooks") else b'{"plan": "team"}'
    headers = {"Accept": accept, "Content-Type": "application/json", **signed(body)}
    content = body if method == "POST" else None
    answer = site.signed_in().request(method, path, headers=headers, content=content)
    assert answer.status_code == 503, answer.text
    require_secure(dict(answer.headers))
    for inside in ("sqlite", "tiergate.db", "DATABASE_URL"):
        assert inside not in answer.text
    if accept == "application/json":
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "database_unavailable"
