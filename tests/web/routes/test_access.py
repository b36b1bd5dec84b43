"""The way in by a link: what it opens, what it leaves behind, and what a member finds there."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from tests.web.routes.site import HOST, HTML, KEY, SECRET, SECRET_KEY, Site
from tiergate.billing import Billing
from tiergate.real_time import now
from tiergate.services.accounts.acting import Acting
from tiergate.settings import Settings
from tiergate.web.app import create_app
from tiergate.web.identity import nobody


def path_of(link: str) -> str:
    """A link as a browser asks for it."""
    return link.removeprefix(HOST)


def opened(site: Site, account_id: str = "acme", **wanted: str) -> TestClient:
    """A browser that has opened a link."""
    browser = site.as_nobody(Accept=HTML["Accept"])
    answer = browser.get(path_of(site.billing.billing_link(account_id, **wanted)))  # type: ignore[arg-type]
    assert answer.status_code == 303, answer.text
    return browser


def test_a_link_opens_the_page_and_leaves_the_address(site: Site) -> None:
    """It leads on to the plain path, with a cookie that no script can read; nothing of it is passed on."""
    browser = site.as_nobody(**HTML)
    link = site.billing.billing_link("acme", path="/billing?plan=team")
    answer = browser.get(path_of(link))
    assert (answer.status_code, answer.headers["location"]) == (303, "/billing?plan=team")
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    token = link.partition("token=")[2]
    assert token.split(".")[1] not in cookie
    shown = browser.get("/billing")
    assert shown.status_code == 200
    assert "Acme Inc." in shown.text
    assert token not in shown.text


def test_over_https_and_under_a_mount_the_cookie_is_held_closer(site: Site) -> None:
    """It is sent back over https alone, and below the mount alone."""
    public_url = "https://app.northwind.test/pay"
    settings = Settings(
        site.billing.settings.database_url, KEY, (SECRET,), public_url=public_url, secret_keys=(SECRET_KEY,)
    )
    with Billing(settings) as billing:
        host = Starlette(routes=[Mount("/pay", create_app(billing, nobody))])
        browser = TestClient(host, "https://app.northwind.test", follow_redirects=False)
        answer = browser.get(billing.billing_link("acme"))
        assert answer.headers["location"] == "/pay/billing"
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Secure-tiergate_access=")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/pay"} <= set(cookie.split("; "))
        assert browser.get("/pay/billing").status_code == 200


def test_an_expired_link_says_so_in_words(site: Site) -> None:
    """The page says what is wrong and what to do, and passes the token on to nobody."""
    with Billing(site.billing.settings, now=lambda: now() - timedelta(minutes=16)) as earlier:
        link = earlier.billing_link("acme")
    shown = site.as_nobody(**HTML).get(path_of(link))
    assert shown.status_code == 401
    assert "This link has expired." in shown.text
    assert "Open billing from the application once more." in shown.text
    assert "set-cookie" not in shown.headers
    assert shown.headers["referrer-policy"] == "no-referrer"


def test_a_session_that_has_ended_says_so(site: Site) -> None:
    """After twelve hours the page asks to come anew; the pricing page is for everybody again."""
    with Billing(site.billing.settings, now=lambda: now() - timedelta(hours=12, minutes=1)) as earlier:
        token = earlier.billing_link("acme").partition("token=")[2]
        from tiergate.services.accounts.access_tokens import Use

        session, _ = earlier.access_session(earlier.read_access(Use.LINK, token))
    browser = site.as_nobody(Cookie=f"tiergate_access={session}")
    refused = browser.get("/billing")
    assert (refused.status_code, refused.json()["code"]) == (401, "access_expired")
    assert browser.get("/pricing").status_code == 200


def test_a_look_ahead_opens_nothing_and_uses_nothing_up(site: Site) -> None:
    """Who asks for the headers gets no session; and the person finds the link as good as before."""
    path = path_of(site.billing.billing_link("acme"))
    looked = site.as_nobody().head(path)
    assert (looked.status_code, "set-cookie" in looked.headers) == (303, False)
    for _ in range(2):
        assert site.as_nobody().get(path).status_code == 303


def test_another_link_switches_the_account(site: Site) -> None:
    """A person of several accounts acts for one at a time: the one whose link was opened last."""
    browser = opened(site, person="ada@acme.test")
    assert "Acme Inc." in browser.get("/billing").text
    browser.get(path_of(site.billing.billing_link("rival", role="member", person="ada@acme.test")))
    shown = browser.get("/billing").text
    assert "Rival Ltd." in shown
    assert "Acme" not in shown
    refused = browser.post("/api/billing/cancel", json={}, headers={"Accept": "application/json"})
    assert refused.json()["code"] == "owner_required"


def test_the_hosts_own_word_goes_before_an_old_session(site: Site) -> None:
    """Who has signed in at the host as somebody else acts as that one, whatever a cookie says."""
    browser = opened(site)
    told = browser.get("/api/billing/subscription", headers={"x-account": "rival"})
    assert told.json()["account_id"] == "rival"


def test_a_token_of_the_hosts_own_is_left_to_the_host(site: Site) -> None:
    """What the host's programs send as a bearer is for the host to read."""
    host = site.as_nobody(Authorization="Bearer eyJhbGciOi.J9.e30", **{"x-account": "acme"})
    assert host.get("/api/billing/subscription").json()["account_id"] == "acme"


@pytest.mark.parametrize("told", ["acme", Acting("acme", "member", "bob@acme.test")], ids=str)
def test_the_host_may_say_in_which_role(site: Site, told: str | Acting) -> None:
    """An id alone is an owner; with a role it is what the role allows."""
    app: FastAPI = create_app(site.billing, lambda _: told)
    status = TestClient(app, HOST).post("/api/billing/undo").status_code
    assert status == (200 if isinstance(told, str) else 403)


def test_a_member_asks_an_owner(site: Site) -> None:
    """Its pages have no way to change anything, and the one to ask; the journal knows who asked."""
    browser = opened(site, role="member", person="bob@acme.test")
    for page, words in (("/billing", "Ask an owner to upgrade"), ("/pricing", "Ask an owner for Team")):
        shown = browser.get(page).text
        assert set(re.findall(r'<form method="post" action="([^"]+)"', shown)) == {"/api/billing/ask"}
        assert words in shown
    form = re.search(
        r'name="form_token" value="([^"]+)">\s*<input type="hidden" name="plan" value="team"', shown
    )
    assert form
    asked = browser.post("/api/billing/ask", data={"form_token": form[1], "plan": "team"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/billing?after=ask")
    assert "The owners of this account are asked" in browser.get("/billing?after=ask").text
    again = browser.post("/api/billing/ask", json={"plan": "team"}, headers={"Accept": "application/json"})
    assert again.json() == {"asked": False}
    (entry,) = [each for each in site.billing.explain("acme").journal if each.kind == "upgrade_asked"]
    assert (entry.data["by"], entry.data["plan"]) == ("bob@acme.test", "team")


def test_the_owners_find_what_was_asked(site: Site) -> None:
    """Their page says who asks for what, and leads to it; members and other accounts are not told."""
    token = site.billing.access_token("acme", role="member", person="bob<b>@acme.test")
    member = site.as_nobody(Authorization=f"Bearer {token}")
    assert member.post("/api/billing/ask", json={"plan": "team"}).json() == {"asked": True}
    shown = site.signed_in().get("/billing").text
    assert "bob&lt;b&gt;@acme.test asks for Team" in shown
    assert 'href="/pricing#plan-team">See the plans' in shown
    assert 'id="plan-team"' in site.signed_in().get("/pricing").text
    for others in (member, site.signed_in("rival")):
        assert "asks for" not in others.get("/billing").text


def test_a_member_is_offered_nothing_that_would_be_refused(site: Site) -> None:
    """The plans as JSON lead a member to the page on which an owner is asked, and are no orders."""
    token = site.billing.access_token("acme", role="member")
    told = site.as_nobody(Authorization=f"Bearer {token}").get("/api/plans").json()
    offers = [offer for plan in told["plans"] for offer in plan["offers"] if offer["verb"] in BOUGHT]
    assert offers
    assert all("/pricing#plan-" in offer["url"] and not offer["is_order"] for offer in offers)


@pytest.mark.parametrize("path", ["/billing/change?plan=team", "/billing/cancel"])
def test_a_member_who_types_an_owners_address_is_told_why_not(site: Site, path: str) -> None:
    """The page says in plain words who can do it, and leads back to where an owner is asked."""
    shown = opened(site, role="member").get(path, headers=HTML)
    assert shown.status_code == 403
    assert "Only an owner of this account can do that." in shown.text
    assert "Ask an owner to do it" in shown.text
    assert 'href="/billing">Back to billing' in shown.text


def test_a_member_does_not_ask_for_what_is_not_there(site: Site) -> None:
    """An unknown plan is 404, and nobody is bothered with it."""
    token = site.billing.access_token("acme", role="member")
    asked = site.as_nobody(Authorization=f"Bearer {token}").post(
        "/api/billing/ask", json={"plan": "platinum"}
    )
    assert (asked.status_code, asked.json()["code"]) == (404, "unknown_plan")


CHANGING = [
    "checkout",
    "ask",
    "preview",
    "change",
    "seats",
    "add-ons",
    "cancel",
    "resume",
    "undo",
    "pause",
    "portal",
    "email",
    "trial",
]
BOUGHT = ("start_free", "start_trial", "buy", "upgrade", "downgrade", "switch_to_yearly", "switch_to_monthly")


@pytest.mark.parametrize("name", CHANGING)
def test_a_form_bears_the_token_of_whoever_sends_it(site: Site, name: str) -> None:
    """Without it, with another account's, or with a member's, an owner's form is refused and does nothing."""
    members = site.billing.form_token(Acting("acme", "member"))
    for token in ("", "forged", site.form_token("rival"), members, site.billing.form_token(None)):
        answer = site.signed_in().post(f"/api/billing/{name}", data={"form_token": token, "plan": "team"})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert site.billing.describe("acme").told.account.stripe_customer_id is None


@pytest.mark.parametrize("path", ["/billing/change", *(f"/api/billing/{name}" for name in CHANGING)])
def test_a_refused_form_is_explained_on_a_page(site: Site, path: str) -> None:
    """Who sends a form without its token, or yesterday's tab, reads what to do."""
    shown = site.signed_in().post(path, data={"plan": "team"}, headers=HTML)
    assert shown.status_code == 403
    assert "This form is out of date" in shown.text
    assert "Open the page again" in shown.text
    assert 'href="/billing">Back to billing' in shown.text


@pytest.mark.parametrize("media", ["text/plain", "multipart/form-data; boundary=x", "application/jsonx"])
@pytest.mark.parametrize("body", [b"", b'{"plan": "team"}'])
def test_json_comes_as_json(site: Site, media: str, body: bytes) -> None:
    """What another website's form could send in place of JSON is no order: 415."""
    answer = site.signed_in().post("/api/billing/checkout", content=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "content_type_unsupported")


def test_a_program_with_a_token_needs_none_in_its_form(site: Site) -> None:
    """A header that no browser adds by itself proves enough."""
    client = site.as_nobody(Authorization=f"Bearer {site.billing.access_token('acme')}")
    assert client.post("/api/billing/checkout", data={"plan": "team"}).status_code == 303


def test_every_form_of_every_template_bears_a_token() -> None:
    """Whoever writes a form must not forget it: customers' forms have one token, the admin's another."""
    folder = Path(create_app.__code__.co_filename).parent / "templates"
    found = 0
    for template in folder.glob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", template.read_text(encoding="utf-8"), re.DOTALL):
            if 'method="post"' not in form or 'action="{{ frame.base_path }}/admin/sign-in"' in form:
                continue
            found += 1
            bears = "csrf_token" if template.name.startswith(("admin", "_admin")) else "{{ form_token() }}"
            assert bears in form or "csrf()" in form, (template.name, form)
    assert found > 3


def test_the_link_is_absolute_and_short(site: Site) -> None:
    """A mail program does not break it: one line, of a length that every browser takes."""
    link = site.billing.billing_link("acme", person="ada@acme.test")
    assert urlsplit(link).netloc == "northwind.test"
    assert len(link) < 500
