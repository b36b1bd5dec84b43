"""Which language visitors and accounts get, how a choice is kept, and what caches are told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.web.routes.site import HTML, Site
from tiergate.billing import Billing
from tiergate.stripe_api.gateway import Gateway
from tiergate.translation_files import TranslationError
from tiergate.web.app import create_app

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}


def language_of(html: str) -> str:
    """What a page says that it is in."""
    found = re.search(r'<html lang="([\w-]+)">', html)
    assert found
    return found[1]


@contextmanager
def speaking(site: Site, **changes: Any) -> Iterator[Site]:
    """The same site with other languages."""
    with Billing(replace(site.billing.settings, **changes)) as billing:
        yield Site(billing, create_app(billing, lambda request: request.headers.get("x-account")))


@pytest.mark.parametrize(
    ("query", "cookie", "browser", "language"),
    [
        ("", None, None, "en"),
        ("", None, "de-AT", "de"),
        ("", None, "fr, ja;q=0.5", "en"),
        ("", None, "fr, de;q=0.5, en;q=0.4", "de"),
        ("", None, "de;q=0, en;q=0.1", "en"),
        ("", "de", "en", "de"),
        ("?lang=en", "de", "de", "en"),
        ("?lang=de", "en", "en", "de"),
        ("?lang=xx", "de", "en", "de"),
        ("?lang=//evil.test", None, "de", "de"),
        ("?lang=", "nonsense", "de", "de"),
        ("?lang=de&lang=en", None, None, "en"),
    ],
)
def test_the_language_is_negotiated(
    site: Site, query: str, cookie: str | None, browser: str | None, language: str
) -> None:
    """The address goes before the cookie, the cookie before the browser; others are passed over."""
    headers = {"Accept-Language": browser} if browser else {}
    client = site.as_nobody(**headers)
    if cookie:
        client.cookies.set("tiergate_language", cookie)
    answer = client.get(f"/pricing{query}")
    assert language_of(answer.text) == language
    assert answer.headers["content-language"] == language
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))


def test_a_language_once_chosen_is_remembered(site: Site) -> None:
    """The link in the footer shows this page in German, and every page after it."""
    client = site.signed_in()
    chosen = client.get("/billing?after=email&lang=de", headers={"Accept-Language": "en"})
    assert language_of(chosen.text) == "de"
    cookie = chosen.headers["set-cookie"].lower()
    assert "tiergate_language=de" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/;" in cookie
    assert language_of(client.get("/pricing", headers={"Accept-Language": "en"}).text) == "de"
    assert language_of(client.get("/nowhere", headers={**HTML, "Accept-Language": "en"}).text) == "de"


def test_only_what_is_offered_is_remembered(site: Site) -> None:
    """Nothing that a visitor makes up reaches a cookie or a header; a form changes no choice."""
    client = site.signed_in()
    for path in ("/pricing?lang=xx", "/pricing?lang=de%0d%0aset-cookie:a=b", "/pricing"):
        assert "set-cookie" not in client.get(path).headers
    assert "set-cookie" not in client.post("/api/billing/cancel?lang=de").headers


def test_the_switch_keeps_what_the_page_shows(site: Site) -> None:
    """Its links lead to the same page by its own parameters, and carry nothing else along."""
    page = site.as_nobody().get("/pricing?interval=year&token=secret&next=//evil.test&lang=de").text
    links = re.findall(r'<a href="([^"]*)" lang="(\w+)" hreflang="\w+" rel="nofollow"( aria-current)?', page)
    assert links == [
        ("?interval=year&amp;lang=en", "en", ""),
        ("?interval=year&amp;lang=de", "de", " aria-current"),
    ]
    assert "secret" not in page
    assert "evil" not in page


def test_the_account_speaks_where_the_browser_does_not(site: Site) -> None:
    """An account's locale decides for a browser that names no language that is offered."""
    site.billing.register("rival", locale="de-CH")
    client = site.signed_in("rival")
    assert language_of(client.get("/billing").text) == "de"
    assert language_of(client.get("/billing", headers={"Accept-Language": "ja"}).text) == "de"
    assert language_of(client.get("/billing", headers={"Accept-Language": "en"}).text) == "en"
    assert language_of(site.as_nobody().get("/pricing").text) == "en"


def test_problems_are_told_in_german(site: Site) -> None:
    """Each code has its page; programs get English, and the same code."""
    signed_out = site.as_nobody(**GERMAN).get("/billing", headers=HTML)
    assert signed_out.status_code == 401
    assert "Sie sind nicht angemeldet." in signed_out.text
    assert "Nobody is signed in" not in signed_out.text
    missing = site.signed_in().get("/nowhere", headers={**HTML, **GERMAN}).text
    assert "Diese Seite gibt es nicht." in missing
    invalid = site.signed_in().get("/billing/change?seats=x", headers={**HTML, **GERMAN}).text
    assert "Die Anfrage ist nicht gültig." in invalid
    problem = site.as_nobody(**GERMAN).get("/billing").json()
    assert (problem["code"], problem["title"]) == ("sign_in_required", "Nobody is signed in.")


def test_a_refused_trial_says_why_in_german(site: Site) -> None:
    """The reason has words of its own."""
    site.subscribe("acme")
    form = {"form_token": site.form_token("acme")}
    refused = site.signed_in().post("/api/billing/trial", headers={**HTML, **GERMAN}, data=form)
    assert "Sie haben bereits ein Abo, daher gibt es nichts zu testen." in refused.text


def test_the_plans_are_told_in_the_visitors_language(site: Site) -> None:
    """What other pages show of the plans is in German too, and caches know one from the other."""
    client = site.as_nobody()
    german = client.get("/api/plans", headers=GERMAN)
    assert german.json()["words"]["year"] == "Jährlich"
    assert german.json()["locale"] == "de_DE"
    team = next(plan for plan in german.json()["plans"] if plan["key"] == "team")
    assert team["offers"][0]["label"] == "14 Tage kostenlos testen"
    assert client.get("/api/plans?lang=de").json()["words"]["year"] == "Jährlich"
    assert {"Accept-Language", "Cookie"} <= set(german.headers["vary"].split(", "))
    known = {"If-None-Match": german.headers["etag"]}
    english = site.as_nobody().get("/api/plans", headers=known)
    assert (english.status_code, english.json()["words"]["year"]) == (200, "Yearly")


def test_the_admin_is_english(site: Site) -> None:
    """It has no other language, and says so."""
    page = site.as_nobody(**GERMAN).get("/admin/sign-in")
    assert language_of(page.text) == "en"
    assert page.headers["content-language"] == "en"
    assert 'class="languages"' not in page.text
    missing = site.as_admin().get("/admin/nowhere", headers={**HTML, **GERMAN})
    assert language_of(missing.text) == "en"


def test_a_host_adds_a_language_by_a_file(site: Site, tmp_path: Path) -> None:
    """French appears in the footer and is spoken; what it lacks is said in English."""
    (tmp_path / "fr.toml").write_text('name = "Français"\n[sentences]\n"Pricing" = "Tarifs"\n')
    with speaking(site, translations=tmp_path) as french:
        page = french.as_nobody(**{"Accept-Language": "fr-FR"}).get("/pricing").text
        assert language_of(page) == "fr"
        assert "<title>Tarifs · " in page
        assert "Recommended" in page
        assert 'lang="fr"' in page
        assert "Français" in page


def test_the_offer_is_told_in_the_language_of_the_page(site: Site) -> None:
    """What a file's ``[offer]`` says stands on every page and in the API; nothing else of it changes."""
    folder = Path(str(files("tiergate.demo") / "languages"))
    with speaking(site, translations=folder) as german:
        german.subscribe("acme", on_trial=False)
        client = german.signed_in()
        pricing = client.get("/pricing?lang=de").text
        assert "Preise, die mit Ihnen wachsen" in pricing
        assert "Brauche ich eine Karte, um Northwind zu testen?" in pricing
        assert "100.000 API-Aufrufe / Monat" in pricing
        billing = client.get("/billing").text
        assert "Plätze" in billing
        assert "API calls" not in billing
        change = client.get("/billing/change?plan=scale&interval=month").text
        assert "90 Tage" in change
        assert "Audit log" not in change
        assert "Für alle, die allein bauen" in client.get("/billing/cancel").text
        plans = client.get("/api/plans").json()["plans"]
        assert [plan["description"] for plan in plans][2] == "Für wachsende Produkte"
        assert "Pricing that grows with you" in german.as_nobody().get("/pricing").text


def test_a_host_speaks_german_alone(site: Site) -> None:
    """With one language there is no switch, and everybody gets it."""
    with speaking(site, languages=("de",)) as german:
        page = german.as_nobody(**{"Accept-Language": "en"}).get("/pricing?lang=en").text
        assert language_of(page) == "de"
        assert 'class="languages"' not in page


def test_a_file_that_cannot_be_meant_stops_the_start(site: Site, tmp_path: Path) -> None:
    """Not the first visitor finds out, but whoever starts the application."""
    (tmp_path / "fr.toml").write_text('[sentences]\n"Keep {plan}" = "Garder {plam}"\n')
    with pytest.raises(TranslationError, match="plam"), speaking(site, translations=tmp_path):
        pass


def sent_to_stripe(monkeypatch: pytest.MonkeyPatch, name: str) -> list[dict[str, Any]]:
    """What is sent to Stripe by a method of the gateway, as it is called."""
    sent: list[dict[str, Any]] = []
    create = getattr(Gateway, name)

    def watched(gateway: Gateway, params: dict[str, Any], key: str) -> Any:
        sent.append(params)
        return create(gateway, params, key)

    monkeypatch.setattr(Gateway, name, watched)
    return sent


LOCALES = [("de-AT", "de"), ("fr", "auto"), (None, "auto")]


@pytest.mark.parametrize(("browser", "locale"), LOCALES)
def test_stripes_portal_goes_on_in_the_visitors_language(
    site: Site, monkeypatch: pytest.MonkeyPatch, browser: str | None, locale: str
) -> None:
    """What the visitor reads here is read there; a language that is not ours is the browser's to name."""
    sent = sent_to_stripe(monkeypatch, "create_portal_session")
    site.subscribe("acme")
    headers = {"Accept-Language": browser} if browser else {}
    assert site.signed_in().post("/api/billing/portal", headers=headers).status_code == 200
    assert [params["locale"] for params in sent] == [locale]


@pytest.mark.parametrize(("browser", "locale"), LOCALES)
def test_the_checkout_goes_on_in_the_visitors_language(
    site: Site, monkeypatch: pytest.MonkeyPatch, browser: str | None, locale: str
) -> None:
    """Be it for something new, or for the trial that runs."""
    sent = sent_to_stripe(monkeypatch, "create_checkout_session")
    headers = {"Accept-Language": browser} if browser else {}
    assert site.signed_in().post("/api/billing/checkout", json={"plan": "team"}, headers=headers).is_success
    session = site.start_checkout("rival")
    site.pay(session)
    site.billing.follow_checkout(session)
    bought = site.signed_in("rival").post("/api/billing/checkout", json={"plan": "team"}, headers=headers)
    assert bought.is_success
    assert [params["locale"] for params in sent] == [locale, "auto", locale]
    says = sent[-1]["custom_text"]["submit"]["message"]
    assert ("Ihre Karte wird" in says, "Your card is" in says) == (locale == "de", locale != "de")
