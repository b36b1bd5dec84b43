"""Coupons: https://docs.stripe.com/api/coupons."""

from typing import Any

from tiergate_sandbox.world.billing.redeeming import need_coupon
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    choice,
    currency_code,
    hash_of,
    integer,
    map_of,
    merged_metadata,
    metadata,
    number,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/coupons"
_COMMON: dict[str, Param] = {
    "currency_options": map_of(hash_of(amount_off=required(integer(1)))),
    "metadata": metadata(),
    "name": string(40),
}


def create(draft: Draft, params: Obj) -> Obj:
    """Create a coupon."""
    _check(params)
    coupon_id = params.get("id") or draft.new_id("coupon_")[7:15]
    if draft.get("coupon", coupon_id) is not None:
        raise StripeError("Coupon already exists.", code="resource_already_exists", param="id")
    now = draft.now_on(None)
    if params.get("redeem_by") is not None and params["redeem_by"] <= now:
        raise invalid(f"redeem_by must be in the future; it is {now}.", "redeem_by")
    names = ("amount_off", "duration_in_months", "max_redemptions", "name", "percent_off", "redeem_by")
    coupon = blank(
        "coupon",
        coupon_id,
        created=now,
        duration=params.get("duration") or "once",
        metadata=merged_metadata({}, params.get("metadata") or {}),
        **{name: params[name] for name in names if params.get(name) is not None},
    )
    if coupon["amount_off"] is not None:
        coupon["currency"] = params["currency"].lower()
    coupon["_"]["products"] = _products(draft, params)
    _add_options(coupon, params)
    draft.add(coupon)
    draft.emit("coupon.created", coupon)
    return coupon


def retrieve(draft: Draft, _params: Obj, coupon_id: str) -> Obj:
    """Return a coupon."""
    return need_coupon(draft, coupon_id, "coupon", 404)


def update(draft: Draft, params: Obj, coupon_id: str) -> Obj:
    """Change the labels of a coupon; what it takes off never changes."""
    coupon = need_coupon(draft, coupon_id, "coupon", 404)
    if "name" in params:
        coupon["name"] = params["name"]
    if "metadata" in params:
        coupon["metadata"] = merged_metadata(coupon["metadata"], params["metadata"])
    _add_options(coupon, params)
    return coupon


def delete(draft: Draft, _params: Obj, coupon_id: str) -> Obj:
    """Delete a coupon: nobody can redeem it any more, and discounts that exist go on."""
    coupon = need_coupon(draft, coupon_id, "coupon", 404)
    coupon["valid"] = False
    draft.emit("coupon.deleted", coupon)
    coupon["_"]["deleted"] = True
    return {"id": coupon_id, "object": "coupon", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List coupons."""
    return page_of(draft, "coupon", URL, params, test=lambda coupon: not coupon["_"]["deleted"])


def _check(params: Obj) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must specify either percent_off or amount_off, and not both.", "percent_off")
    if percent is not None and percent <= 0:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", "percent_off")
    if amount is not None and params.get("currency") is None:
        raise missing_parameter("currency")
    repeats = params.get("duration") == "repeating"
    if repeats != (params.get("duration_in_months") is not None):
        raise invalid(
            "You must pass duration_in_months when duration is repeating, and only then.",
            "duration_in_months",
        )


def _products(draft: Draft, params: Obj) -> list[str] | None:
    named = (params.get("applies_to") or {}).get("products")
    for product in named or []:
        draft.need("product", product, "applies_to[products]", 400)
    return named or None


def _add_options(coupon: Obj, params: Obj) -> None:
    for currency, option in (params.get("currency_options") or {}).items():
        coupon["_"]["currency_options"][currency.lower()] = dict(option)


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        amount_off=integer(1),
        applies_to=hash_of(products=array_of(ref())),
        currency=currency_code(),
        duration=choice("forever", "once", "repeating"),
        duration_in_months=integer(1),
        id=string(200),
        max_redemptions=integer(1),
        percent_off=number(0, 100),
        redeem_by=timestamp(),
    ),
    route("GET", URL, list_all, **PAGE, created=range_of()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON),
    route("DELETE", f"{URL}/{{id}}", delete),
)
