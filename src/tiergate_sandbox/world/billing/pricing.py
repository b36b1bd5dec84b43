"""A price in the currency that is paid:
https://docs.stripe.com/api/prices/object#price_object-currency_options.
"""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid

Obj = dict[str, Any]


def price_in(draft: Draft, price_id: str, currency: str | None, param: str = "currency") -> Obj:
    """Return a price, for reading, with its amount in a currency (None: in its own).

    Raises:
        StripeError: when the price has no amount in that currency.
    """
    price = draft.glance("price", price_id)
    if currency is None or currency == price["currency"]:
        return price
    option = price["_"]["currency_options"].get(currency)
    if option is None:
        raise invalid(
            f"The price specified does not support the currency {currency}; add it to the price's "
            "currency_options.",
            param,
        )
    amounts = {name: option[name] for name in ("unit_amount", "unit_amount_decimal")}
    own = {**price["_"], "tiers": option.get("tiers")}
    return {**price, "_": own, "currency": currency, "tax_behavior": option["tax_behavior"], **amounts}
