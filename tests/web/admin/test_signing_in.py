"""The way into the admin pages, and what guards it."""

import pytest
from starlette.testclient import TestClient

from tests.web.routes.site import ADMIN, HTML, PASSWORD, Site
from tiergate.settings import Settings
from tiergate.web.app import create_app


def sign_in(client: TestClient, **fields: str) -> str:
    """Sign in, and return the cookie as it was set."""
    answer = client.post("/admin/sign-in", data={"email": ADMIN, "password": PASSWORD, **fields})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["set-cookie"])


def test_a_browser_is_led_to_the_sign_in_and_back(site: Site) -> None:
    """Whoever opens a page signs in first and then sees that page; a program gets 401."""
    site.billing.administration.add(ADMIN, PASSWORD)
    browser = site.as_nobody()
    led = browser.get("/admin/settings/billing", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (
        303,
        "/admin/sign-in?next=%2Fadmin%2Fsettings%2Fbilling",
    )
    page = browser.get(led.headers["location"], headers=HTML)
    assert 'name="next" value="/admin/settings/billing"' in page.text
    answer = browser.post(
        "/admin/sign-in", data={"email": ADMIN, "password": PASSWORD, "next": "/admin/settings/billing"}
    )
    assert answer.headers["location"] == "/admin/settings/billing"
    assert browser.get("/admin/settings/billing").status_code == 200
    told = site.as_nobody().get("/admin/plans")
    assert (told.status_code, told.json()["code"]) == (401, "admin_sign_in_required")


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/admin//evil", "/admin/../pricing",
     "/pricing", "/admin@evil.example", "/admin/plans\r\nX: y", "javascript:alert(1)", "/administrator", ""],
)  # fmt: skip
def test_nothing_else_is_led_to(site: Site, wanted: str) -> None:
    """After sign-in only pages of the admin are gone to, whatever the address asks for."""
    site.billing.administration.add(ADMIN, PASSWORD)
    answer = site.as_nobody().post(
        "/admin/sign-in", data={"email": ADMIN, "password": PASSWORD, "next": wanted}
    )
    assert answer.headers["location"] == "/admin/plans"


def test_what_is_wrong_is_not_told(site: Site) -> None:
    """A wrong password and an unknown address give the same page; the password never comes back."""
    site.billing.administration.add(ADMIN, PASSWORD)
    pages = [
        site.as_nobody().post("/admin/sign-in", data={"email": email, "password": "sesame-in-vain"})
        for email in (ADMIN, "eve@northwind.test")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert pages[0].text.replace(ADMIN, "WHO") == pages[1].text.replace("eve@northwind.test", "WHO")
    assert "sesame-in-vain" not in pages[0].text
    assert "set-cookie" not in pages[0].headers


def test_guessing_is_held_up(site: Site) -> None:
    """The eleventh attempt is answered with 429, in a page that says to wait."""
    answers = [
        site.as_nobody().post("/admin/sign-in", data={"email": ADMIN, "password": "x"}) for _ in range(11)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert "Wait a quarter of an hour" in answers[-1].text


@pytest.mark.parametrize(
    ("public_url", "mount", "cookie", "attributes"),
    [
        ("https://app.example", "", "__Host-tiergate_admin",
         ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]),
        ("https://app.example/pay", "/pay", "__Secure-tiergate_admin",
         ["HttpOnly", "Path=/pay", "SameSite=lax", "Secure"]),
        ("http://localhost:8000", "", "tiergate_admin", ["HttpOnly", "Path=/", "SameSite=lax"]),
    ],
)  # fmt: skip
def test_the_cookie_is_out_of_reach(
    site: Site, public_url: str, mount: str, cookie: str, attributes: list[str]
) -> None:
    """Scripts cannot read it, forms of other websites are sent without it, and https keeps it to itself."""
    site.billing.administration.add(ADMIN, PASSWORD)
    old: Settings = site.billing.settings
    site.billing.settings = Settings(
        old.database_url, old.stripe_secret_key, old.stripe_webhook_secrets, old.stripe_api_base, public_url
    )
    client = TestClient(
        create_app(site.billing), "https://app.example", root_path=mount, follow_redirects=False
    )
    set_cookie = sign_in(client)
    assert set_cookie.partition("=")[0] == cookie
    parts = [part for part in set_cookie.split("; ")[1:] if not part.startswith("expires")]
    assert sorted(parts) == sorted(attributes)


def test_signing_out(site: Site) -> None:
    """The session is over on the server too, and the browser forgets it."""
    admin = site.as_admin()
    cookie = admin.cookies.get("tiergate_admin")
    answer = admin.submit("/admin/sign-out")
    assert answer.headers["location"] == "/admin/sign-in"
    assert 'tiergate_admin=""' in answer.headers["set-cookie"]
    thief = site.as_nobody()
    thief.cookies.set("tiergate_admin", str(cookie))
    assert thief.get("/admin/plans").status_code == 401


def test_the_token_is_of_this_session(site: Site) -> None:
    """One of another session, an empty one and none at all are refused; another website's request too."""
    mine, theirs = site.as_admin(), site.as_admin()
    for fields in ({"csrf_token": theirs.token()}, {"csrf_token": ""}, {}):
        answer = mine.post(
            "/admin/features", data={"key": "extra", "name": "Extra", "kind": "switch", **fields}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    foreign = mine.post(
        "/admin/features",
        data={"key": "extra", "name": "Extra", "kind": "switch", "csrf_token": mine.token()},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.json()["code"] == "cross_site"
    assert site.billing.administration.editing().draft is None
    assert mine.submit("/admin/features", key="extra", name="Extra", kind="switch").status_code == 303
    assert "[features.extra]" in site.billing.administration.editing().text
