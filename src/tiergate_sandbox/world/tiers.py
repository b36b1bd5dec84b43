"""What a quantity costs in tiers: https://docs.stripe.com/products-prices/pricing-models#tiered-pricing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

Tier = dict[str, Any]


def tiered_amount(tiers: Sequence[Tier], mode: str, quantity: int) -> Decimal:
    """Return the exact cost: ``volume`` charges all units at one tier, ``graduated`` each unit at its own.

    A flat amount comes on top for every tier that is reached; the first one is reached by a quantity of 0.
    """
    if mode == "volume":
        reached = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
        return _cost(reached, quantity)
    whole, below = Decimal(0), 0
    for tier in tiers:
        if below and quantity <= below:
            break
        up_to = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        whole += _cost(tier, up_to - below)
        below = up_to if tier["up_to"] is None else tier["up_to"]
    return whole


def packages(quantity: int, divide_by: int, round_to: str) -> int:
    """Return how many packages a quantity is: https://docs.stripe.com/api/prices/object#price_object-transform_quantity."""
    return -(-quantity // divide_by) if round_to == "up" else quantity // divide_by


def _cost(tier: Tier, quantity: int) -> Decimal:
    flat = Decimal(tier["flat_amount_decimal"] or 0)
    return flat + Decimal(tier["unit_amount_decimal"] or 0) * quantity
