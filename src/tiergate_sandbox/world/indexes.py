"""By which values each kind of object can be found, and at which instants it wants to be woken."""

from collections.abc import Callable
from typing import Any

Obj = dict[str, Any]
Entry = tuple[str, str]

_FIELDS: dict[str, tuple[str, ...]] = {
    "customer": ("email", "test_clock"),
    "card": ("customer",),
    "payment_method": ("customer",),
    "setup_intent": ("customer", "payment_method"),
    "payment_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "product": ("active",),
    "price": ("active", "product", "lookup_key", "type", "currency"),
    "subscription": ("customer", "status", "collection_method", "test_clock"),
    "subscription_schedule": ("customer", "status"),
    "invoice": ("customer", "status", "collection_method", "test_clock"),
    "invoiceitem": ("customer", "invoice", "test_clock"),
    "invoice_payment": ("invoice", "status"),
    "checkout.session": ("customer", "status", "subscription", "payment_intent"),
    "event": ("type",),
    "entitlements.feature": ("lookup_key",),
    "billing.meter": ("event_name", "status"),
    "promotion_code": ("customer",),
    "tax_id": ("customer",),
    "customer_balance_transaction": ("customer",),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "billing_portal.configuration": ("active", "is_default"),
}


def index_entries(obj: Obj) -> tuple[Entry, ...]:
    """Return the values by which the object can be looked up; a deleted object cannot be found at all."""
    if obj.get("deleted"):
        return ()
    kind = obj["object"]
    entries = [(field, text_of(obj[field])) for field in _FIELDS.get(kind, ())]
    special = _SPECIAL.get(kind)
    if special is not None:
        entries += special(obj)
    return tuple(entries)


def is_indexed(kind: str, field: str) -> bool:
    """Tell whether objects of a kind can be found by a field, or by ``metadata.…``."""
    return field in _FIELDS.get(kind, ()) or (field.startswith("metadata.") and kind in _WITH_METADATA)


def text_of(value: Any) -> str:
    """Return the value as it is written in a request, nothing as the empty text."""
    if value is None:
        return ""
    if value is True or value is False:
        return str(value).lower()
    return str(value)


def subscription_of(obj: Obj) -> str | None:
    """Return the subscription that an invoice or an invoice item belongs to."""
    details = (obj["parent"] or {}).get("subscription_details")
    return details["subscription"] if details else None


def _metadata(obj: Obj) -> list[Entry]:
    return [(f"metadata.{key}", value) for key, value in obj["metadata"].items()]


def _subscription(obj: Obj) -> list[Entry]:
    items = [("item", item["id"]) for item in obj["items"]]
    return (
        items
        + [("price", price) for price in {item["price"]: None for item in obj["items"]}]
        + _metadata(obj)
    )


def _invoice(obj: Obj) -> list[Entry]:
    return _owned_by_subscription(obj) + _metadata(obj)


def _owned_by_subscription(obj: Obj) -> list[Entry]:
    return [("subscription", text_of(subscription_of(obj)))]


def _invoice_item(obj: Obj) -> list[Entry]:
    pending = [("pending_of", obj["customer"])] if obj["invoice"] is None else []
    return _owned_by_subscription(obj) + pending


def _invoice_payment(obj: Obj) -> list[Entry]:
    return [("payment_intent", text_of(obj["payment"]["payment_intent"]))]


def _portal_session(obj: Obj) -> list[Entry]:
    return [("token", obj["_"]["token"])]


def _promotion_code(obj: Obj) -> list[Entry]:
    return [("code", obj["code"].lower()), ("coupon", obj["promotion"]["coupon"])]


def _tax_rate(obj: Obj) -> list[Entry]:
    own = obj.get("_") or {}
    return [("automatic", own["automatic"])] if "automatic" in own else []


def _own(name: str) -> Callable[[Obj], list[Entry]]:
    return lambda obj: [(name, obj["_"][name])]


def _meter_event(obj: Obj) -> list[Entry]:
    own = obj["_"]
    return [("identifier", obj["identifier"]), ("usage", f"{own['meter']}/{own['customer']}")]


_SPECIAL: dict[str, Callable[[Obj], list[Entry]]] = {
    "entitlements.active_entitlement": _own("customer"),
    "product_feature": _own("product"),
    "billing.meter_event": _meter_event,
    "promotion_code": _promotion_code,
    "tax_rate": _tax_rate,
    "billing_portal.session": _portal_session,
    "customer": _metadata,
    "product": _metadata,
    "price": _metadata,
    "subscription": _subscription,
    "invoice": _invoice,
    "invoiceitem": _invoice_item,
    "invoice_payment": _invoice_payment,
}

_WITH_METADATA = frozenset({"customer", "invoice", "price", "product", "subscription"})
