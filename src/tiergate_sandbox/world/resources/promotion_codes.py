"""Promotion codes: https://docs.stripe.com/api/promotion_codes."""

from typing import Any

from tiergate_sandbox.world.billing import methods, redeeming
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    boolean,
    choice,
    currency_code,
    hash_of,
    integer,
    map_of,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.validity import is_active, is_valid

Obj = dict[str, Any]

URL = "/v1/promotion_codes"
_OPTIONS = map_of(hash_of(minimum_amount=integer(1)))


def create(draft: Draft, params: Obj) -> Obj:
    """Create a code that customers can type to redeem a coupon."""
    coupon = _coupon(draft, params)
    customer = params.get("customer")
    if customer is not None:
        methods.need_customer(draft, customer)
    code_id = draft.new_id("promo_")
    text = params.get("code") or code_id[-8:].upper()
    now = draft.now_on(None)
    if not text.replace("-", "").isalnum() or not text.isascii():
        raise invalid(
            "A promotion code consists of letters from a to z, digits and hyphens; pass another code.", "code"
        )
    if params.get("expires_at") is not None and params["expires_at"] <= now:
        raise invalid(f"expires_at must be in the future; it is {now}.", "expires_at")
    code = blank(
        "promotion_code",
        code_id,
        active=params.get("active") is not False,
        code=text,
        created=now,
        customer=customer,
        expires_at=params.get("expires_at"),
        max_redemptions=params.get("max_redemptions"),
        metadata=merged_metadata({}, params.get("metadata") or {}),
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions=_restrictions(params.get("restrictions") or {}),
    )
    if code["active"]:
        _check_unique(draft, text)
    _add_options(code, params)
    draft.add(code)
    draft.emit("promotion_code.created", code)
    return code


def retrieve(draft: Draft, _params: Obj, code_id: str) -> Obj:
    """Return a promotion code."""
    return draft.need("promotion_code", code_id, "promotion_code")


def update(draft: Draft, params: Obj, code_id: str) -> Obj:
    """Activate or deactivate a promotion code, or change its metadata."""
    code = draft.need("promotion_code", code_id, "promotion_code")
    if params.get("active") is not None and params["active"] != code["active"]:
        if params["active"]:
            _check_unique(draft, code["code"])
        code["active"] = params["active"]
    if "metadata" in params:
        code["metadata"] = merged_metadata(code["metadata"], params["metadata"])
    _add_options(code, params)
    return code


def list_all(draft: Draft, params: Obj) -> Obj:
    """List promotion codes."""
    by: Obj = {name: params[name] for name in ("coupon", "customer") if params.get(name) is not None}
    if params.get("code") is not None:
        by["code"] = params["code"].lower()
    active, now = params.get("active"), draft.now_on(None)

    def is_wanted(code: Obj) -> bool:
        coupon = draft.glance("coupon", code["promotion"]["coupon"])
        return active is None or is_active(code, coupon, now) == active

    return page_of(draft, "promotion_code", URL, params, by=by, test=is_wanted)


def _coupon(draft: Draft, params: Obj) -> Obj:
    """Return the coupon; clover moved it into ``promotion``."""
    named = params.get("coupon") or (params.get("promotion") or {}).get("coupon")
    if named is None:
        raise missing_parameter("promotion")
    name = "coupon" if params.get("coupon") else "promotion[coupon]"
    coupon = redeeming.need_coupon(draft, named, name)
    if not is_valid(coupon, draft.now_on(None)):
        raise StripeError(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=name)
    return coupon


def _restrictions(sent: Obj) -> Obj:
    currency = sent.get("minimum_amount_currency")
    if (sent.get("minimum_amount") is None) != (currency is None):
        raise invalid(
            "Pass minimum_amount and minimum_amount_currency together.",
            "restrictions[minimum_amount_currency]",
        )
    return {
        "first_time_transaction": bool(sent.get("first_time_transaction")),
        "minimum_amount": sent.get("minimum_amount"),
        "minimum_amount_currency": currency.lower() if currency else None,
    }


def _check_unique(draft: Draft, text: str) -> None:
    if redeeming.code_named(draft, text) is not None:
        raise invalid(
            f"An active promotion code with `code: {text}` already exists. Deactivate it, or use another "
            "code.",
            "code",
            "resource_already_exists",
        )


def _add_options(code: Obj, params: Obj) -> None:
    for currency, option in ((params.get("restrictions") or {}).get("currency_options") or {}).items():
        code["_"]["currency_options"][currency.lower()] = dict(option)


ROUTES = (
    route(
        "POST",
        URL,
        create,
        active=boolean(),
        code=string(500),
        coupon=ref(),
        customer=ref(),
        expires_at=timestamp(),
        max_redemptions=integer(1),
        metadata=metadata(),
        promotion=hash_of(coupon=ref(), type=required(choice("coupon"))),
        restrictions=hash_of(
            currency_options=_OPTIONS,
            first_time_transaction=boolean(),
            minimum_amount=integer(1),
            minimum_amount_currency=currency_code(),
        ),
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        active=boolean(),
        code=string(),
        coupon=ref(),
        created=range_of(),
        customer=ref(),
    ),
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}",
        update,
        active=boolean(),
        metadata=metadata(),
        restrictions=hash_of(currency_options=_OPTIONS),
    ),
)
