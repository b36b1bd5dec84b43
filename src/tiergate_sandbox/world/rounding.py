"""Money is whole minor units; whatever falls between two of them is rounded half up, line by line."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tiergate_sandbox.world.tiers import packages, tiered_amount


def share(amount: int, part: int, whole: int) -> int:
    """Return ``amount * part / whole`` rounded half up; ``amount`` and ``part`` must not be negative."""
    return (2 * amount * part + whole) // (2 * whole)


def line_amount(price: dict[str, Any], quantity: int) -> int:
    """Return what ``quantity`` units of a price cost, in minor units.

    The exact ``unit_amount_decimal`` is multiplied before rounding, as
    https://docs.stripe.com/api/prices/object describes for amounts with up to twelve decimals.
    """
    if price["transform_quantity"] is not None:
        step = price["transform_quantity"]
        quantity = packages(quantity, step["divide_by"], step["round"])
    if price["tiers_mode"] is not None:
        return _rounded(tiered_amount(price["_"]["tiers"], price["tiers_mode"], quantity))
    if price["unit_amount"] is not None:
        return int(price["unit_amount"]) * quantity
    return _rounded(Decimal(price["unit_amount_decimal"]) * quantity)


def _rounded(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
