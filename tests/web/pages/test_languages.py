"""Every page in German: nothing is left in English, and nothing that is filled in is believed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.pages.gallery import DEUTSCH, frame_of, html_of, models, spoken
from tests.web.pages.markup import read
from tests.web.pages.northwind import (
    CREW,
    EXTENDED,
    FEATURES,
    GERMAN,
    LONG_CATALOG,
    LONG_FRAME,
    MEMBER,
    NORTHWIND,
    PERIOD_END,
    TEAM,
    VISITOR,
    WHOLE,
    at_stripe,
    on_team,
    on_trial,
    store,
)
from tests.web.pages.sentences import TEMPLATES, sentences
from tiergate.rules.access import Reason
from tiergate.rules.catalog import UNLIMITED, Feature, FeatureKind, FeatureValue
from tiergate.translation import PLACE, Spoken, Translation
from tiergate.translation_files import known_sentences
from tiergate.web.billing_facts import Running, Terms
from tiergate.web.billing_page import BillingPage, render_billing
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.problems import STATUS_OF_CODE
from tiergate.web.stripe_words import line_in_words
from tiergate.web.wording import Wording

SPOKEN = DEUTSCH.sentences
MODELS = dict(models())
NO_CUSTOMER_SEES = {
    "account_still_live",
    "admin_sign_in_required",
    "catalog_invalid",
    "draft_conflict",
    "draft_too_long",
    "edit_impossible",
    "edit_refused",
    "event_unreadable",
    "no_draft",
    "no_trial",
    "plans_overtaken",
    "push_busy",
    "push_interrupted",
    "sign_in_failed",
    "signature_invalid",
    "stripe_price_invalid",
    "too_many_attempts",
}
"""Codes of the admin, of webhooks and of commands."""


def test_every_sentence_has_german_words() -> None:
    """Whoever adds a sentence adds its German, and takes it away with it."""
    assert sorted(sentences() - SPOKEN.keys()) == []
    assert sorted(SPOKEN.keys() - sentences()) == []


def test_german_fills_in_the_same_places() -> None:
    """What a sentence names in English it names in German; only a form for one may leave the number out."""
    for text, said in SPOKEN.items():
        for form in _forms(said):
            assert set(PLACE.findall(text)) - set(PLACE.findall(form)) <= {"count"}, text
    assert "other" in known_sentences()["{count} seats"]


def _forms(said: Spoken) -> Iterator[str]:
    yield from [said] if isinstance(said, str) else said.values()


def test_german_is_set_in_type() -> None:
    """No straight quotation marks or apostrophes, no double spaces, and no informal address."""
    texts = [form for said in SPOKEN.values() for form in _forms(said)]
    texts += [text for words in DEUTSCH.problems.values() for text in (words.title, words.remedy)]
    for text in texts:
        assert not re.search(r"""["']|  |\b(du|dein\w*|dich|dir)\b""", text), text


def test_every_problem_of_a_customer_has_german_words() -> None:
    """A page says what a code means; what no customer sees stays as the error has it."""
    wanted = {*STATUS_OF_CODE, "feature_refused", "internal_error", "request_invalid", "http_404", "other"}
    assert sorted(wanted - NO_CUSTOMER_SEES - DEUTSCH.problems.keys()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_say_nothing_by_themselves(template: Path) -> None:
    """Outside of ``say`` a template has no words, neither between its tags nor in labels."""
    source = template.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    assert re.findall(r'(?:aria-label|title|alt|placeholder)="[^"]*\w[^"]*"', text) == []
    words = re.sub(r"<[^>]*>", " ", text)
    assert set(re.findall(r"[A-Za-z]{2,}", words)) <= {"PDF"}


MARKED = Translation("de", "Deutsch", {text: f"⟦{text}⟧" for text in sentences()})
"""Says every sentence in English, between marks."""
DATA = {
    *("PDF", "USD", "EUR", "JPY", "US-Dollar", "Euro", "Japanischer Yen", "English", "Deutsch", "Mio"),
    *(MEMBER.account_name, MEMBER.account_email, "UTC", "NW"),
    *(word for each in FEATURES.values() for word in (each.name, each.unit)),
}
"""What is no sentence: names, addresses, currencies, units."""
CATALOGS = (WHOLE, NORTHWIND, GERMAN, LONG_CATALOG, EXTENDED)


def _written_by_the_founder() -> Iterator[str]:
    for catalog in CATALOGS:
        yield from (catalog.product.name, catalog.product.headline, catalog.product.tagline)
        yield catalog.tax_note
        yield from (feature.name for feature in catalog.features.values())
        for plan in (*catalog, CREW):
            yield from (plan.name, plan.description)
            yield from (value for value in plan.features.values() if isinstance(value, str))
        for add_on in catalog.add_ons.values():
            yield from (add_on.name, add_on.description)
        for each in catalog.faq:
            yield from (each.question, *each.answer.split("\n\n"))


KNOWN = sorted({*DATA, *_written_by_the_founder(), LONG_FRAME.account_email} - {""}, key=len, reverse=True)


@pytest.mark.parametrize("name", [name for name in MODELS if not name.startswith("problem")])
def test_no_word_of_a_page_stands_outside_the_sentences(name: str) -> None:
    """With every sentence marked, only names, figures and dates are left: nothing was glued together."""
    document = read(html_of(spoken(MODELS[name], MARKED)))
    labels = [element.attributes.get("aria-label") or "" for element in document.elements]
    text = " ".join([document.text, *labels])
    while text != (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)):
        text = less
    assert re.findall(r"[^\W\d_]{2,}", _without_names(text)) == []


def _without_names(text: str) -> str:
    for known in KNOWN:
        text = text.replace(known, " ")
    return text


@pytest.mark.parametrize("name", MODELS)
def test_german_pages_speak_no_english(name: str) -> None:
    """No sentence of the English pages is found on a German one, and the page names its language."""
    document = read(html_of(spoken(MODELS[name], DEUTSCH)))
    assert document.all("html")[0]["lang"] == "de"
    shown = _without_names(document.text)
    for text in SPOKEN:
        longest = max(PLACE.split(text)[::2], key=len).strip(" .,:;")
        if " " in longest:
            assert longest not in shown


HOSTILE = "<script>alert(1)</script>&\"'"


def test_what_is_filled_in_is_escaped() -> None:
    """Names in a sentence are text, and so is the sentence of a host's file."""
    team = replace(TEAM, name=HOSTILE)
    saying = Translation("de", "Deutsch", {"{plan} plan": "<b>{plan}</b>", "Billing": "<i>x</i>"})
    frame = replace(MEMBER, translation=saying)
    html = render_billing(on_team(Reason.ACTIVE, plan=team, subscribed_plan=team, frame=frame))
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in html


GERMAN_MEMBER = replace(MEMBER, translation=DEUTSCH, locale="de")


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (on_trial(has_card=False), "Noch 9 Tage in Ihrer Testphase von Team"),
        (on_trial(has_card=False), "Am 30.11.2026 endet die Testphase, und Ihr Konto wechselt in den Tarif"),
        (
            on_trial(has_card=None),
            "Ist ein Zahlungsmittel hinterlegt, wird Ihr erster Monat Team berechnet: 49 $ "
            "zuzüglich etwaiger Steuern; andernfalls wechselt Ihr Konto in den Tarif Free.",
        ),
        (on_team(Reason.ACTIVE), "Am 01.12.2026 verlängert sich Team für 49 $ zuzüglich"),
        (on_team(Reason.ACTIVE), "82 % genutzt"),
        (on_team(Reason.ACTIVE), "82.140 von 100.000"),
        (on_team(Reason.ACTIVE), "53,90 $"),
        (
            at_stripe(
                on_team(Reason.ACTIVE, plan=CREW, subscribed_plan=CREW),
                running=Running(Terms(CREW, "month", 5)),
                after="seats",
            ),
            "Erledigt. Ihr Tarif: Crew, monatlich bezahlt, 5 Plätze.",
        ),
        (
            at_stripe(on_team(Reason.CANCELING, cancel_at=PERIOD_END)),
            "Am 01.12.2026 wechselt Ihr Konto in den Tarif Free.",
        ),
    ],
)
def test_the_billing_page_reads_as_a_german_wrote_it(page: BillingPage, sentence: str) -> None:
    """Whole sentences with German order of words, dates and amounts."""
    assert sentence in read(render_billing(replace(page, frame=GERMAN_MEMBER))).text


def test_stripes_own_lines_are_said_in_german() -> None:
    """What Stripe charges a change for is known by its English words; anything else stays as it is."""
    german = Wording("de", translation=DEUTSCH)
    line = "Unused time on 5 × Crew after 21 Nov 2026"
    assert line_in_words(german, line) == "Nicht genutzte Zeit: 5 × Crew, ab 21.11.2026"
    assert line_in_words(german, "Remaining time on Team after 31 Foo 2026") == (
        "Verbleibende Zeit: Team, ab 31 Foo 2026"
    )
    assert line_in_words(german, "Onboarding") == "Onboarding"
    assert line_in_words(Wording(), line) == "Unused time on 5 × Crew after Nov 21, 2026"


@pytest.mark.parametrize(
    ("kind", "value", "english", "german"),
    [
        (FeatureKind.LIMIT, 5, "5 projects", "5 Projects"),
        (FeatureKind.LIMIT, 1, "1 project", "Projects: 1"),
        (FeatureKind.LIMIT, UNLIMITED, "Unlimited projects", "Projects unbegrenzt"),
        (FeatureKind.METERED, 1000, "1,000 projects / month", "1.000 Projects / Monat"),
        (FeatureKind.SETTING, "Priority", "Priority projects", "Projects: Priority"),
        (FeatureKind.SETTING, "90 days", "Projects: 90 days", "Projects: 90 days"),
    ],
)
def test_names_are_bent_in_english_alone(
    kind: FeatureKind, value: FeatureValue, english: str, german: str
) -> None:
    """What the founder called a feature stays as it was written wherever the language is another."""
    feature = Feature("projects", "Projects", kind)
    assert Wording().feature(feature, value) == english
    assert Wording("de", translation=DEUTSCH).feature(feature, value) == german


def test_the_pricing_page_names_itself_in_each_language() -> None:
    """Search engines are told of each language, and of the address that asks the browser."""
    frame = replace(VISITOR, languages=frame_of(MODELS["pricing"]).languages)
    document = read(render_pricing(PricingPage(store(frame=replace(frame, translation=DEUTSCH)))))
    links = {link["hreflang"]: link["href"] for link in document.all("link") if link["rel"] == "alternate"}
    assert links == {
        "en": "https://northwind.test/pricing?lang=en",
        "de": "https://northwind.test/pricing?lang=de",
        "x-default": "https://northwind.test/pricing",
    }
    canonical = [link["href"] for link in document.all("link") if link["rel"] == "canonical"]
    assert canonical == ["https://northwind.test/pricing"]
    named = PricingPage(store(frame=replace(frame, translation=DEUTSCH)), language_is_named=True)
    assert '<link rel="canonical" href="https://northwind.test/pricing?lang=de">' in render_pricing(named)


def test_one_language_needs_no_switch() -> None:
    """Where there is nothing to choose nothing is shown, and search engines are told nothing."""
    html = render_pricing(PricingPage(store()))
    assert 'class="languages"' not in html
    assert "hreflang" not in html
