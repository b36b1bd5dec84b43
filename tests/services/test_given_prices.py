"""Prices that were at Stripe before: how the file names them, and the environment says which they are."""

from tests.rules.builders import NORTHWIND
from tiergate.rules.catalog_file import parse_catalog
from tiergate.services.plans.given_prices import given_prices, known_given_prices
from tiergate.settings import settings_from


def test_the_environment_names_prices_of_stripe() -> None:
    """Variables that hold a price's id are kept for `stripe_price`; no other variable is."""
    given = {"STRIPE_PRICE_TEAM": "price_1", "PATH": "/bin", "STRIPE_SECRET_KEY": "sk_test_1"}
    settings = settings_from({**given, "STRIPE_WEBHOOK_SECRET": "whsec_1"})
    assert settings.stripe_prices == {"STRIPE_PRICE_TEAM": "price_1"}


def test_a_price_is_named_by_its_id_or_by_a_variable() -> None:
    """Both stand for the id; prices without either are not among them."""
    catalog = parse_catalog(
        NORTHWIND.replace("unit_amount = 4900\n", 'unit_amount = 4900\nstripe_price = "STRIPE_PRICE_TEAM"\n')
        .replace("unit_amount = 1900\n", 'unit_amount = 1900\nstripe_price = "price_2"\n')
    )  # fmt: skip
    named = {"team_monthly": "price_1", "starter_monthly": "price_2"}
    assert given_prices(catalog, {"STRIPE_PRICE_TEAM": "price_1"}) == named
    assert known_given_prices(catalog, {}) == {"starter_monthly": "price_2"}
