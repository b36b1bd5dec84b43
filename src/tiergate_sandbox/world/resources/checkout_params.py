"""What can be said about a checkout session in a request, and what it means."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.params import (
    Param,
    anything,
    array_of,
    boolean,
    choice,
    currency_code,
    hash_of,
    integer,
    metadata,
    never,
    only_cards,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.resources.price_amounts import TAX_BEHAVIOR
from tiergate_sandbox.world.resources.subscription_params import (
    BILLING_MODE,
    LONGEST_TRIAL_DAYS,
    trial_settings,
)
from tiergate_sandbox.world.routing import Obj
from tiergate_sandbox.world.versions import CLOVER, DAHLIA, predates

PLAIN = (
    "adaptive_pricing",
    "allow_promotion_codes",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "custom_text",
    "customer_creation",
    "customer_email",
    "integration_identifier",
    "locale",
    "origin_context",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "submit_type",
    "success_url",
    "tax_id_collection",
    "wallet_options",
)
"""Fields that the session shows as they were sent."""

DATA_OF_MODE = {
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}

_PRICE_DATA = hash_of(
    currency=required(currency_code()),
    product=ref(),
    product_data=hash_of(
        description=string(),
        images=array_of(string()),
        metadata=metadata(),
        name=required(string()),
        unit_label=string(),
    ),
    recurring=prices.RECURRING,
    tax_behavior=TAX_BEHAVIOR,
    unit_amount=integer(0),
    unit_amount_decimal=string(),
)

_SUBSCRIPTION_DATA = hash_of(
    billing_cycle_anchor=timestamp(),
    billing_mode=BILLING_MODE,
    default_tax_rates=array_of(ref()),
    description=string(500),
    metadata=metadata(),
    proration_behavior=choice("create_prorations", "none"),
    trial_end=timestamp(),
    trial_period_days=integer(1, LONGEST_TRIAL_DAYS),
    trial_settings=hash_of(
        end_behavior=required(
            hash_of(missing_payment_method=required(choice("cancel", "create_invoice", "pause")))
        )
    ),
)

CREATE: dict[str, Param] = {
    **dict.fromkeys(
        (
            "adaptive_pricing",
            "branding_settings",
            "custom_text",
            "saved_payment_method_options",
            "wallet_options",
        ),
        anything(),
    ),
    "allow_promotion_codes": boolean(),
    "automatic_tax": hash_of(enabled=required(boolean())),
    "billing_address_collection": choice("auto", "required"),
    "cancel_url": string(),
    "client_reference_id": string(200),
    "currency": currency_code(),
    "customer": ref(),
    "customer_creation": choice("always", "if_required"),
    "customer_email": string(800),
    "customer_update": hash_of(
        address=choice("auto", "never"), name=choice("auto", "never"), shipping=choice("auto", "never")
    ),
    "discounts": array_of(hash_of(coupon=ref(), promotion_code=ref()), 1),
    "expires_at": timestamp(),
    "integration_identifier": string(),
    "line_items": array_of(
        hash_of(
            adjustable_quantity=hash_of(
                enabled=required(boolean()), maximum=integer(1, 999_999), minimum=integer(0, 999_999)
            ),
            metadata=metadata(),
            price=ref(),
            price_data=_PRICE_DATA,
            quantity=integer(0),
            tax_rates=array_of(ref()),
        ),
        40,
    ),
    "locale": string(),
    "metadata": metadata(),
    "mode": required(choice("payment", "setup", "subscription")),
    "origin_context": choice("mobile_app", "web"),
    "payment_intent_data": hash_of(
        description=string(),
        metadata=metadata(),
        receipt_email=string(),
        setup_future_usage=choice("off_session", "on_session"),
        shipping=anything(),
    ),
    "payment_method_collection": choice("always", "if_required"),
    "phone_number_collection": never("ask for the number on a page of your own."),
    "payment_method_types": only_cards(),
    "redirect_on_completion": choice("always", "if_required", "never"),
    "return_url": string(),
    "setup_intent_data": hash_of(description=string(), metadata=metadata()),
    "submit_type": choice("auto", "book", "donate", "pay", "subscribe"),
    "subscription_data": _SUBSCRIPTION_DATA,
    "success_url": string(),
    "tax_id_collection": never("add tax ids with POST /v1/customers/ID/tax_ids, or in the portal."),
    "ui_mode": string(),
}

_UI_MODES = ("elements", "embedded_page", "form", "hosted_page")
_OLD_UI_MODES = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}


def ui_mode(draft: Draft, params: Obj) -> str:
    """Return how the page is shown; the words changed with the dahlia version.

    Raises:
        StripeError: for a word that the caller's version does not have.
    """
    version = draft.origin.version or draft.settings.default_version
    word: str = params.get("ui_mode") or "hosted_page"
    if predates(version, DAHLIA):
        word = _OLD_UI_MODES.get(word, word)
    if word not in _UI_MODES:
        raise invalid(f"Invalid ui_mode: must be one of {', '.join(_UI_MODES)}", "ui_mode")
    return word


def price_of(draft: Draft, item: Obj, path: str) -> Obj:
    """Return the price that a line item names or describes.

    Raises:
        StripeError: when it does neither, or when the price is archived.
    """
    if item.get("price_data") is not None:
        return prices.create(draft, item["price_data"])
    if item.get("price") is None:
        raise missing_parameter(f"{path}[price]")
    price = draft.need("price", item["price"], f"{path}[price]", 400)
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(message, f"{path}[price]", "price_inactive")
    return price


def data_of(draft: Draft, params: Obj) -> dict[str, Any]:
    """Return what is said about the subscription or the payment that will come of the session."""
    if params["mode"] == "payment":
        return dict(params.get("payment_intent_data") or {})
    data = dict(params.get("subscription_data") or {})
    version = draft.origin.version or draft.settings.default_version
    mode = (data.get("billing_mode") or {}).get("type") or (
        "classic" if predates(version, CLOVER) else "flexible"
    )
    flexible = {"proration_discounts": "included"} if mode == "flexible" else None
    data["billing_mode"] = {"flexible": flexible, "type": mode, "updated_at": None}
    data["trial_settings"] = trial_settings(None, data.get("trial_settings"))
    data["metadata"] = data.get("metadata") or {}
    return data
