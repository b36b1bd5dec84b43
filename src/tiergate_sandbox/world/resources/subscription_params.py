"""What can be said about a subscription in a request, and what it means."""

from typing import Any

from tiergate_sandbox.world.billing.change import ItemChange
from tiergate_sandbox.world.billing.subscribe import ItemOrder
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.params import (
    Param,
    anything,
    array_of,
    boolean,
    choice,
    hash_of,
    integer,
    metadata,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.settings import DAY_SECONDS

Obj = dict[str, Any]

STATUSES = (
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
)
LONGEST_TRIAL_DAYS = 730

PRORATION = choice("always_invoice", "create_prorations", "none")
TRIAL_SETTINGS = hash_of(
    end_behavior=required(
        hash_of(
            billing_cycle_anchor=choice("now"),
            missing_payment_method=choice("cancel", "create_invoice", "pause"),
        )
    )
)
BILLING_MODE = hash_of(type=required(choice("classic", "flexible")), flexible=anything())
_CANCELLATION_DETAILS = hash_of(
    comment=string(),
    feedback=choice(
        "customer_service",
        "low_quality",
        "missing_features",
        "other",
        "switched_service",
        "too_complex",
        "too_expensive",
        "unused",
    ),
)
_NEW_ITEM: dict[str, Param] = {
    "metadata": metadata(),
    "price": ref(),
    "price_data": prices.PRICE_DATA,
    "quantity": integer(0),
}
_ANCHOR_WORD = choice("now", "unchanged")
_ANCHOR_HASH = hash_of(type=required(_ANCHOR_WORD))
_ANCHOR = Param(
    lambda value, path: (_ANCHOR_HASH if isinstance(value, dict) else _ANCHOR_WORD).parse(value, path)
)

_COMMON: dict[str, Param] = {
    "automatic_tax": hash_of(enabled=required(choice("false"))),
    "cancel_at_period_end": boolean(),
    "collection_method": choice("charge_automatically", "send_invoice"),
    "days_until_due": integer(0),
    "default_payment_method": ref(),
    "description": string(500),
    "metadata": metadata(),
    "off_session": boolean(),
    "payment_settings": hash_of(
        payment_method_options=anything(),
        payment_method_types=array_of(string()),
        save_default_payment_method=choice("off", "on_subscription"),
    ),
    "proration_behavior": PRORATION,
    "trial_settings": TRIAL_SETTINGS,
}

CREATE: dict[str, Param] = {
    **_COMMON,
    "add_invoice_items": array_of(
        hash_of(price=ref(), price_data=prices.PRICE_DATA, quantity=integer(0)), 20
    ),
    "billing_cycle_anchor": timestamp(),
    "billing_mode": BILLING_MODE,
    "cancel_at": timestamp(),
    "currency": string(3),
    "customer": required(ref()),
    "items": array_of(hash_of(**_NEW_ITEM), 100),
    "payment_behavior": choice("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "trial_end": timestamp("now"),
    "trial_from_plan": boolean(),
    "trial_period_days": integer(0, LONGEST_TRIAL_DAYS),
}

UPDATE: dict[str, Param] = {
    **_COMMON,
    "billing_cycle_anchor": _ANCHOR,
    "cancel_at": timestamp("min_period_end", "max_period_end"),
    "cancellation_details": _CANCELLATION_DETAILS,
    "items": array_of(hash_of(**_NEW_ITEM, deleted=boolean(), id=ref()), 100),
    "payment_behavior": choice("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "proration_date": timestamp(),
    "trial_end": timestamp("now"),
}

CANCEL: dict[str, Param] = {
    "cancellation_details": _CANCELLATION_DETAILS,
    "invoice_now": boolean(),
    "prorate": boolean(),
}

RESUME: dict[str, Param] = {
    "billing_cycle_anchor": _ANCHOR,
    "payment_behavior": choice("resume_on_payment_attempt"),
    "proration_behavior": PRORATION,
}

PLAIN = ("collection_method", "days_until_due", "description")
"""Fields that are taken as they are sent."""


def item_orders(draft: Draft, sent: list[Obj], name: str = "items") -> list[ItemOrder]:
    """Return the prices and quantities of new items."""
    orders = []
    for index, one in enumerate(sent):
        price = price_of(draft, one, f"{name}[{index}]")
        if price is None:
            raise missing_parameter(f"{name}[{index}][price]")
        quantity = 1 if one.get("quantity") is None else one["quantity"]
        orders.append(ItemOrder(price, quantity, one.get("metadata") or {}))
    return orders


def item_changes(draft: Draft, sent: list[Obj]) -> list[ItemChange]:
    """Return what is asked for the items of a running subscription."""
    return [
        ItemChange(
            id=one.get("id"),
            price=price_of(draft, one, f"items[{index}]"),
            quantity=one.get("quantity"),
            metadata=one.get("metadata"),
            deleted=bool(one.get("deleted")),
        )
        for index, one in enumerate(sent)
    ]


def price_of(draft: Draft, item: Obj, path: str) -> Obj | None:
    """Return the price that an item names or describes.

    Raises:
        StripeError: ``resource_missing`` for an unknown price.
    """
    if item.get("price_data") is not None:
        return prices.create(draft, item["price_data"])
    if item.get("price") is None:
        return None
    return draft.need("price", item["price"], f"{path}[price]", 400)


def trial_end_of(draft: Draft, params: Obj, now: int) -> int | None:
    """Return when a new subscription's trial ends, if it has one.

    Raises:
        StripeError: when that is past, or more than two years ahead.
    """
    end = params.get("trial_end")
    if end == "now":
        return None
    if end is None:
        days = params.get("trial_period_days") or _days_from_prices(draft, params)
        return now + days * DAY_SECONDS if days else None
    if end <= now:
        raise invalid(f"trial_end must be in the future; it is {now} for this customer.", "trial_end")
    if end > now + LONGEST_TRIAL_DAYS * DAY_SECONDS:
        raise invalid("A trial can last two years at most.", "trial_end")
    return int(end)


def trial_settings(known: Obj | None, sent: Obj | None) -> Obj:
    """Return the trial settings after a request."""
    behavior = {"billing_cycle_anchor": "now", "missing_payment_method": "create_invoice"}
    behavior |= (known or {}).get("end_behavior") or {}
    behavior |= {
        name: value for name, value in ((sent or {}).get("end_behavior") or {}).items() if value is not None
    }
    return {"end_behavior": behavior}


def payment_settings(known: Obj | None, sent: Obj | None) -> Obj:
    """Return the payment settings after a request."""
    settings: Obj = {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    }
    return settings | (known or {}) | (sent or {})


def anchor_word(params: Obj) -> str | None:
    """Return ``now`` or ``unchanged`` as it was said about the anchor, in the newer or the older way."""
    anchor = params.get("billing_cycle_anchor")
    return anchor["type"] if isinstance(anchor, dict) else anchor


def wants_anchor_now(params: Obj) -> bool:
    """Tell whether a change shall begin a new period at once."""
    return anchor_word(params) == "now"


def cancel_at_of(sub: Obj, sent: int | str | None) -> int | None:
    """Return the instant that ``cancel_at`` means."""
    ends = [item["current_period_end"] for item in sub["items"]]
    if sent == "min_period_end":
        return int(min(ends))
    if sent == "max_period_end":
        return int(max(ends))
    return None if sent is None else int(sent)


def _days_from_prices(draft: Draft, params: Obj) -> int:
    if not params.get("trial_from_plan"):
        return 0
    found = [
        draft.glance("price", one["price"])["recurring"]
        for one in params.get("items") or []
        if one.get("price")
    ]
    return max((recurring["trial_period_days"] or 0 for recurring in found if recurring), default=0)
