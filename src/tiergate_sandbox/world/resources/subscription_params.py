"""What can be said about a subscription in a request, and what it means."""

from typing import Any, Literal

from tiergate_sandbox.world.anchors import next_anchor
from tiergate_sandbox.world.billing import ending, taxes
from tiergate_sandbox.world.billing.change import ItemChange
from tiergate_sandbox.world.billing.hold_change import PAYMENT_BEHAVIORS
from tiergate_sandbox.world.billing.subscribe import ItemOrder
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
    only_cards,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.resources.discounts import DISCOUNTS, OLD_WORDS
from tiergate_sandbox.world.settings import DAY_SECONDS
from tiergate_sandbox.world.versions import CLOVER, predates

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
            billing_cycle_anchor=choice("now", "unchanged"),
            missing_payment_method=choice("cancel", "create_invoice", "pause"),
        )
    )
)
BILLING_MODE = hash_of(
    type=required(choice("classic", "flexible")),
    flexible=hash_of(proration_discounts=choice("included")),
)
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
    "discounts": DISCOUNTS,
    "metadata": metadata(),
    "price": ref(),
    "price_data": prices.PRICE_DATA,
    "quantity": integer(0),
    "tax_rates": array_of(ref()),
}
_ANCHOR_WORD = choice("now", "unchanged")
_ANCHOR_HASH = hash_of(type=required(_ANCHOR_WORD))
_ANCHOR = Param(
    lambda value, path: (_ANCHOR_HASH if isinstance(value, dict) else _ANCHOR_WORD).parse(value, path)
)

_COMMON: dict[str, Param] = {
    **OLD_WORDS,
    "automatic_tax": hash_of(enabled=required(boolean())),
    "cancel_at_period_end": boolean(),
    "collection_method": choice("charge_automatically", "send_invoice"),
    "days_until_due": integer(0),
    "default_payment_method": ref(),
    "default_tax_rates": array_of(ref()),
    "description": string(500),
    "discounts": DISCOUNTS,
    "metadata": metadata(),
    "off_session": boolean(),
    "payment_settings": hash_of(
        payment_method_options=anything(),
        payment_method_types=only_cards(),
        save_default_payment_method=choice("off", "on_subscription"),
    ),
    "proration_behavior": PRORATION,
    "trial_settings": TRIAL_SETTINGS,
}

_BOUGHT_ONCE = array_of(
    hash_of(
        discounts=DISCOUNTS,
        price=ref(),
        price_data=prices.PRICE_DATA,
        quantity=integer(0),
        tax_rates=array_of(ref()),
    ),
    20,
)
_CANCEL_AT = timestamp("min_period_end", "max_period_end")

CREATE: dict[str, Param] = {
    **_COMMON,
    "add_invoice_items": _BOUGHT_ONCE,
    "backdate_start_date": timestamp(),
    "billing_cycle_anchor": timestamp(),
    "billing_cycle_anchor_config": hash_of(
        day_of_month=required(integer(1, 31)),
        hour=integer(0, 23),
        minute=integer(0, 59),
        month=integer(1, 12),
        second=integer(0, 59),
    ),
    "billing_mode": BILLING_MODE,
    "cancel_at": _CANCEL_AT,
    "currency": currency_code(),
    "customer": required(ref()),
    "items": array_of(hash_of(**_NEW_ITEM), 100),
    "payment_behavior": choice("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "trial_end": timestamp("now"),
    "trial_from_plan": boolean(),
    "trial_period_days": integer(0, LONGEST_TRIAL_DAYS),
}

UPDATE: dict[str, Param] = {
    **_COMMON,
    "add_invoice_items": _BOUGHT_ONCE,
    "billing_cycle_anchor": _ANCHOR,
    "cancel_at": _CANCEL_AT,
    "cancellation_details": _CANCELLATION_DETAILS,
    "items": array_of(hash_of(**_NEW_ITEM, deleted=boolean(), id=ref()), 100),
    "pause_collection": hash_of(
        behavior=required(choice("keep_as_draft", "mark_uncollectible", "void")), resumes_at=timestamp()
    ),
    "payment_behavior": choice(*PAYMENT_BEHAVIORS),
    "proration_date": timestamp(),
    "trial_end": timestamp("now"),
    "trial_from_plan": boolean(),
}

CANCEL: dict[str, Param] = {
    "cancellation_details": _CANCELLATION_DETAILS,
    "invoice_now": boolean(),
    "prorate": boolean(),
}

RESUME: dict[str, Param] = {
    "billing_cycle_anchor": _ANCHOR,
    "payment_behavior": choice("resume_on_payment_attempt", "resume_on_payment_success"),
    "proration_behavior": PRORATION,
    "proration_date": timestamp(),
}

PAUSE: dict[str, Param] = {
    "bill_for": hash_of(
        outstanding_usage_through=hash_of(type=required(choice("none", "now"))),
        unused_time_from=hash_of(type=required(choice("item_current_period_start", "none", "now"))),
    ),
    "invoicing_behavior": choice("invoice", "pending_invoice_item"),
    "type": choice("subscription"),
}

MIGRATE: dict[str, Param] = {
    "billing_mode": required(
        hash_of(
            type=required(choice("flexible")),
            flexible=hash_of(proration_discounts=choice("included")),
        )
    )
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
        rates = taxes.checked(draft, one.get("tax_rates"), f"{name}[{index}][tax_rates]")
        orders.append(
            ItemOrder(price, quantity, one.get("metadata") or {}, one.get("discounts") or [], rates)
        )
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
            discounts=one.get("discounts"),
            tax_rates=taxes.checked(draft, one["tax_rates"], f"items[{index}][tax_rates]")
            if "tax_rates" in one
            else None,
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
    """Return when the trial that is asked for ends, if there is one.

    Raises:
        StripeError: when that is past, or more than two years ahead.
    """
    end = params.get("trial_end")
    if end is not None and params.get("trial_from_plan"):
        raise invalid("Pass either trial_end or trial_from_plan, not both.", "trial_from_plan")
    if end == "now":
        return None
    if end is None:
        days = params.get("trial_period_days") or _days_from_prices(draft, params)
        return now + days * DAY_SECONDS if days else None
    if end <= now:
        raise invalid(f"trial_end must be in the future; it is {now} here.", "trial_end")
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


def pause_collection(sent: Obj | None, now: int) -> Obj | None:
    """Return how collection is paused, or None when it is not.

    Raises:
        StripeError: when it should go on in the past.
    """
    if sent is None:
        return None
    resumes_at = sent.get("resumes_at")
    if resumes_at is not None and resumes_at <= now:
        raise invalid(
            f"resumes_at must be in the future; it is {now} for this subscription.",
            "pause_collection[resumes_at]",
        )
    return {"behavior": sent["behavior"], "resumes_at": resumes_at}


def billing_mode(draft: Draft, sent: Obj | None) -> Obj:
    """Return the billing mode of something new: as asked for, else what the caller's version defaults to.

    https://docs.stripe.com/billing/subscriptions/billing-mode
    """
    version = draft.origin.version or draft.settings.default_version
    mode = (sent or {}).get("type") or ("classic" if predates(version, CLOVER) else "flexible")
    flexible = {"proration_discounts": "included"} if mode == "flexible" else None
    return {"flexible": flexible, "type": mode, "updated_at": None}


def anchor_word(params: Obj) -> str | None:
    """Return ``now`` or ``unchanged`` as it was said about the anchor, in the newer or the older way."""
    anchor = params.get("billing_cycle_anchor")
    return anchor["type"] if isinstance(anchor, dict) else anchor


def wants_anchor_now(params: Obj) -> bool:
    """Tell whether a change shall begin a new period at once."""
    return anchor_word(params) == "now"


def cancel_at_of(sub: Obj, sent: int | str | None) -> int | None:
    """Return the instant that ``cancel_at`` means."""
    return ending.named_end(sub, sent) if isinstance(sent, str) else sent


def anchor_of(params: Obj, now: int) -> int | None:
    """Return the billing cycle anchor of a new subscription, if one is asked for.

    Raises:
        StripeError: when it is past, or said twice.
    """
    anchor: int | None = params.get("billing_cycle_anchor")
    config = params.get("billing_cycle_anchor_config")
    if config is not None:
        if anchor is not None:
            raise invalid(
                "Pass either billing_cycle_anchor or billing_cycle_anchor_config, not both.",
                "billing_cycle_anchor_config",
            )
        return next_anchor(config, now)
    if anchor is not None and anchor <= now:
        raise invalid(
            f"billing_cycle_anchor must be in the future; it is {now} for this customer.",
            "billing_cycle_anchor",
        )
    return anchor


def later_trial_end(draft: Draft, params: Obj, now: int) -> int | Literal["now"] | None:
    """Return the trial end that an update asks for: an instant, or ``now``.

    Raises:
        StripeError: as ``trial_end_of``.
    """
    return "now" if params.get("trial_end") == "now" else trial_end_of(draft, params, now)


def _days_from_prices(draft: Draft, params: Obj) -> int:
    if not params.get("trial_from_plan"):
        return 0
    found = [
        draft.glance("price", one["price"])["recurring"]
        for one in params.get("items") or []
        if one.get("price")
    ]
    return max((recurring["trial_period_days"] or 0 for recurring in found if recurring), default=0)
