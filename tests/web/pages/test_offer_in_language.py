"""The founder's own texts in the language of a page."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.web.pages.changing import UP, leaving_pages
from tests.web.pages.gallery import DEUTSCH, html_of
from tests.web.pages.markup import read
from tests.web.pages.northwind import (
    MEMBER,
    NORTHWIND,
    SCALE,
    STARTER,
    TEAM,
    WHOLE,
    at_stripe,
    on_team,
    store,
)
from tiergate.rules.access import Reason
from tiergate.rules.catalog import UNLIMITED
from tiergate.services.changes.wish import Wish
from tiergate.translation_files import read_translations
from tiergate.web.billing_facts import Running, Terms
from tiergate.web.change_page import ChangePage
from tiergate.web.offer_in_language import catalog_in, page_in, plan_in, preview_in, product_in
from tiergate.web.pricing_page import PricingPage

DEMO = files("tiergate.demo")
OFFER = {
    "Northwind": "Nordwind",
    "Pricing that grows with you": "Preise",
    "Start free, try any paid plan for 14 days, and change or cancel whenever you like.": "Testen Sie.",
    "Team": "Mannschaft",
    "Starter": "Anfang",
    "Scale": "Größe",
    "For growing products": "Für wachsende Produkte",
    "For solo builders": "Für Alleinige",
    "API calls": "API-Aufrufe",
    "Storage": "Speicher",
    "GB": "Gigabyte",
    "Audit log": "Protokoll",
    "90 days": "90 Tage",
    "1 year": "1 Jahr",
    "Priority": "Bevorzugt",
    "unlimited": "grenzenlos",
    "Can I change my plan later?": "Kann ich wechseln?",
    "Yes, at any time, on your billing page.": "Ja.",
}
GERMAN = replace(DEUTSCH, offer=OFFER)


def test_without_texts_the_offer_is_the_same_object() -> None:
    """A language that says nothing of the offer costs nothing."""
    page = on_team(Reason.ACTIVE)
    assert catalog_in(DEUTSCH, WHOLE) is WHOLE
    assert page_in(DEUTSCH, page) is page
    assert preview_in(DEUTSCH, UP) is UP


def test_only_texts_differ() -> None:
    """Keys, prices, limits and the word for no limit stay what they are."""
    team = plan_in(GERMAN, TEAM)
    assert (team.name, team.description) == ("Mannschaft", "Für wachsende Produkte")
    assert team.features == {**TEAM.features, "support": "Bevorzugt", "audit_log": "90 Tage"}
    assert team.features["projects"] == UNLIMITED
    assert replace(team, name="", description="", features={}) == replace(
        TEAM, name="", description="", features={}
    )
    catalog = catalog_in(GERMAN, WHOLE)
    assert catalog.currencies == WHOLE.currencies
    assert list(catalog.plans) == list(WHOLE.plans)
    assert catalog.faq[0].answer == "Ja."


def test_every_page_names_the_offer_in_its_language() -> None:
    """Pricing, billing, the change and the page of leaving say nothing that has German words in English."""
    member = replace(MEMBER, translation=GERMAN, locale="de", product=product_in(GERMAN, NORTHWIND.product))
    running = Running(
        Terms(TEAM, "month"), coming=Terms(STARTER), coming_at=UP.renews_at, waiting=Terms(SCALE)
    )
    account = page_in(GERMAN, at_stripe(replace(on_team(Reason.ACTIVE), frame=member), running=running))
    change = ChangePage(account, Wish("scale", "month"), preview_in(GERMAN, UP))
    leaving = replace(dict(leaving_pages())["paid"], account=account)
    plans = PricingPage(store(catalog_in(GERMAN, NORTHWIND), member))
    for page in (plans, account, change, leaving):
        text = read(html_of(page)).text
        for english in OFFER.keys() - {"Northwind", "Team", "Scale", "GB", "unlimited"}:
            assert english not in text, type(page)
        assert "Mannschaft" in text


def test_the_demo_speaks_german() -> None:
    """Each text of Northwind has its German, and none is translated that is not there."""
    text = (DEMO / "northwind.toml").read_text(encoding="utf-8")
    kept = {"Northwind", "hello@northwind.example", "Free", "Starter", "Team", "Scale"}
    said = read_translations(Path(str(DEMO / "languages")))["de"].offer
    assert set(_texts(tomllib.loads(text))) - kept == said.keys()


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """The texts of a file that customers read."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, "text" if key == "features" and isinstance(each, str) else name)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, key)
    elif key in ("name", "headline", "tagline", "description", "question", "answer", "tax_note", "text"):
        if value != UNLIMITED:
            yield value
    elif key == "support_email":
        yield value
