"""Configurations of the portal: what they look like, what may be said in them, and which one is the default.

https://docs.stripe.com/api/customer_portal/configurations/object
"""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter

Obj = dict[str, Any]

KIND = "billing_portal.configuration"

NO_DEFAULT_MESSAGE = (
    "No configuration provided and your test mode default configuration has not been created. Provide a "
    "configuration or create your default by saving your customer portal settings in test mode at "
    "https://dashboard.stripe.com/test/settings/billing/portal."
)


def new_configuration(draft: Draft, now: int, *, is_default: bool = False) -> Obj:
    """Return a new configuration in which every feature is switched off."""
    configuration: Obj = {
        "id": draft.new_id("bpc_"),
        "object": KIND,
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url")),
        "created": now,
        "default_return_url": None,
        "features": _no_features(),
        "is_default": is_default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": now,
    }
    return draft.add(configuration)


def default_configuration(draft: Draft, now: int) -> Obj:
    """Return the account's default configuration.

    Raises:
        StripeError: when the account owner has never saved one (``Settings.portal_saved``).
    """
    known = draft.find(KIND, "is_default", "true")
    if known:
        return known[0]
    if not draft.settings.portal_saved:
        raise invalid(NO_DEFAULT_MESSAGE)
    configuration = new_configuration(draft, now, is_default=True)
    features = configuration["features"]
    features["customer_update"] = {
        "allowed_updates": ["email", "name", "address", "phone", "tax_id"],
        "enabled": True,
    }
    for name in ("invoice_history", "payment_method_update", "subscription_cancel"):
        features[name]["enabled"] = True
    reason = features["subscription_cancel"]["cancellation_reason"]
    reason.update(enabled=True, options=_USUAL_REASONS)
    return configuration


def merge_features(draft: Draft, features: Obj, sent: Obj) -> None:
    """Take over what was said about the features.

    Raises:
        StripeError: when it makes no sense.
    """
    for name, values in sent.items():
        _merge(features[name], values or {})
    _check_cancel(features["subscription_cancel"])
    update = features["subscription_update"]
    for index, offer in enumerate(update["products"]):
        _fill_quantity(offer, f"features[subscription_update][products][{index}]")
    if "products" in (sent.get("subscription_update") or {}):
        _check_offers(draft, update["products"])
    customer = features["customer_update"]
    if customer["enabled"] and not customer["allowed_updates"]:
        raise missing_parameter("features[customer_update][allowed_updates]")


def _merge(known: Obj, sent: Obj) -> None:
    for name, value in sent.items():
        if isinstance(known.get(name), dict) and isinstance(value, dict):
            _merge(known[name], value)
        else:
            known[name] = [] if value is None and isinstance(known.get(name), list) else value


def _check_cancel(cancel: Obj) -> None:
    path = "features[subscription_cancel][proration_behavior]"
    if cancel["proration_behavior"] == "always_invoice":
        raise invalid("`always_invoice` is not supported here; use `create_prorations` or `none`.", path)
    if cancel["proration_behavior"] == "create_prorations" and cancel["mode"] != "immediately":
        raise invalid(
            "`create_prorations` is only supported when `mode` is `immediately`; use `none` otherwise.", path
        )
    reason = cancel["cancellation_reason"]
    if reason["enabled"] and not (reason["options"] or reason["feedback_options"]):
        raise missing_parameter("features[subscription_cancel][cancellation_reason][options]")


def _fill_quantity(offer: Obj, path: str) -> None:
    quantity = {"enabled": False, "maximum": None, "minimum": 1, **(offer.get("adjustable_quantity") or {})}
    quantity["minimum"] = 1 if quantity["minimum"] is None else quantity["minimum"]
    most = quantity["maximum"]
    if most is not None and most < quantity["minimum"]:
        raise invalid(
            "The maximum must not be less than the minimum.", f"{path}[adjustable_quantity][maximum]"
        )
    offer["adjustable_quantity"] = quantity


def _check_offers(draft: Draft, offers: list[Obj]) -> None:
    for index, offer in enumerate(offers):
        path = f"features[subscription_update][products][{index}]"
        draft.need("product", offer["product"], f"{path}[product]", 400)
        seen = set()
        for place, price_id in enumerate(offer["prices"]):
            param = f"{path}[prices][{place}]"
            price = draft.need("price", price_id, param, 400)
            _check_price(price, offer["product"], param)
            rhythm = price["recurring"]
            kind = (price["currency"], rhythm["interval"], rhythm["interval_count"])
            if kind in seen:
                raise invalid(
                    "Prices of one product must differ in their billing intervals; "
                    f"leave out {price_id} or the other one.",
                    param,
                )
            seen.add(kind)


def _check_price(price: Obj, product_id: str, param: str) -> None:
    if price["product"] != product_id:
        raise invalid(f"The price {price['id']} does not belong to the product {product_id}.", param)
    if price["recurring"] is None:
        raise invalid(
            f"The price {price['id']} is paid once; the portal offers recurring prices only.", param
        )
    if price["recurring"]["usage_type"] == "metered":
        raise invalid(f"The price {price['id']} is metered; the portal offers licensed prices only.", param)
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise StripeError(message, code="price_inactive", param=param)


_USUAL_REASONS = [
    "too_expensive",
    "missing_features",
    "switched_service",
    "unused",
    "customer_service",
    "too_complex",
    "low_quality",
    "other",
]


def _no_features() -> Obj:
    return {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": [], "options": []},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_pause": {
            "duration": {"interval_options": [], "type": "indefinite"},
            "enabled": False,
        },
        "subscription_update": {
            "billing_cycle_anchor": "unchanged",
            "default_allowed_updates": [],
            "enabled": False,
            "products": [],
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
