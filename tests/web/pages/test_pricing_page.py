"""The pricing page: what each card says and what its button does."""

from dataclasses import replace

import pytest

from tests.web.pages.markup import read
from tests.web.pages.northwind import FREE, MEMBER, NORTHWIND, SCALE, STARTER, TEAM, VISITOR
from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.price import Price
from tiergate.web.pricing_page import (
    PricingPage,
    Standing,
    pricing_view,
    render_pricing,
    saving_text,
    yearly_saving_percent,
)
from tiergate.web.wording import Wording

PAGE = PricingPage(VISITOR, NORTHWIND)
ENGLISH = Wording()


def _plan(**cents: int) -> Plan:
    prices = tuple(Price(interval, interval, "usd", amount) for interval, amount in cents.items())  # type: ignore[arg-type]  # keywords are str
    return replace(TEAM, prices=prices)


def _catalog(*plans: Plan) -> Catalog:
    return Catalog(
        NORTHWIND.product, NORTHWIND.features, {str(rank): plan for rank, plan in enumerate(plans)}
    )


def test_a_visitor_is_offered_every_plan() -> None:
    """Price, interval and verb of each card, for month and year."""
    offers = [
        (card.name, offer.interval, offer.amount, offer.note, offer.verb)
        for card in pricing_view(PAGE).cards
        for offer in card.offers
    ]
    assert offers == [
        ("Free", "month", "$0", "Free forever", "Start free"),
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
    view = pricing_view(replace(PAGE, catalog=_catalog(*plans, team)))
    assert view.cards[-1].offers[0].terms.endswith(ending)


def test_an_account_that_had_its_trial_is_offered_the_purchase() -> None:
    """The verb names the plan and the terms the cost."""
    view = pricing_view(replace(PAGE, trial_available=False))
    assert [offer.verb for card in view.cards for offer in card.offers if offer.interval == "year"] == [
        "Buy Starter",
        "Buy Team",
        "Buy Scale",
    ]
    assert view.cards[2].offers[0].terms == "$49 per month, until you cancel."


def test_the_current_plan_is_not_sold_again() -> None:
    """The account's plan has a dead button, the free plan is part of it, and only the others have a form."""
    page = PricingPage(MEMBER, NORTHWIND, current_plan_key="team")
    standings = [card.standing for card in pricing_view(page).cards]
    assert standings == [Standing.INCLUDED, Standing.OFFERED, Standing.CURRENT, Standing.OFFERED]
    document = read(render_pricing(page))
    assert {form["plan"] for form in document.forms()} == {"starter", "scale"}
    disabled = [button for button in document.all("button") if "disabled" in button]
    assert len(disabled) == 3
    assert "Your plan" in document.text
    assert "Recommended" not in document.text


def test_an_account_on_free_is_offered_the_paid_plans() -> None:
    """Free is the account's own plan, and nothing is called included."""
    document = read(render_pricing(PricingPage(MEMBER, NORTHWIND, current_plan_key="free")))
    assert {form["plan"] for form in document.forms()} == {"starter", "team", "scale"}
    assert "Included in your plan" not in document.text


def test_buttons_are_forms_that_name_plan_and_interval() -> None:
    """Every offer posts its plan and its interval to the checkout, under the mount path."""
    document = read(render_pricing(replace(PAGE, frame=replace(VISITOR, base_path="/billing-app"))))
    assert document.forms() == [
        {"plan": "free", "interval": "month"},
        *(
            {"plan": key, "interval": each}
            for key in ("starter", "team", "scale")
            for each in ("month", "year")
        ),
    ]
    for form in document.all("form"):
        assert form == {"method": "post", "action": "/billing-app/api/billing/checkout"}


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


def test_a_saving_needs_both_prices() -> None:
    """A plan that is sold by the month or by the year only saves nothing."""
    assert yearly_saving_percent(_plan(month=1000), "usd") == 0
    assert yearly_saving_percent(_plan(year=9000), "usd") == 0


def test_the_switch_claims_only_what_holds() -> None:
    """The smallest saving when all plans save, the biggest as such when some do, nothing when none does."""
    none, half = _plan(month=1000, year=12_000), _plan(month=1000, year=6000)
    assert saving_text(NORTHWIND, "usd", ENGLISH) == "Save 20%"
    assert saving_text(NORTHWIND, "usd", Wording("de")) == "Save 20\N{NO-BREAK SPACE}%"
    assert saving_text(_catalog(FREE, none, half), "usd", ENGLISH) == "Save up to 50%"
    assert saving_text(_catalog(FREE, none), "usd", ENGLISH) == ""
    assert saving_text(_catalog(FREE), "usd", ENGLISH) == ""


def test_a_zero_decimal_currency() -> None:
    """Yen have no cents: neither the price, nor its monthly share, nor the free plan shows any."""
    yen = replace(TEAM, prices=(Price("m", "month", "jpy", 7000), Price("y", "year", "jpy", 67_000)))
    view = pricing_view(PricingPage(VISITOR, _catalog(FREE, yen), currency="jpy"))
    assert [offer.amount for card in view.cards for offer in card.offers] == ["¥0", "¥7,000", "¥5,584"]
    assert view.cards[1].offers[1].note == "Billed yearly · ¥67,000"
    assert view.footnote.startswith("Prices in JPY.")


def test_the_catalogue_decides_the_currency() -> None:
    """Without a choice everything is in the catalogue's first currency, the free plan's zero too."""
    euro = replace(STARTER, prices=(Price("e", "month", "eur", 1700),))
    view = pricing_view(PricingPage(VISITOR, _catalog(FREE, euro)))
    assert [offer.amount for card in view.cards for offer in card.offers] == ["€0", "€17"]
    assert view.footnote.startswith("Prices in EUR.")
    assert pricing_view(PricingPage(VISITOR, _catalog(FREE))).footnote == ""


def test_a_plan_that_is_not_sold_in_the_currency_keeps_its_own() -> None:
    """Its own currency is shown, and the footnote names both."""
    euro = replace(STARTER, prices=(Price("e", "month", "eur", 1700),))
    view = pricing_view(PricingPage(VISITOR, _catalog(euro, TEAM), currency="usd"))
    assert view.cards[0].offers[0].amount == "€17"
    assert view.footnote.startswith("Prices in EUR and USD.")


def test_without_a_choice_there_is_no_switch() -> None:
    """Plans that are only sold by the year are shown by the month's share, without a switch to press."""
    page = PricingPage(VISITOR, _catalog(FREE, _plan(year=46_800)))
    document = read(render_pricing(page))
    assert document.all("fieldset") == []
    assert document.forms()[1] == {"plan": "team", "interval": "year"}
    assert not [each for each in document.all("div") if (each.get("class") or "").startswith("offer for-")]


def test_the_interval_of_the_address_is_shown_first() -> None:
    """``?interval=year`` checks the yearly radio, and marks its link for browsers that need one."""
    document = read(render_pricing(replace(PAGE, interval="year")))
    checked = [each["id"] for each in document.all("input") if "checked" in each]
    assert checked == ["show-year"]
    assert [each["href"] for each in document.all("a") if each.get("aria-current") == "true"] == [
        "/pricing?interval=year"
    ]


def test_one_plan_stands_out() -> None:
    """The highlighted plan carries the pill and the only primary button, once for each interval."""
    document = read(render_pricing(PAGE))
    assert document.text.count("Recommended") == 1
    primary = [each for each in document.all("button") if "button-primary" in (each["class"] or "")]
    assert len(primary) == 2


def test_the_card_of_every_plan_is_in_the_order_of_rank() -> None:
    """The catalogue's order is the page's."""
    assert [card.key for card in pricing_view(PAGE).cards] == [FREE.key, STARTER.key, TEAM.key, SCALE.key]
