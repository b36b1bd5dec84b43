"""Offers to push, and what is at Stripe and here once they are."""

from typing import Any

from tests.services.bench import Bench, Json, northwind
from tiergate.store.catalog_rows import newest_catalog
from tiergate.store.tables import prices

EVERYTHING_CHANGES = (
    northwind()
    .partition("[plans.scale]")[0]
    .replace(
        "unit_amount = 4900\ncurrency_options = { eur = 4500, gbp = 3900 }",
        "unit_amount = 5900\ncurrency_options = { eur = 5500, jpy = 800000 }",
    )
    .replace('name = "Starter"', 'name = "Solo"')
    + """
[plans.vast]
seats = { minimum = 2 }

[[plans.vast.prices]]
currency = "usd"
tiers = [{ up_to = 10, unit_amount = 900, flat_amount = 5000 }, { unit_amount = 700 }]
tiers_mode = "volume"
tax_behavior = "exclusive"

[plans.vast.prices.currency_options]
eur = [{ up_to = 10, unit_amount = 800, flat_amount = 4500 }, { flat_amount = 600 }]

[addons.calls]
features = { api_calls = 5000 }
prices = [{ currency = "usd", unit_amount = 500 }]
"""
)
"""After Northwind's own file every kind of step: prices created, replaced, archived, a product renamed."""


def at_stripe(bench: Bench, kind: str, **params: Any) -> list[Json]:
    """All products or prices that Stripe knows."""
    query = {"limit": 100, **params}
    listed = getattr(bench.stripe.v1, kind).list(query)
    return [each.to_dict() for each in listed.auto_paging_iter()]


def version(bench: Bench) -> int:
    """The version in force."""
    with bench.context.database.read() as tx:
        newest = newest_catalog(tx)
    return newest.version if newest else 0


def on_sale(bench: Bench) -> dict[str, Any]:
    """What can be bought at Stripe, in all its amounts, by lookup key; one without a key by its id."""
    found = at_stripe(bench, "prices", active=True, expand=["data.currency_options", "data.tiers"])
    shown = ("product", "currency", "unit_amount", "currency_options", "tiers", "tiers_mode", "tax_behavior")
    return {price["lookup_key"] or price["id"]: {name: price[name] for name in shown} for price in found}


def outcome(bench: Bench) -> dict[str, Any]:
    """What a push has led to, at Stripe and here, without ids that depend on how often it was tried."""
    sold = {row.lookup_key: row for row in bench.rows(prices) if row.active}
    ids = {price["lookup_key"]: price["id"] for price in at_stripe(bench, "prices", active=True)}
    assert {key: row.stripe_price_id for key, row in sold.items()} == ids
    with bench.context.database.read() as tx:
        newest = newest_catalog(tx)
    return {
        "prices": on_sale(bench),
        "products": {each["id"]: (each["name"], each["active"]) for each in at_stripe(bench, "products")},
        "mapped": {key: (row.plan_key, row.add_on_key, row.currency_options) for key, row in sold.items()},
        "text": newest and newest.text,
    }
