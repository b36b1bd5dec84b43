"""Forms of plans and settings: what is shown can be sent back unchanged, and what is typed is exact."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.bench import northwind
from tiergate.rules.catalog_file import parse_catalog
from tiergate.services.plans.edit_catalog import set_plan, set_settings
from tiergate.web.admin.form_fields import Fields
from tiergate.web.admin.plan_form import PlanForm, plan_form, read_plan, sent_form
from tiergate.web.admin.settings_form import BILLING, CHECKOUT, SettingsTable, read_settings, shown_settings

DOCUMENT = tomllib.loads(northwind())
FEATURES = DOCUMENT["features"]
FULL: dict[str, Any] = {
    "name": "Full",
    "rank": 7,
    "description": "All of it,\nin two lines",
    "public": False,
    "highlight": True,
    "features": {"projects": 5, "api_calls": "unlimited", "sso": True, "roles": False, "audit_log": 90},
    "trial": {"days": 30, "card": "required", "features": {"projects": 1}},
    "seats": {"minimum": 2, "maximum": 9},
    "policy": {"grace_days": 5},
    "prices": [
        {
            "interval": "month",
            "currency": "USD",
            "unit_amount": 4900,
            "currency_options": {"eur": 4500, "jpy": 7000},
        },
        {"currency": "kwd", "unit_amount": 1234, "tax_behavior": "inclusive", "lookup_key": "other"},
        {"interval": "year", "currency": "usd", "stripe_price": "price_1", "tiers": [{"unit_amount": 5}]},
    ],
}
TIMID = {"trial": {"days": 3, "model": "reverse_trial"}, "contact_url": "mailto:a@b.example", "seats": {}}
PLANS = {**DOCUMENT["plans"], "full": FULL, "timid": TIMID}


def sent(form: PlanForm, **typed: str) -> Fields:
    """What a browser sends of a form that nobody has touched but for what is ``typed``."""
    ticks = {"highlight", "public", "trial_card", "seats"}
    given = {name: value for name, value in form.shown.items() if value or name not in ticks}
    given |= {each.field: each.shown for each in form.features if each.shown or not each.is_switch}
    for row in form.prices:
        given[row.name("was")] = row.was
        given |= {row.name(name): value for name, value in row.shown.items() if value or name != "remove"}
    return Fields({**given, **{name.replace("__", "-"): value for name, value in typed.items()}})


def edited(key: str, **typed: str) -> dict[str, Any]:
    """The plan after something was typed into its form."""
    plan, mistakes = read_plan(
        sent(plan_form(key, PLANS[key], FEATURES, is_new=False), **typed), PLANS[key], FEATURES, key
    )
    assert mistakes == {}
    return plan


@pytest.mark.parametrize("key", PLANS)
def test_an_untouched_form_changes_nothing(key: str) -> None:
    """Whatever the file says of a plan, with values that need not be said, stays to the letter."""
    assert edited(key) == PLANS[key]


@pytest.mark.parametrize("key", PLANS)
def test_a_form_that_is_sent_is_shown_again(key: str) -> None:
    """With a mistake in it, nothing else that was typed is lost."""
    form = plan_form(key, PLANS[key], FEATURES, is_new=False)
    again = sent_form(key, sent(form), PLANS[key], FEATURES, {}, is_new=False)
    assert {**again.shown, "key": key} == form.shown
    assert again.features == form.features
    assert again.prices == form.prices


@given(st.integers(1, 10**8), st.sampled_from(["usd", "jpy", "kwd", "eur"]))
def test_amounts_are_exact(minor_units: int, currency: str) -> None:
    """What is typed in major units becomes exactly the amount, in the decimals of its currency."""
    decimals = {"jpy": 0, "kwd": 3}.get(currency, 2)
    digits = str(minor_units).rjust(decimals + 1, "0")
    typed = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    price = {"price-0-amount": typed, "price-0-currency": currency, "price-0-options": ""}
    plan = edited("team", **price)
    assert plan["prices"][0] == {"interval": "month", "currency": currency, "unit_amount": minor_units}


def test_everything_can_be_changed() -> None:
    """Each field of the form ends up in its key of the file, and the file reads it."""
    plan = edited(
        "starter",
        name="Begin",
        description="To begin with",
        highlight="yes",
        contact_url="/contact",
        trial="reverse_trial",
        trial_days="10",
        seats="yes",
        seats_minimum="2",
        seats_maximum="8",
        feature__projects="7",
        feature__api_calls="Unlimited",
        feature__sso="yes",
        feature__audit_log="1 year",
        feature__support="",
        price__0__amount="20.50",
        price__0__options="eur 19\nJPY: 3000",
        price__0__tax_behavior="exclusive",
        price__1__remove="yes",
        price__2__interval="year",
        price__2__currency="EUR",
        price__2__amount="180",
        price__2__lookup_key="begin_eur",
    )
    read = parse_catalog(set_plan(northwind(), "starter", plan)).plans["starter"]
    assert (read.name, read.description, read.highlight, read.contact_url) == (
        "Begin",
        "To begin with",
        True,
        "/contact",
    )
    assert read.trial is not None
    assert (read.trial.days, read.trial.model, read.trial.card_required) == (10, "reverse_trial", False)
    assert read.seats is not None
    assert (read.seats.minimum, read.seats.maximum) == (2, 8)
    assert read.features == {
        "projects": 7, "api_calls": "unlimited", "seats": 3, "custom_domain": True, "sso": True,
        "audit_log": "1 year",
    }  # fmt: skip
    monthly, yearly = read.prices
    assert (monthly.unit_amount, monthly.tax_behavior, monthly.currencies) == (
        2050,
        "exclusive",
        ("usd", "eur", "jpy"),
    )
    assert [monthly.currency_options[each].unit_amount for each in ("eur", "jpy")] == [1900, 3000]
    assert (yearly.interval, yearly.currency, yearly.unit_amount, yearly.lookup_key) == (
        "year",
        "eur",
        18000,
        "begin_eur",
    )


def test_what_is_emptied_goes() -> None:
    """Trial, seats, features and prices that are taken away leave no empty table behind."""
    form = plan_form("full", FULL, FEATURES, is_new=False)
    given = {
        name: value for name, value in sent(form).given.items() if not name.startswith(("feature-", "seats"))
    }
    given |= {"trial": "none", **{f"price-{number}-remove": "yes" for number in range(3)}}
    plan, mistakes = read_plan(Fields(given), FULL, FEATURES, "full")
    assert mistakes == {}
    assert not plan.keys() & {"trial", "seats", "prices"}
    assert plan["features"] == {"roles": False}
    assert (plan["policy"], plan["rank"]) == ({"grace_days": 5}, 7)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("trial_days", ""),
        ("trial_days", "two"),
        ("seats_minimum", "-1"),
        ("feature-projects", "many"),
        ("price-0-amount", "49,00"),
        ("price-0-amount", "0.001"),
        ("price-0-amount", ""),
        ("price-0-currency", "dollars"),
        ("price-0-options", "eur"),
        ("price-0-options", "usd 5"),
        ("price-0-options", "eur 5\neur 6"),
        ("price-0-options", "eur five"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(field: str, typed: str) -> None:
    """Nothing is guessed: the field that is wrong says so."""
    form = plan_form("full", FULL, FEATURES, is_new=False)
    fields = Fields({**sent(form).given, field: typed})
    assert list(read_plan(fields, FULL, FEATURES, "full")[1]) == [field]


@pytest.mark.parametrize(
    "plan", [{"prices": 3}, {"trial": 7, "seats": "x", "features": [1]}, {"prices": [{"unit_amount": "x"}]}]
)
def test_a_plan_with_mistakes_has_a_form(plan: dict[str, Any]) -> None:
    """A draft that is half done can be opened all the same."""
    assert plan_form("odd", plan, {"f": {"kind": 3}}, is_new=False).key == "odd"


def settings_sent(table: SettingsTable, now: dict[str, Any], **typed: str) -> Fields:
    """What a browser sends of a page of settings."""
    flags = {each.key for each in table.settings if each.kind == "flag"}
    shown = shown_settings(table, now)
    return Fields({**{key: value for key, value in shown.items() if value or key not in flags}, **typed})


@pytest.mark.parametrize(
    ("table", "now"),
    [
        (CHECKOUT, {}),
        (CHECKOUT, {"hosted": True, "success_url": "/thanks", "tax_ids": True}),
        (BILLING, {}),
        (BILLING, {"auto_charge": False, "retry_after_days": [3, 5, 7], "days_until_due": 9}),
    ],
)
def test_untouched_settings_change_nothing(table: SettingsTable, now: dict[str, Any]) -> None:
    """What is usual is not written down, and what is written down stays."""
    assert read_settings(table, settings_sent(table, now), now) == (now, {})


def test_all_settings_can_be_changed() -> None:
    """Each field ends up in its key of the file, and the file reads it."""
    given = Fields({
        "promotion_codes": "yes", "automatic_tax": "yes", "tax_ids": "yes", "billing_address": "required",
        "first_interval": "year", "success_url": "https://app.example/hi", "cancel_url": "/bye",
    })  # fmt: skip
    checkout, mistakes = read_settings(CHECKOUT, given, {})
    assert mistakes == {}
    read = parse_catalog(set_settings(northwind(), "checkout", checkout)).checkout
    assert (read.hosted, read.promotion_codes, read.automatic_tax, read.tax_ids) == (False, True, True, True)
    assert (read.billing_address, read.first_interval) == ("required", "year")
    assert (read.success_url, read.cancel_url) == ("https://app.example/hi", "/bye")
    given = Fields({"days_until_due": "14", "retry_after_days": "1 2,3", "after_last_retry": "unpaid"})
    billing, mistakes = read_settings(BILLING, given, {})
    assert mistakes == {}
    now = parse_catalog(set_settings(northwind(), "billing", billing)).billing
    assert (now.auto_charge, now.days_until_due, now.dunning) == (False, 14, False)
    assert (now.retry_after_days, now.after_last_retry) == ((1, 2, 3), "unpaid")


@pytest.mark.parametrize(
    ("field", "typed"),
    [("days_until_due", "soon"), ("retry_after_days", "3, x"), ("after_last_retry", "forget")],
)
def test_wrong_settings_are_told_at_their_field(field: str, typed: str) -> None:
    """The field that is wrong says so."""
    assert list(read_settings(BILLING, settings_sent(BILLING, {}, **{field: typed}), {})[1]) == [field]
