"""What a configuration lets a customer do with a subscription, and what it says when it does not.

https://docs.stripe.com/customer-management/configure-portal and
https://docs.stripe.com/customer-management#limitations
"""

from typing import Any

from tiergate_sandbox.world.billing.ending import OVER
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, no_such

Obj = dict[str, Any]

_VERBS = {
    "subscription_cancel": ("canceled", "subscription cancellation"),
    "subscription_pause": ("paused", "subscription pause"),
    "subscription_update": ("updated", "subscription update"),
}


def need_subscription(draft: Draft, customer_id: str, sub_id: str, param: str) -> Obj:
    """Return a subscription of the customer.

    Raises:
        StripeError: ``resource_missing`` when it is not one of theirs.
    """
    sub = draft.get("subscription", sub_id)
    if sub is None or sub["customer"] != customer_id:
        raise no_such("subscription", sub_id, param, 400)
    return sub


def need_feature(configuration: Obj, feature: str, param: str | None = None) -> None:
    """Refuse what the configuration does not switch on."""
    if configuration["features"][feature]["enabled"]:
        return
    verb, name = _VERBS.get(feature, ("", ""))
    subject = f"This subscription cannot be {verb}" if verb else "This flow cannot be used"
    name = name or feature.replace("_", " ")
    raise invalid(
        f"{subject} because the {name} feature in the portal configuration is disabled. "
        "Enable it, or use another configuration.",
        param,
    )


def check_cancelable(sub: Obj, param: str | None = None) -> None:
    """Refuse to cancel what has ended or will."""
    if sub["status"] in OVER:
        raise _cannot("canceled", f"it has already ended with the status {sub['status']}", param)
    if sub["cancel_at"] is not None:
        raise _cannot("canceled", "it is already set to be canceled", param)


def check_updatable(draft: Draft, sub: Obj, param: str | None = None) -> None:
    """Refuse to change what the portal cannot change."""
    reason = why_not_updatable(draft, sub)
    if reason is not None:
        raise _cannot("updated", reason, param)


def why_not_updatable(draft: Draft, sub: Obj) -> str | None:
    """Return why the portal cannot change a subscription, if it cannot."""
    if sub["status"] not in ("trialing", "active", "past_due"):
        return f"its status is {sub['status']}"
    if len(sub["items"]) != 1:
        return "it contains multiple items"
    if sub["schedule"] is not None:
        return "it is managed by a subscription schedule"
    if sub["collection_method"] != "charge_automatically":
        return "its collection method is send_invoice"
    if sub["cancel_at"] is not None:
        return "it is set to be canceled"
    if draft.glance("price", sub["items"][0]["price"])["recurring"]["usage_type"] == "metered":
        return "its price is metered"
    return None


def check_pausable(sub: Obj, param: str | None = None) -> None:
    """Refuse to pause what cannot be paused."""
    if sub["status"] != "active" or sub["billing_mode"]["type"] != "flexible" or sub["schedule"] is not None:
        raise _cannot("paused", "only active flexible subscriptions without a schedule can be", param)


def offer_of(draft: Draft, configuration: Obj, price_id: str) -> Obj | None:
    """Return the product of the configuration that offers a price."""
    for offer in configuration["features"]["subscription_update"]["products"]:
        if price_id in offer["prices"] and draft.glance("price", price_id)["active"]:
            found: Obj = offer
            return found
    return None


def check_choice(
    draft: Draft, configuration: Obj, sub: Obj, price_id: str, quantity: int, param: str
) -> None:
    """Refuse a price or a quantity that the configuration does not offer for the subscription."""
    update = configuration["features"]["subscription_update"]
    item = sub["items"][0]
    price = draft.need("price", price_id, f"{param}[price]", 400)
    offer = offer_of(draft, configuration, price_id)
    if price_id != item["price"]:
        if "price" not in update["default_allowed_updates"] or offer is None:
            raise invalid(
                f"The price {price_id} cannot be chosen because it is not among the products of the portal "
                "configuration, or because the configuration does not allow changes of the price.",
                f"{param}[price]",
            )
        if price["currency"] != sub["currency"]:
            raise invalid(
                f"The price {price_id} is in {price['currency']}, the subscription in {sub['currency']}.",
                f"{param}[price]",
            )
    if quantity != item["quantity"]:
        _check_quantity(update, offer, quantity, param)


def _check_quantity(update: Obj, offer: Obj | None, quantity: int, param: str) -> None:
    limits = (offer or {}).get("adjustable_quantity")
    if "quantity" not in update["default_allowed_updates"] or limits is None or not limits["enabled"]:
        raise invalid(
            "The quantity cannot be changed because the portal configuration does not allow it.",
            f"{param}[quantity]",
        )
    most = limits["maximum"]
    if quantity < limits["minimum"] or (most is not None and quantity > most):
        upper = "" if most is None else f" and {most} at most"
        raise invalid(f"The quantity must be {limits['minimum']} at least{upper}.", f"{param}[quantity]")


def _cannot(verb: str, reason: str, param: str | None) -> StripeError:
    return invalid(f"This subscription cannot be {verb} because {reason}.", param)
