"""The catalogue: what is looked up in it, what its errors say, and the offer of Northwind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import NORTHWIND, catalog
from tiergate.rules.catalog import Catalog, FeatureKind, Plan, Trial
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.errors import TiergateError, UnknownFeatureError, UnknownPlanError
from tiergate.rules.policy import Afterwards, FirstCharge, OnCancelNow, OnUnknown, Policy
from tiergate.rules.price import Amount, Price

MONTHLY = Price("team_monthly", "month", "usd", 4900)
MONTHLY_EUR = Price("team_monthly", "month", "eur", 4500)
YEARLY = Price("team_yearly", "year", "usd", 46_800)


@pytest.fixture
def northwind() -> Catalog:
    """Read the catalogue of the demo."""
    return parse_catalog(NORTHWIND, "northwind.toml", version=7)


def test_northwind_offers_four_plans_by_rank(northwind: Catalog) -> None:
    """The demo sells what its pricing page shows."""
    assert [(plan.key, plan.name, plan.rank) for plan in northwind] == [
        ("free", "Free", 0),
        ("starter", "Starter", 1),
        ("team", "Team", 2),
        ("scale", "Scale", 3),
    ]
    assert northwind.free_plan is northwind.plan("free")
    assert [plan.key for plan in northwind if plan.highlight] == ["team"]
    assert (northwind.product.name, northwind.version) == ("Northwind", 7)


def test_northwind_has_prices_trials_and_features(northwind: Catalog) -> None:
    """Amounts, trials and limits arrive as they are written."""
    team, scale = northwind.plan("team"), northwind.plan("scale")
    assert team.prices == (
        replace(MONTHLY, currency_options={"eur": Amount("eur", 4500), "gbp": Amount("gbp", 3900)}),
        replace(YEARLY, currency_options={"eur": Amount("eur", 43_200), "gbp": Amount("gbp", 37_200)}),
    )
    assert (team.trial, scale.trial) == (Trial(14), Trial(14, card_required=True))
    assert (team.features["projects"], team.features["seats"], team.features["roles"]) == (
        "unlimited",
        10,
        True,
    )
    assert northwind.feature("api_calls").kind is FeatureKind.METERED
    assert northwind.feature("custom_domain").kind is FeatureKind.SWITCH
    assert northwind.plan("free").trial is None


def test_northwind_follows_the_policy_of_the_seed(northwind: Catalog) -> None:
    """After the trial comes the free plan, and a failed renewal has three days of grace."""
    assert all(plan.policy == Policy() for plan in northwind)
    assert Policy() == Policy(
        after_trial=Afterwards.FREE,
        after_grace=Afterwards.FREE,
        after_cancel=Afterwards.FREE,
        grace=timedelta(days=3),
        first_charge=FirstCharge.ALLOW,
        first_charge_grace=timedelta(0),
        max_unconfirmed=timedelta(days=4),
        on_unknown=OnUnknown.DENY,
        on_cancel_now=OnCancelNow.END,
    )


def test_a_plan_without_prices_is_free() -> None:
    """The free plan is the one without prices; a catalogue need not have one."""
    assert [plan.is_free for plan in catalog()] == [True, False, False]
    assert catalog(free_plan=False).free_plan is None


def test_a_price_is_found_by_interval_and_currency() -> None:
    """The first price of an interval is meant unless a currency is named."""
    team = replace(catalog().plan("team"), prices=(MONTHLY, MONTHLY_EUR, YEARLY))
    assert team.price("month") is MONTHLY
    assert team.price("month", "eur") is MONTHLY_EUR
    assert team.price("year") is YEARLY


@pytest.mark.parametrize(("interval", "currency"), [("year", "eur"), ("week", None), ("month", "gbp")])
def test_a_price_that_is_not_sold_is_an_error_that_lists_what_is(interval: str, currency: str | None) -> None:
    """The error says how the plan is sold instead."""
    team = replace(catalog().plan("team"), prices=(MONTHLY, MONTHLY_EUR, YEARLY))
    with pytest.raises(UnknownPlanError, match=r"It is sold per: month in usd, month in eur, year in usd\."):
        team.price(interval, currency)


def test_a_free_plan_has_no_price() -> None:
    """The error for a free plan says that it is free."""
    with pytest.raises(UnknownPlanError, match=r"'free' has no price per month.*nothing: it is free"):
        catalog().plan("free").price("month")


def test_an_unknown_plan_is_an_error_that_lists_the_plans() -> None:
    """The error for a misspelt plan names those there are, and carries a stable code."""
    with pytest.raises(UnknownPlanError, match="There is no plan 'pro'") as raised:
        catalog().plan("pro")
    assert (raised.value.code, raised.value.remedy) == ("unknown_plan", "The plans are: free, starter, team.")


def test_an_unknown_feature_is_an_error_that_lists_the_features() -> None:
    """The error for a misspelt feature names those there are, or how to add one."""
    with pytest.raises(
        UnknownFeatureError, match=r"no feature 'sos'.*projects, api_calls, custom_domain"
    ) as raised:
        catalog().feature("sos")
    assert raised.value.code == "unknown_feature"
    with pytest.raises(UnknownFeatureError, match=r"none yet; add one to billing\.toml"):
        replace(catalog(), features={}).feature("sso")


def test_an_error_without_a_remedy_is_its_message_alone() -> None:
    """Every error reads as message and remedy, without a blank at the end."""
    assert str(TiergateError("It is broken.")) == "It is broken."
    assert str(TiergateError("It is broken.", "Mend it.")) == "It is broken. Mend it."


def test_a_plan_by_agreement_is_not_free() -> None:
    """What is sold by talking is neither the floor nor sold per month."""
    plan = Plan("enterprise", "Enterprise", 9, contact_url="mailto:sales@acme.example")
    assert not plan.is_free
    with pytest.raises(UnknownPlanError, match="by agreement alone"):
        plan.price("month")


def test_currencies_without_a_preferred_one() -> None:
    """They come in the order in which something is sold in them, plans before add-ons."""
    assert catalog().currencies == ("usd",)
    assert catalog().reverse_trial_plan is None
