"""The amounts of a price in a request: per unit or in tiers, in one currency or in several.

https://docs.stripe.com/api/prices/create
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.params import (
    LARGEST_INTEGER,
    Param,
    array_of,
    choice,
    hash_of,
    integer,
    map_of,
    required,
    string,
    timestamp,
)

Obj = dict[str, Any]

DECIMAL_PLACES = 12

TAX_BEHAVIOR = choice("exclusive", "inclusive", "unspecified")
AMOUNT: dict[str, Param] = {
    "tax_behavior": TAX_BEHAVIOR,
    "unit_amount": integer(0),
    "unit_amount_decimal": string(),
}
"""What costs so much per unit."""

TIERS = array_of(
    hash_of(
        flat_amount=integer(0),
        flat_amount_decimal=string(),
        unit_amount=integer(0),
        unit_amount_decimal=string(),
        up_to=required(timestamp("inf")),
    )
)
CURRENCY_OPTIONS = map_of(hash_of(**AMOUNT, tiers=TIERS))


def unit_amounts(params: Obj) -> tuple[int | None, str]:
    """Return the unit amount, if it is a whole number, and its exact form.

    Raises:
        StripeError: when both or neither are said, or it is no number.
    """
    found = _amount(params, "unit_amount")
    if found is None:
        raise missing_parameter("unit_amount")
    return found


def option(params: Obj, *, tiered: bool = False) -> Obj:
    """Return the amounts in one currency, as ``currency_options`` shows them."""
    amount, exact = (None, None) if tiered else unit_amounts(params)
    shown: Obj = {
        "custom_unit_amount": None,
        "tax_behavior": params.get("tax_behavior") or "unspecified",
        "unit_amount": amount,
        "unit_amount_decimal": exact,
    }
    if tiered:
        shown["tiers"] = tiers(params)
    return shown


def tiers(params: Obj) -> list[Obj]:
    """Return the tiers of a price.

    Raises:
        StripeError: when they do not rise, the last one ends, or one has no amount.
    """
    sent = params.get("tiers")
    if not sent:
        raise missing_parameter("tiers")
    found = []
    for index, tier in enumerate(sent):
        flat, unit = _amount(tier, "flat_amount"), _amount(tier, "unit_amount")
        if flat is None and unit is None:
            raise invalid("A tier needs a unit_amount or a flat_amount; pass one of them.", f"tiers[{index}]")
        up_to = None if tier["up_to"] == "inf" else tier["up_to"]
        found.append(
            {
                "flat_amount": flat[0] if flat else None,
                "flat_amount_decimal": flat[1] if flat else None,
                "unit_amount": unit[0] if unit else None,
                "unit_amount_decimal": unit[1] if unit else None,
                "up_to": up_to,
            }
        )
    ends = [int(tier["up_to"] or 0) for tier in found]
    if ends[-1] or [0, *ends[:-1]] != sorted({0, *ends[:-1]}):
        raise invalid("The tiers must rise, and the last one must have `up_to: inf`.", "tiers")
    return found


def _amount(params: Obj, name: str) -> tuple[int | None, str] | None:
    amount, exact = params.get(name), params.get(f"{name}_decimal")
    if amount is not None and exact is not None:
        raise invalid(f"You may only specify one of these parameters: {name}, {name}_decimal.", name)
    if amount is not None:
        return int(amount), str(amount)
    if exact is None:
        return None
    try:
        value = Decimal(exact)
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {exact}", f"{name}_decimal") from None
    if not value.is_finite() or not 0 <= value <= LARGEST_INTEGER:
        raise invalid(f"Invalid non-negative decimal: {exact}", f"{name}_decimal")
    if value != round(value, DECIMAL_PLACES):
        raise invalid(f"Invalid decimal: {exact}; at most 12 decimal places.", f"{name}_decimal")
    return (int(value), str(int(value))) if value == value.to_integral_value() else (None, exact)
