"""The pricing page: what each card says and what its button does."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web.pages.markup import read
from tests.web.pages.northwind import (
    CREW,
    ENTERPRISE,
    FREE,
    MEMBER,
    NORTHWIND,
    ON_TEAM,
    SCALE,
    STARTER,
    TEAM,
    VISITOR,
    WHOLE,
    in_euro,
    store,
)
from tiergate.rules.catalog import Catalog, Plan, Trial, TrialModel
from tiergate.rules.checkout_settings import CheckoutSettings
from tiergate.rules.next_step import Position
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.web.offers import saving_text, yearly_saving
from tiergate.web.pricing_page import PricingPage, pricing_view, render_pricing
from tiergate.web.wording import Wording

PAGE = PricingPage(store())
ENGLISH = Wording()
ON_FREE = Position("free")


def _plan(**cents: int) -> Plan:
    prices = tuple(Price(interval, interval, "usd", amount) for interval, amount in cents.items())  # type: ignore[arg-type]  # keywords are str
    return replace(TEAM, prices=prices)


def _catalog(*plans: Plan) -> Catalog:
    return Catalog(
        NORTHWIND.product, NORTHWIND.features, {str(rank): plan for rank, plan in enumerate(plans)}
    )


def _of(catalog: Catalog, **changes: Any) -> PricingPage:
    return PricingPage(store(catalog, **changes))


def test_a_visitor_is_offered_every_plan() -> None:
    """Price, interval and verb of each card, for month and year."""
    offers = [
        (card.name, offer.interval, offer.amount, offer.note, offer.label)
        for card in pricing_view(PAGE).cards
        for offer in card.offers
    ]
    assert offers == [
        ("Free", None, "$0", "Free forever", "Start free"),
        ("Starter", "month", "$19", "Billed monthly", "Start 14-day trial"),
        ("Starter", "year", "$15", "Billed yearly · $180", "Start 14-day trial"),
        ("Team", "month", "$49", "Billed monthly", "Start 14-day trial"),
        ("Team", "year", "$39", "Billed yearly · $468", "Start 14-day trial"),
        ("Scale", "month", "$149", "Billed monthly", "Start 14-day trial"),
        ("Scale", "year", "$119", "Billed yearly · $1,428", "Start 14-day trial"),
    ]


def test_trial_terms_are_said_before_the_click() -> None:
    """Whether a card is needed, what it costs afterwards, and what follows when nobody pays."""
    no_card = (
        "No card needed. After 14 days the trial ends by itself and your account moves to the Free plan."
    )
    terms = {card.name: card.offers[-1].terms for card in pricing_view(PAGE).cards}
    assert terms == {
        "Free": "No card needed.",
        "Starter": no_card,
        "Team": no_card,
        "Scale": "Free for 14 days, then $1,428 per year until you cancel. A card is needed to start.",
    }


def test_a_trial_of_a_part_or_from_the_sign_up_on_says_so() -> None:
    """Neither that a trial opens only a part of the plan, nor that it begins by itself, is kept quiet."""
    part = replace(TEAM, trial=Trial(7, card_required=True, features={"projects": 3}))
    reverse = replace(TEAM, trial=Trial(7, model=TrialModel.REVERSE_TRIAL))
    said = [pricing_view(_of(_catalog(FREE, plan))).cards[1].offers[0].terms for plan in (part, reverse)]
    assert said[0].endswith("A card is needed to start. It opens a part of the plan.")
    assert said[1].startswith("Begins when you sign up, without a card. After 7 days")


@pytest.mark.parametrize(
    ("afterwards", "plans", "ending"),
    [
        (Afterwards.FREE, (FREE,), "your account moves to the Free plan."),
        (Afterwards.FREE, (), "your access ends."),
        (Afterwards.READ_ONLY, (FREE,), "your account becomes read-only."),
        (Afterwards.BLOCKED, (FREE,), "your access ends."),
    ],
)
def test_trial_terms_follow_the_policy(afterwards: Afterwards, plans: tuple[Plan, ...], ending: str) -> None:
    """What the page promises for the end of a trial is what the plan's policy does."""
    team = replace(TEAM, policy=Policy(after_trial=afterwards))
    view = pricing_view(_of(_catalog(*plans, team)))
    assert view.cards[-1].offers[0].terms.endswith(ending)


def test_an_account_that_had_its_trial_is_offered_the_purchase() -> None:
    """The verb names the plan and the terms the cost."""
    view = pricing_view(_of(NORTHWIND, frame=MEMBER, position=replace(ON_FREE, has_tried=True)))
    assert [offer.label for card in view.cards for offer in card.offers if offer.interval == "year"] == [
        "Buy Starter",
        "Buy Team",
        "Buy Scale",
    ]
    assert view.cards[2].offers[0].terms == "$49 per month, until you cancel."


def test_a_subscriber_is_led_to_the_billing_page() -> None:
    """Each other plan has its verb and what follows; nothing is ordered here, and the own plan is at rest."""
    page = _of(WHOLE, frame=MEMBER, position=ON_TEAM)
    shown = [
        (card.key, offer.label, offer.terms, offer.url)
        for card in pricing_view(page).cards
        for offer in card.offers
    ]
    keeps = "Until then you keep what you have paid for."
    assert shown == [
        ("free", "Downgrade at renewal", keeps, "/billing/change?plan=free"),
        ("starter", "Downgrade at renewal", keeps, "/billing/change?plan=starter&interval=month"),
        ("starter", "Downgrade at renewal", keeps, "/billing/change?plan=starter&interval=year"),
        ("team", "Your plan", "", ""),
        (
            "team",
            "Switch to yearly",
            "$468 per year. That saves $120 a year.",
            "/billing/change?plan=team&interval=year",
        ),
        (
            "scale",
            "Upgrade to Scale",
            "$149 per month, until you cancel.",
            "/billing/change?plan=scale&interval=month",
        ),
        (
            "scale",
            "Upgrade to Scale",
            "$1,428 per year, until you cancel.",
            "/billing/change?plan=scale&interval=year",
        ),
        ("enterprise", "Contact us", "We make you an offer.", "https://northwind.test/talk"),
    ]
    document = read(render_pricing(page))
    assert document.forms() == []
    assert "Recommended" not in document.text


def test_a_yearly_subscriber_may_go_back_to_months() -> None:
    """The switch takes effect at the renewal, and says so."""
    view = pricing_view(_of(NORTHWIND, frame=MEMBER, position=replace(ON_TEAM, interval="year")))
    team = view.cards[2]
    assert [offer.label for offer in team.offers] == ["Switch to monthly at renewal", "Your plan"]
    assert team.offers[0].terms == "$49 per month, from the renewal on."


def test_one_button_stands_out() -> None:
    """The recommended plan's, twice for its intervals; else that of the next bigger plan."""

    def primary(page: PricingPage) -> list[str | None]:
        document = read(render_pricing(page))
        found = [*document.all("button"), *document.all("a")]
        return [each.get("href") for each in found if "button-primary" in (each.get("class") or "")]

    assert primary(PAGE) == [None, None]
    assert read(render_pricing(PAGE)).text.count("Recommended") == 1
    subscriber = _of(NORTHWIND, frame=MEMBER, position=replace(ON_TEAM, interval="year"))
    assert primary(subscriber) == [
        "/billing/change?plan=scale&interval=month",
        "/billing/change?plan=scale&interval=year",
    ]


def test_an_account_on_free_is_offered_the_paid_plans() -> None:
    """Free is the account's own plan, and nothing is called included."""
    document = read(render_pricing(_of(NORTHWIND, frame=MEMBER, position=ON_FREE)))
    assert {form["plan"] for form in document.forms()} == {"starter", "team", "scale"}
    assert "Included in your plan" not in document.text


def test_buttons_are_forms_that_name_plan_interval_and_currency() -> None:
    """Every order goes to the checkout under the mount path, in the currency that its card shows."""
    euro = replace(in_euro(TEAM), key="team")
    page = _of(
        _catalog(FREE, euro, STARTER), frame=replace(VISITOR, base_path="/billing-app"), currency="eur"
    )
    document = read(render_pricing(page))
    assert document.forms() == [
        {"plan": "free"},
        {"plan": "team", "interval": "month", "currency": "eur"},
        {"plan": "team", "interval": "year", "currency": "eur"},
        {"plan": "starter", "interval": "month", "currency": "usd"},
        {"plan": "starter", "interval": "year", "currency": "usd"},
    ]
    for form in document.all("form"):
        assert form == {"method": "post", "action": "/billing-app/api/billing/checkout"}


def test_a_sign_up_page_of_the_host_gets_the_wish() -> None:
    """Where the host has one, who is not signed in is led there; who is signed in orders here."""
    frame = replace(VISITOR, sign_up_url="https://northwind.test/join?from=pricing")
    page = _of(_catalog(FREE, TEAM), frame=frame)
    urls = [offer.url for card in pricing_view(page).cards for offer in card.offers]
    assert urls == [
        "https://northwind.test/join?from=pricing&plan=free",
        "https://northwind.test/join?from=pricing&plan=team&interval=month&currency=usd",
        "https://northwind.test/join?from=pricing&plan=team&interval=year&currency=usd",
    ]
    member = replace(MEMBER, sign_up_url="/join")
    assert len(read(render_pricing(_of(NORTHWIND, frame=member, position=ON_FREE))).forms()) == 6


def test_features_are_listed_with_what_is_missing() -> None:
    """Each card has every feature in the catalogue's order, and says which it does not include."""
    lines = [(line.text, line.included) for line in pricing_view(PAGE).cards[1].features]
    assert lines == [
        ("5 projects", True),
        ("20,000 API calls / month", True),
        ("2 seats", True),
        ("10\N{NO-BREAK SPACE}GB storage", True),
        ("Email support", True),
        ("Custom domain", True),
        ("Roles and permissions", False),
        ("Audit log", False),
        ("SAML single sign-on", False),
    ]
    assert "Not included: Audit log" in read(render_pricing(PAGE)).text


def test_a_saving_needs_both_prices_in_one_currency() -> None:
    """A plan that is sold by the month or by the year only saves nothing, nor does one in two currencies."""
    mixed = replace(TEAM, prices=(Price("m", "month", "usd", 1000), Price("y", "year", "eur", 9000)))
    for plan in (_plan(month=1000), _plan(year=9000), mixed):
        assert yearly_saving(plan, "usd")[:2] == (0, 0)
    assert yearly_saving(TEAM, "usd") == (20, 12_000, "usd")


def test_the_switch_claims_only_what_holds() -> None:
    """The smallest saving when all plans save, the biggest as such when some do, nothing when none does."""
    none, half = _plan(month=1000, year=12_000), _plan(month=1000, year=6000)
    every = tuple(NORTHWIND)
    assert saving_text(every, "usd", ENGLISH) == "Save 20%"
    assert saving_text(every, "usd", Wording("de")) == "Save 20\N{NO-BREAK SPACE}%"
    assert saving_text((FREE, none, half), "usd", ENGLISH) == "Save up to 50%"
    assert saving_text((FREE, none), "usd", ENGLISH) == ""
    assert saving_text((FREE, ENTERPRISE), "usd", ENGLISH) == ""


def test_a_zero_decimal_currency() -> None:
    """Yen have no cents: neither the price, nor its monthly share, nor the free plan shows any."""
    yen = replace(TEAM, prices=(Price("m", "month", "jpy", 7000), Price("y", "year", "jpy", 67_000)))
    view = pricing_view(_of(_catalog(FREE, yen), currency="jpy"))
    assert [offer.amount for card in view.cards for offer in card.offers] == ["¥0", "¥7,000", "¥5,584"]
    assert view.cards[1].offers[1].note == "Billed yearly · ¥67,000"
    assert view.footnote.startswith("Prices in JPY.")


def test_every_price_is_shown_in_the_visitors_currency() -> None:
    """What is sold in several currencies is shown and ordered in the visitor's, the free plan's zero too."""
    view = pricing_view(_of(WHOLE, currency="eur"))
    assert [card.offers[0].amount for card in view.cards] == ["€0", "€19", "€49", "€149", "Let’s talk"]
    assert view.footnote.startswith("Prices in EUR.")


def test_a_plan_that_is_not_sold_in_the_currency_keeps_its_own() -> None:
    """Its own currency is shown and named, on the card and below."""
    euro = replace(STARTER, prices=(Price("e", "month", "eur", 1700),))
    view = pricing_view(_of(_catalog(euro, TEAM), currency="usd"))
    assert (view.cards[0].offers[0].amount, view.cards[0].offers[0].note) == ("€17", "Billed monthly in EUR")
    assert view.footnote.startswith("Prices in EUR and USD.")


def test_separate_prices_for_a_currency_are_found() -> None:
    """A product that has a price of its own for each currency shows the visitor's."""
    prices = (Price("d", "month", "usd", 1900), Price("e", "month", "eur", 1700))
    plan = replace(STARTER, prices=prices)
    shown = {
        currency: [o.amount for o in pricing_view(_of(_catalog(plan), currency=currency)).cards[0].offers]
        for currency in ("usd", "eur", "jpy")
    }
    assert shown == {"usd": ["$19"], "eur": ["€17"], "jpy": ["$19"]}


def test_the_currency_can_be_changed_by_links() -> None:
    """Each currency has a link that keeps the interval; with one currency there is nothing to choose."""
    page = PricingPage(store(WHOLE, currency="eur"), "year", WHOLE.currencies)
    links = [(link.code, link.name, link.url, link.is_shown) for link in pricing_view(page).currencies]
    assert links == [
        ("USD", "US Dollar", "/pricing?interval=year&currency=usd", False),
        ("EUR", "Euro", "/pricing?interval=year&currency=eur", True),
        ("JPY", "Japanese Yen", "/pricing?interval=year&currency=jpy", False),
    ]
    assert pricing_view(PricingPage(store(), currencies=("usd",))).currencies == ()


def test_seats_and_tiers_are_said() -> None:
    """A price per seat says so, and how many one may buy; one with tiers begins at the first."""
    month, year = pricing_view(_of(_catalog(FREE, CREW))).cards[1].offers
    assert (month.prefix, month.amount, month.per) == ("from", "$9", "per seat / month")
    assert (year.prefix, year.amount, year.note) == ("", "$7.50", "Billed yearly · $90")
    assert month.terms.endswith("For 3 to 200 seats.")
    bought = pricing_view(
        _of(_catalog(FREE, CREW), frame=MEMBER, position=replace(ON_FREE, has_tried=True))
    ).cards[1]
    assert bought.offers[0].terms.startswith("From $9 per seat and month, until you cancel.")


def test_a_plan_by_agreement_is_asked_for() -> None:
    """It has no price, and its button leads to whom to write to."""
    (offer,) = pricing_view(_of(_catalog(FREE, ENTERPRISE))).cards[1].offers
    assert (offer.amount, offer.label, offer.url) == (
        "Let’s talk",
        "Contact us",
        "https://northwind.test/talk",
    )


def test_where_nothing_is_sold_one_may_write() -> None:
    """Without a checkout every plan is asked for by mail; without an address there is nothing to press."""
    closed = replace(NORTHWIND, checkout=CheckoutSettings(hosted=False))
    view = pricing_view(_of(closed))
    assert [card.offers[0].url for card in view.cards[1:]] == ["mailto:help@northwind.test"] * 3
    assert view.assurances == ()
    mute = replace(closed, product=replace(closed.product, support_email=""))
    document = read(render_pricing(_of(mute)))
    assert [form["plan"] for form in document.forms()] == ["free"]
    assert document.text.count("Not on sale") == 6


def test_hidden_plans_are_shown_to_those_who_have_them() -> None:
    """A plan that is not public is not on the page, except for an account that is on it."""
    hidden = replace(TEAM, is_public=False)
    catalog = replace(NORTHWIND, plans={**NORTHWIND.plans, "team": hidden})
    assert [card.key for card in pricing_view(_of(catalog)).cards] == ["free", "starter", "scale"]
    mine = pricing_view(_of(catalog, frame=MEMBER, position=ON_TEAM))
    assert [card.key for card in mine.cards] == ["free", "starter", "team", "scale"]


def test_without_a_choice_there_is_no_switch() -> None:
    """Plans that are only sold by the year are shown by the month's share, without a switch to press."""
    document = read(render_pricing(_of(_catalog(FREE, _plan(year=46_800)))))
    assert document.all("fieldset") == []
    assert document.forms()[1] == {"plan": "team", "interval": "year", "currency": "usd"}
    assert not [each for each in document.all("div") if (each.get("class") or "").startswith("offer for-")]


def test_the_interval_of_the_address_is_shown_first() -> None:
    """``?interval=year`` checks the yearly radio, and marks its link for browsers that need one."""
    document = read(render_pricing(replace(PAGE, interval="year")))
    checked = [each["id"] for each in document.all("input") if "checked" in each]
    assert checked == ["show-year"]
    assert [each["href"] for each in document.all("a") if each.get("aria-current") == "true"] == [
        "/pricing?interval=year"
    ]


def test_the_card_of_every_plan_is_in_the_order_of_rank() -> None:
    """The catalogue's order is the page's; what is agreed upon stands below where four come before it."""
    cards = pricing_view(_of(WHOLE)).cards
    assert [card.key for card in cards] == [FREE.key, STARTER.key, TEAM.key, SCALE.key, ENTERPRISE.key]
    assert [card.is_band for card in cards] == [False, False, False, False, True]
    assert not any(card.is_band for card in pricing_view(_of(_catalog(FREE, ENTERPRISE))).cards)


@pytest.mark.parametrize(
    ("behavior", "automatic", "note", "said"),
    [
        (TaxBehavior.UNSPECIFIED, False, "", "Tax may be added at checkout, depending on where you are."),
        (TaxBehavior.EXCLUSIVE, False, "", "Tax may be added at checkout, depending on where you are."),
        (
            TaxBehavior.EXCLUSIVE,
            True,
            "",
            "Prices exclude tax, which is worked out at checkout from where you are.",
        ),
        (TaxBehavior.INCLUSIVE, True, "", "Prices include tax."),
        (TaxBehavior.INCLUSIVE, True, "VAT is on us.", "VAT is on us."),
    ],
)
def test_what_is_said_of_tax(behavior: TaxBehavior, automatic: bool, note: str, said: str) -> None:
    """The founder's note where there is one, else what follows from the prices and the settings."""
    team = replace(TEAM, prices=tuple(replace(price, tax_behavior=behavior) for price in TEAM.prices))
    catalog = replace(_catalog(team), checkout=CheckoutSettings(automatic_tax=automatic), tax_note=note)
    assert pricing_view(_of(catalog)).footnote == f"Prices in USD. {said}"


def test_trust_and_questions_come_from_what_is_so() -> None:
    """Who takes the money and how to get out, encryption where there is some, and what the file asks."""
    view = pricing_view(_of(WHOLE))
    assert [each.key for each in view.assurances] == ["processor", "cards", "cancel", "secure"]
    local = pricing_view(_of(WHOLE, frame=replace(VISITOR, public_url="http://localhost:8000")))
    assert [each.key for each in local.assurances] == ["processor", "cards", "cancel"]
    assert pricing_view(_of(_catalog(FREE, ENTERPRISE))).assurances == ()
    text = read(render_pricing(_of(WHOLE))).text
    assert "Can I change my plan later? Yes, at any time" in " ".join(text.split())


def test_search_engines_are_told_what_to_keep() -> None:
    """The page may be found, under one address whatever its query, with a description."""
    document = read(render_pricing(replace(PAGE, interval="year")))
    assert {"name": "robots", "content": "index, follow"} in document.all("meta")
    assert {"name": "description", "content": NORTHWIND.product.tagline} in document.all("meta")
    canonical = [link["href"] for link in document.all("link") if link.get("rel") == "canonical"]
    assert canonical == ["https://northwind.test/pricing"]
    assert document.all("script") == []


def test_an_amount_in_another_currency_is_its_own() -> None:
    """The yearly saving is worked out from the amounts of the currency that is shown."""
    euro = (
        Price("m", "month", "usd", 1000, currency_options={"eur": Amount("eur", 1000)}),
        Price("y", "year", "usd", 12_000, currency_options={"eur": Amount("eur", 6000)}),
    )
    plan = replace(TEAM, prices=euro)
    assert (yearly_saving(plan, "usd")[0], yearly_saving(plan, "eur")[0]) == (0, 50)
