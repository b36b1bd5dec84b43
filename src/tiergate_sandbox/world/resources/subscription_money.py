"""What a request says about the discounts and the taxes of a subscription.

https://docs.stripe.com/api/subscriptions/update
"""

from typing import Any

from tiergate_sandbox.world.billing import discounts, taxes
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.resources.discounts import said

Obj = dict[str, Any]


def tax_values(draft: Draft, params: Obj, customer: Obj) -> Obj:
    """Return the tax fields that a request sets.

    Raises:
        StripeError: ``customer_tax_location_invalid`` when automatic tax cannot know the customer's country.
    """
    values: Obj = {}
    if "default_tax_rates" in params:
        values["default_tax_rates"] = taxes.checked(draft, params["default_tax_rates"], "default_tax_rates")
    if params.get("automatic_tax") is not None:
        enabled = params["automatic_tax"]["enabled"]
        if enabled:
            taxes.need_location(customer)
        values["automatic_tax"] = taxes.setting(enabled=enabled)
    return values


def apply(draft: Draft, sub: Obj, params: Obj, customer: Obj, now: int) -> None:
    """Change the discounts and the taxes of a running subscription."""
    sub.update(tax_values(draft, params, customer))
    wanted = said(draft, params)
    if wanted is not None:
        discounts.give(draft, sub, wanted, Place(customer, now, sub["currency"]))
