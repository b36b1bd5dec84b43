"""Compares what the sandbox returns with what Stripe's own SDK declares, down to the innermost hash.

Every key must be declared by the SDK's class for the object, or be one that recorded answers have although
the SDK no longer names it (``UNDECLARED``). A key that the class declares without ``Optional`` must be there;
of an object with an id every declared key must be there, but for those that come only sometimes.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import stripe
from stripe._object_classes import OBJECT_CLASSES

Obj = dict[str, Any]

SOMETIMES = {
    "account": set(stripe.Account.__annotations__),
    "card": {
        "account",
        "available_payout_methods",
        "currency",
        "default_for_currency",
        "description",
        "iin",
        "issuer",
        "networks",
        "status",
    },
    "charge": {"refunds", "transfer", "level3"},
    "checkout.session": {"line_items", "shipping", "shipping_details"},
    "coupon": {"applies_to", "currency_options"},
    "customer": {"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"},
    "billing_portal.session": {"flow"},
    "event": {"account", "context", "request"},
    "invoice": {"confirmation_secret", "payments", "id"},
    "invoiceitem": {"frozen_fields"},
    "item": {"adjustable_quantity", "discounts", "metadata", "taxes"},
    "payment_intent": {"amount_details", "payment_details", "source"},
    "plan": {"amount_decimal", "tiers", "billing_scheme", "meter", "usage_type", "transform_usage"},
    "price": {"currency_options", "tiers", "custom_unit_amount"},
    "product": {"provisioning", "identifiers"},
    "promotion_code": set(),
    "refund": set(stripe.Refund.__annotations__),
    "dispute": {
        "network_reason_code",
        "payment_method_details",
        "enhanced_eligibility_types",
        "smart_disputes",
    },
    "setup_intent": {"attach_to_self"},
    "subscription_item": {"quantity"},
    "tax_rate": set(),
    "webhook_endpoint": {"secret"},
}
"""Keys that are there only when expanded, when just created, or with features the sandbox does not have."""

KINDS_OF_METHOD = set(stripe.PaymentMethod._inner_class_types) - {"billing_details", "card"}
SOMETIMES["payment_method"] = KINDS_OF_METHOD | {
    "customer_account",
    "radar_options",
    "shared_payment_granted_token",
}

UNDECLARED: dict[str, set[str]] = {
    "subscription": {"plan", "quantity"},
    "list": {"object", "total_count"},
    "search_result": {"object", "url"},
}
"""Keys that recorded answers have although the SDK does not declare them (facts, section 2.13)."""

FREE = {"metadata", "payload", "previous_attributes"}
"""Hashes whose keys are the caller's."""


def faults_of(body: Any, where: str = "") -> list[str]:
    """Return what is wrong with a body, one line for each fault; nothing when it conforms."""
    return list(_faults(body, None, where))


def _faults(value: Any, cls: type[stripe.StripeObject] | None, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from _faults(entry, cls, where)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("object")
    is_object = isinstance(kind, str) and kind in OBJECT_CLASSES
    if is_object:
        assert isinstance(kind, str)
        where, cls = f"{where} {kind}".strip(), class_of(kind)
        yield from _of_object(value, kind, cls, where)
    elif cls is not None:
        yield from _of_hash(value, cls, where)
    yield from _of_values(value, cls, where)


def _of_values(value: Obj, cls: type[stripe.StripeObject] | None, where: str) -> Iterator[str]:
    inner = cls._inner_class_types if cls else {}
    declared = annotations(cls) if cls else {}
    for key, entry in value.items():
        if key in FREE:
            continue
        if any(word in declared.get(key, "") for word in ("Dict[", "UntypedStripeObject[")):
            for one in (entry or {}).values():
                yield from _faults(one, inner.get(key), f"{where}.{key}[*]")
        else:
            yield from _faults(entry, inner.get(key), f"{where}.{key}")


def _of_object(value: Obj, kind: str, cls: type[stripe.StripeObject], where: str) -> Iterator[str]:
    declared = set(annotations(cls))
    if value.get("deleted") and kind != "discount":
        shown = set(value) - {"id", "object", "deleted", "name"}
        yield from (f"{where}: a deleted object has {key}" for key in sorted(shown))
        return
    for key in sorted(set(value) - declared - UNDECLARED.get(kind, set())):
        yield f"{where}: {key} is not Stripe's"
    expected = declared - SOMETIMES.get(kind, set()) - {"deleted"}
    if kind in ("list", "search_result"):
        expected = {"object", "data", "has_more", "url"}
    for key in sorted(expected - set(value)):
        yield f"{where}: {key} is missing"


def _of_hash(value: Obj, cls: type[stripe.StripeObject], where: str) -> Iterator[str]:
    declared = annotations(cls)
    if not declared:
        return
    for key in sorted(set(value) - set(declared)):
        yield f"{where}: {key} is not Stripe's"
    for key, annotation in declared.items():
        if key not in value and "Optional" not in annotation and "NoneType" not in annotation:
            yield f"{where}: {key} is missing"


@cache
def class_of(kind: str) -> type[stripe.StripeObject]:
    """Return the SDK's class for a value of ``object``."""
    module, name = OBJECT_CLASSES[kind]
    found: type[stripe.StripeObject] = getattr(import_module(module), name)
    return found


def annotations(cls: type[stripe.StripeObject]) -> dict[str, str]:
    """Return the fields that a class declares, with their annotations as text."""
    found = _ANNOTATIONS.get(cls.__qualname__ + cls.__module__)
    if found is None:
        found = {}
        for one in reversed(cls.__mro__):
            if issubclass(one, stripe.StripeObject) and one is not stripe.StripeObject:
                found |= {name: str(annotation) for name, annotation in one.__annotations__.items()}
        found = {name: annotation for name, annotation in found.items() if name[0] not in "_O"}
        _ANNOTATIONS[cls.__qualname__ + cls.__module__] = found
    return found


_ANNOTATIONS: dict[str, dict[str, str]] = {}
