"""By which values each kind of object can be found, and at which instants it wants to be woken."""

from typing import Any

Obj = dict[str, Any]
Entry = tuple[str, str]

_FIELDS: dict[str, tuple[str, ...]] = {
    "customer": ("email", "test_clock"),
    "payment_method": ("customer",),
    "setup_intent": ("customer", "payment_method"),
    "payment_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "product": ("active",),
    "price": ("active", "product", "lookup_key", "type", "currency"),
    "subscription": ("customer", "status", "collection_method", "test_clock"),
    "invoice": ("customer", "status", "collection_method", "test_clock"),
    "invoiceitem": ("customer", "invoice", "test_clock"),
    "invoice_payment": ("invoice", "status"),
    "checkout.session": ("customer", "status", "subscription", "payment_intent"),
    "event": ("type",),
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


def _owned_by_subscription(obj: Obj) -> list[Entry]:
    return [("subscription", text_of(subscription_of(obj)))]


def _invoice_item(obj: Obj) -> list[Entry]:
    pending = [("pending_of", obj["customer"])] if obj["invoice"] is None else []
    return _owned_by_subscription(obj) + pending


def _invoice_payment(obj: Obj) -> list[Entry]:
    return [("payment_intent", text_of(obj["payment"]["payment_intent"]))]


_SPECIAL = {
    "customer": _metadata,
    "product": _metadata,
    "price": _metadata,
    "subscription": _subscription,
    "invoice": _owned_by_subscription,
    "invoiceitem": _invoice_item,
    "invoice_payment": _invoice_payment,
}
