"""Turns Stripe's products and prices into what the rules compare with the file."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tiergate.rules.money import MinorUnits
from tiergate.rules.offer_at_stripe import StripePrice, StripeProduct
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier

Json = Mapping[str, Any]


def read_product(raw: Json) -> StripeProduct:
    """Read a product."""
    return StripeProduct(raw["id"], raw["name"], bool(raw["active"]), dict(raw.get("metadata") or {}))


def read_price(raw: Json) -> StripePrice:
    """Read a price. Its own currency is among ``currency_options`` at Stripe, and is left out here."""
    recurring = raw.get("recurring") or {}
    product, mode = raw["product"], raw.get("tiers_mode")
    options = {
        currency: _amount(currency, option)
        for currency, option in (raw.get("currency_options") or {}).items()
        if currency != raw["currency"]
    }
    return StripePrice(
        id=raw["id"],
        product_id=product["id"] if isinstance(product, Mapping) else product,
        interval=_interval(recurring),
        currency=raw["currency"],
        unit_amount=raw.get("unit_amount"),
        lookup_key=raw.get("lookup_key"),
        active=bool(raw["active"]),
        currency_options=options,
        tiers=_tiers(raw.get("tiers")),
        tiers_mode=mode,
        tax_behavior=raw.get("tax_behavior") or "unspecified",
        metadata=dict(raw.get("metadata") or {}),
        trial_days=recurring.get("trial_period_days"),
    )


def _interval(recurring: Json) -> str:
    if not recurring:
        return "once"
    interval, count = recurring["interval"], recurring.get("interval_count") or 1
    if recurring.get("usage_type") == "metered":
        return f"metered {interval}"
    return str(interval) if count == 1 else f"{count} {interval}s"


def _amount(currency: str, option: Json) -> Amount:
    tiers = _tiers(option.get("tiers"))
    unit_amount = int(tiers[0].unit_amount) if tiers else option.get("unit_amount") or 0
    return Amount(currency, unit_amount, tiers)


def _tiers(told: list[Json] | None) -> tuple[Tier, ...]:
    return tuple(
        Tier(tier.get("up_to"), _minor_units(tier, "unit_amount"), _minor_units(tier, "flat_amount"))
        for tier in told or ()
    )


def _minor_units(tier: Json, name: str) -> MinorUnits:
    """Return a whole number where it is one; finer amounts stand in the decimal field alone."""
    exact = Decimal(str(tier.get(f"{name}_decimal") or tier.get(name) or 0))
    return int(exact) if exact == exact.to_integral_value() else exact
