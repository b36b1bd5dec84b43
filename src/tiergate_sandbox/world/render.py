"""From the stored form of an object to the one that Stripe shows.

Stored objects have Stripe's names and values, but hold what they contain plainly (a subscription its items,
an invoice its lines) and name a price by its id, so that a renamed price shows its new name everywhere. What
the world keeps for itself lies under the key ``_``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]

INLINE_LINES = 10


def rendered(draft: "Draft", obj: Obj) -> Obj:
    """Return a copy of the object in Stripe's newest shape, still with what lies under ``_``."""
    kind = obj["object"]
    if obj.get("deleted"):
        return dict(obj)
    if kind == "subscription":
        return _subscription(draft, obj)
    if kind == "subscription_item":
        return subscription_item(draft, obj)
    if kind == "invoice":
        return _invoice(obj)
    return dict(obj)


def list_object(data: list[Obj], url: str, *, has_more: bool = False, total: int | None = None) -> Obj:
    """Return a list as the API returns it (https://docs.stripe.com/api/pagination)."""
    page: Obj = {"object": "list", "data": data, "has_more": has_more, "url": url}
    if total is not None:
        page["total_count"] = total
    return page


def subscription_item(draft: "Draft", item: Obj) -> Obj:
    """Return a subscription item with its price, and the plan that older integrations read."""
    price = draft.glance("price", item["price"])
    shown = {key: value for key, value in item.items() if key != "_"}
    shown["plan"] = plan_of(price)
    shown["price"] = {key: value for key, value in price.items() if key != "_"}
    return shown


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
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


def _subscription(draft: "Draft", sub: Obj) -> Obj:
    items = [subscription_item(draft, item) for item in sub["items"]]
    url = f"/v1/subscription_items?subscription={sub['id']}"
    shown = {**sub, "items": list_object(items, url, total=len(items))}
    single = items[0] if len(items) == 1 else None
    shown["plan"] = single["plan"] if single else None
    shown["quantity"] = single["quantity"] if single else None
    return shown


def _invoice(invoice: Obj) -> Obj:
    lines = invoice["lines"]
    url = f"/v1/invoices/{invoice.get('id', 'upcoming')}/lines"
    more = len(lines) > INLINE_LINES
    return {**invoice, "lines": list_object(lines[:INLINE_LINES], url, has_more=more, total=len(lines))}
