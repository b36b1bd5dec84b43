"""Redeeming coupons and promotion codes: https://docs.stripe.com/api/promotion_codes."""

from typing import Any, NamedTuple

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter, no_such
from tiergate_sandbox.world.validity import is_active, is_valid

Obj = dict[str, Any]
Redeemed = tuple[Obj, Obj | None]
"""A coupon, and the promotion code by which it came."""


class Place(NamedTuple):
    """Who gets the discounts, when, and in which currency; a minimum is compared with ``subtotal``."""

    customer: Obj | None
    now: int
    currency: str | None
    subtotal: int | None = None


def redeem(draft: Draft, sent: Obj, place: Place, param: str) -> Redeemed:
    """Redeem a ``coupon`` or a ``promotion_code``.

    Raises:
        StripeError: when it does not exist, has expired, or is not meant for this customer.
    """
    found = look_up(draft, sent, place, param)
    for one in found:
        if one is not None:
            one["times_redeemed"] += 1
            draft.keep_quiet(one)
    return found


def look_up(draft: Draft, sent: Obj, place: Place, param: str) -> Redeemed:
    """Return what would be redeemed.

    Raises:
        StripeError: as ``redeem``.
    """
    code = None
    if sent.get("promotion_code") is not None:
        code = draft.need("promotion_code", sent["promotion_code"], f"{param}[promotion_code]", 400)
        _check_code(draft, code, place, f"{param}[promotion_code]")
        coupon = draft.the("coupon", code["promotion"]["coupon"])
    elif sent.get("coupon") is not None:
        coupon = need_coupon(draft, sent["coupon"], f"{param}[coupon]")
    else:
        raise missing_parameter(f"{param}[coupon]")
    if not is_valid(coupon, place.now):
        raise StripeError(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=param)
    _check_currency(coupon, place.currency, param)
    return coupon, code


def code_named(draft: Draft, text: str) -> Obj | None:
    """Return the active promotion code that a customer types, whatever its case."""
    for code in draft.find("promotion_code", "code", text.lower()):
        if code["active"]:
            return code
    return None


def need_coupon(draft: Draft, coupon_id: str, param: str, status: int = 400) -> Obj:
    """Return a coupon that has not been deleted.

    Raises:
        StripeError: ``resource_missing``.
    """
    coupon = draft.need("coupon", coupon_id, param, status)
    if coupon["_"]["deleted"]:
        raise no_such("coupon", coupon_id, param, status)
    return coupon


def amount_off(coupon: Obj, currency: str) -> int:
    """Return a coupon's amount in a currency, nothing when it has none in it."""
    if coupon["currency"] == currency:
        return int(coupon["amount_off"])
    option = coupon["_"]["currency_options"].get(currency)
    return int(option["amount_off"]) if option else 0


def _check_code(draft: Draft, code: Obj, place: Place, param: str) -> None:
    if not is_active(code, draft.glance("coupon", code["promotion"]["coupon"]), place.now):
        raise StripeError(
            "This promotion code is no longer active. Use another one, or make it active again.",
            code="promotion_code_expired" if code["expires_at"] else None,
            param=param,
        )
    customer_id = place.customer["id"] if place.customer else None
    if code["customer"] is not None and code["customer"] != customer_id:
        raise invalid("This promotion code is meant for another customer.", param)
    restrictions = code["restrictions"]
    if restrictions["first_time_transaction"] and _has_paid(draft, customer_id):
        raise invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param,
        )
    least = _minimum(code, place.currency)
    if least is not None and place.subtotal is not None and place.subtotal < least:
        raise invalid(
            f"This promotion code cannot be redeemed: the amount {place.subtotal} is below its minimum of "
            f"{least}.",
            param,
        )


def _minimum(code: Obj, currency: str | None) -> int | None:
    restrictions = code["restrictions"]
    if restrictions["minimum_amount"] is None or currency in (None, restrictions["minimum_amount_currency"]):
        least: int | None = restrictions["minimum_amount"]
        return least
    option = code["_"]["currency_options"].get(currency)
    return int(option["minimum_amount"]) if option else None


def _has_paid(draft: Draft, customer_id: str | None) -> bool:
    if customer_id is None:
        return False
    return any(charge["paid"] for charge in draft.find("charge", "customer", customer_id))


def _check_currency(coupon: Obj, currency: str | None, param: str) -> None:
    if coupon["amount_off"] is None or currency is None or coupon["currency"] == currency:
        return
    if currency not in coupon["_"]["currency_options"]:
        raise invalid(
            f"The coupon {coupon['id']} takes off an amount in {coupon['currency']} and cannot be used for "
            f"{currency}; add {currency} to its currency_options.",
            param,
        )
