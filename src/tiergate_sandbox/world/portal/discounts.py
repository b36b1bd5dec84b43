"""Discounts on the portal's pages: promotion codes, and coupons that are offered for staying.

https://docs.stripe.com/customer-management/portal-deep-links
"""

from typing import Any

from tiergate_sandbox.world.billing import redeeming
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.resources import subscriptions

Obj = dict[str, Any]


def asked_for(draft: Draft, session: Obj, configuration: Obj, sub: Obj, params: Obj) -> list[Obj]:
    """Return the discounts that come with a change: of a typed promotion code, or of the session's flow.

    Raises:
        StripeError: when the code is unknown, or when the configuration takes none.
    """
    text = params.pop("promotion_code", None)
    if text is not None:
        allowed = configuration["features"]["subscription_update"]["default_allowed_updates"]
        code = redeeming.code_named(draft, text) if "promotion_code" in allowed else None
        if code is None:
            raise invalid("This promotion code is invalid.", "promotion_code")
        return _not_yet_had(draft, sub, [{"promotion_code": code["id"]}])
    flow = session["flow"] or {"type": None}
    confirmed = flow["subscription_update_confirm"] if flow["type"] == "subscription_update_confirm" else None
    if confirmed is None or confirmed["subscription"] != sub["id"]:
        return []
    offered = [{name: value for name, value in one.items() if value} for one in confirmed["discounts"]]
    return _not_yet_had(draft, sub, offered)


def retain(draft: Draft, session: Obj, sub: Obj) -> None:
    """Give a subscription the coupon that the session's flow offers for staying, once."""
    flow = session["flow"]
    offer = flow["subscription_cancel"] if flow and flow["type"] == "subscription_cancel" else None
    if offer is None or offer["retention"] is None or offer["subscription"] != sub["id"]:
        raise invalid("This portal session offers no coupon.", "subscription")
    coupon = offer["retention"]["coupon_offer"]["coupon"]
    for added in _not_yet_had(draft, sub, [{"coupon": coupon}]):
        subscriptions.update(draft, {"discounts": with_kept(sub, [added])}, sub["id"])


def with_kept(sub: Obj, added: list[Obj]) -> list[Obj]:
    """Return the discounts that a subscription has, and some more."""
    return [{"discount": discount} for discount in sub["discounts"]] + added


def _not_yet_had(draft: Draft, sub: Obj, wanted: list[Obj]) -> list[Obj]:
    """Leave out what is at work already, so that a form that is sent twice gives its discount once."""
    had = [draft.glance("discount", discount) for discount in sub["discounts"]]
    coupons = {one["source"]["coupon"] for one in had}
    codes = {one["promotion_code"] for one in had}
    return [one for one in wanted if not _is_in(one, coupons, codes)]


def _is_in(wanted: Obj, coupons: set[str], codes: set[str | None]) -> bool:
    if wanted.get("promotion_code") is not None:
        return wanted["promotion_code"] in codes
    return wanted.get("coupon") in coupons
