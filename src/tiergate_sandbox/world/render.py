"""From the stored form of an object to the one that Stripe shows.

Stored objects have Stripe's names and values, but hold what they contain plainly (a subscription its items,
an invoice its lines) and name a price by its id, so that a renamed price shows its new name everywhere. What
the world keeps for itself lies under the key ``_``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tiergate_sandbox.world.validity import is_active, is_valid

if TYPE_CHECKING:
    from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]

INLINE_LINES = 10


def rendered(draft: "Draft", obj: Obj) -> Obj:
    """Return a copy of the object in Stripe's newest shape, still with what lies under ``_``."""
    render = None if obj.get("deleted") else _RENDERERS.get(obj["object"])
    return dict(obj) if render is None else render(draft, obj)


def _customer(draft: "Draft", customer: Obj) -> Obj:
    discount = customer["discount"]
    return {**customer, "discount": _plain(draft.glance("discount", discount)) if discount else None}


def _coupon(draft: "Draft", coupon: Obj) -> Obj:
    return {**coupon, "valid": is_valid(coupon, draft.now_on(None))}


def _promotion_code(draft: "Draft", code: Obj) -> Obj:
    coupon = draft.glance("coupon", code["promotion"]["coupon"])
    return {**code, "active": is_active(code, coupon, draft.now_on(None))}


def _product_feature(draft: "Draft", one: Obj) -> Obj:
    return {**one, "entitlement_feature": draft.glance("entitlements.feature", one["entitlement_feature"])}


def _meter_event(_draft: "Draft", event: Obj) -> Obj:
    return {key: value for key, value in event.items() if key != "id"}


def _session_item(draft: "Draft", item: Obj) -> Obj:
    return {**item, "price": _price(draft, item["price"])}


def _portal_configuration(configuration: Obj) -> Obj:
    """Leave out the products, which are shown only when asked for."""
    update = {
        key: value
        for key, value in configuration["features"]["subscription_update"].items()
        if key != "products"
    }
    return {**configuration, "features": {**configuration["features"], "subscription_update": update}}


def list_object(data: list[Obj], url: str, *, has_more: bool = False, total: int | None = None) -> Obj:
    """Return a list as the API returns it (https://docs.stripe.com/api/pagination)."""
    page: Obj = {"object": "list", "data": data, "has_more": has_more, "url": url}
    if total is not None:
        page["total_count"] = total
    return page


def subscription_item(draft: "Draft", item: Obj) -> Obj:
    """Return a subscription item with its price, and the plan that older integrations read."""
    shown = {key: value for key, value in item.items() if key != "_"}
    shown["price"] = _price(draft, item["price"])
    shown["plan"] = plan_of(shown["price"])
    if shown["plan"]["usage_type"] == "metered":
        del shown["quantity"]
    return shown


def _price(draft: "Draft", price_id: str) -> Obj:
    return {key: value for key, value in draft.glance("price", price_id).items() if key != "_"}


def plan_of(price: Obj) -> Obj:
    """Return a recurring price in the words of https://docs.stripe.com/api/plans/object."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


def _plain(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key != "_"}


def _subscription(draft: "Draft", sub: Obj) -> Obj:
    items = [subscription_item(draft, item) for item in sub["items"]]
    url = f"/v1/subscription_items?subscription={sub['id']}"
    shown = {**sub, "items": list_object(items, url, total=len(items))}
    if sub["pending_update"] is not None and sub["pending_update"]["subscription_items"] is not None:
        waiting = [subscription_item(draft, item) for item in sub["pending_update"]["subscription_items"]]
        shown["pending_update"] = {**sub["pending_update"], "subscription_items": waiting}
    single = items[0] if len(items) == 1 else None
    shown["plan"] = single["plan"] if single else None
    shown["quantity"] = single.get("quantity") if single else None
    return shown


def _invoice(invoice: Obj) -> Obj:
    lines = invoice["lines"]
    url = f"/v1/invoices/{invoice.get('id', 'upcoming')}/lines"
    more = len(lines) > INLINE_LINES
    return {**invoice, "lines": list_object(lines[:INLINE_LINES], url, has_more=more, total=len(lines))}


def _invoice_item(item: Obj) -> Obj:
    details = item["proration_details"]
    if not details or not details["credited_items"]:
        return dict(item)
    credited = {"type": "invoice_line_items", "invoice_line_item_details": details["credited_items"]}
    return {**item, "proration_details": {**details, "credited_items": {"invoice_item": None, **credited}}}


_RENDERERS: dict[str, Callable[["Draft", Obj], Obj]] = {
    "billing_portal.configuration": lambda _draft, obj: _portal_configuration(obj),
    "coupon": _coupon,
    "customer": _customer,
    "invoice": lambda _draft, obj: _invoice(obj),
    "invoiceitem": lambda _draft, obj: _invoice_item(obj),
    "item": _session_item,
    "billing.meter_event": _meter_event,
    "product_feature": _product_feature,
    "promotion_code": _promotion_code,
    "subscription": _subscription,
    "subscription_item": subscription_item,
}
