"""From what a handler returns to the body of the answer: rendered, expanded, in the caller's version.

https://docs.stripe.com/api/expanding_objects
"""

from collections.abc import Callable, Sequence
from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.ids import kind_of
from tiergate_sandbox.world.render import list_object, rendered
from tiergate_sandbox.world.store import decode, encode
from tiergate_sandbox.world.versions import shaped

Obj = dict[str, Any]

DEEPEST = 4

_NAMED_BY_KEY = {"coupon": "coupon", "product": "product"}
"""Fields that hold ids which their owners choose, so that no prefix tells the kind."""
PORTAL = "billing_portal.configuration"
PORTAL_PRODUCTS = "features.subscription_update.products"


def presented(draft: Draft, found: Obj, version: str, expand: Sequence[str] = ()) -> Obj:
    """Return the body for an object or a list of objects.

    Raises:
        StripeError: when a path in ``expand`` leads to nothing that can be expanded.
    """
    if found.get("object") in ("list", "search_result"):
        body = {**found, "data": [_shown(draft, obj, version) for obj in found["data"]]}
    else:
        body = _shown(draft, found, version)
    for path in expand:
        segments = path.split(".")
        if len(segments) > DEEPEST:
            raise invalid(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand"
            )
        _expand(draft, body, segments, version)
    return body


def _shown(draft: Draft, obj: Obj, version: str) -> Obj:
    if "object" not in obj:
        return obj
    return shaped(decode(encode(rendered(draft, obj))), version, draft.glance)


def _expand(draft: Draft, value: Any, segments: Sequence[str], version: str) -> None:
    if not segments or value is None:
        return
    if isinstance(value, list):
        for entry in value:
            _expand(draft, entry, segments, version)
        return
    key, rest = segments[0], segments[1:]
    if not isinstance(value, dict):
        raise _cannot_be_expanded(key)
    if (value.get("object"), ".".join(segments)) == (PORTAL, PORTAL_PRODUCTS):
        _include_portal_products(draft, value)
        return
    if key not in value:
        include = INCLUDABLE.get((value.get("object", ""), key))
        if include is None:
            raise _cannot_be_expanded(key)
        included = include(draft, value["id"])
        value[key] = presented(draft, included, version) if isinstance(included, dict) else included
    elif isinstance(value[key], str):
        value[key] = _loaded(draft, key, value[key], version)
    elif isinstance(value[key], list):
        value[key] = [
            _loaded(draft, key, one, version) if isinstance(one, str) else one for one in value[key]
        ]
    _expand(draft, value[key], rest, version)


def _loaded(draft: Draft, key: str, object_id: str, version: str) -> Obj:
    kind = _NAMED_BY_KEY.get(key) or kind_of(object_id)
    if kind is None or key == "id":
        raise _cannot_be_expanded(key)
    return _shown(draft, draft.glance(kind, object_id), version)


def _cannot_be_expanded(key: str) -> Exception:
    return invalid(
        f"This property cannot be expanded ({key}). You may want to try expanding another property of the "
        "object.",
        "expand",
    )


def _include_portal_products(draft: Draft, configuration: Obj) -> None:
    whole = draft.glance(PORTAL, configuration["id"])["features"]["subscription_update"]
    configuration["features"]["subscription_update"]["products"] = whole["products"]


def _payments(draft: Draft, invoice_id: str) -> Obj:
    return list_object(draft.find("invoice_payment", "invoice", invoice_id), "/v1/invoices/payments")


def _confirmation_secret(draft: Draft, invoice_id: str) -> Obj | None:
    invoice = draft.get("invoice", invoice_id)
    intent = invoice["_"]["payment_intent"] if invoice else None
    if intent is None:
        return None
    return {
        "client_secret": draft.glance("payment_intent", intent)["client_secret"],
        "type": "payment_intent",
    }


def _session_items(draft: Draft, session_id: str) -> Obj:
    items = draft.glance("checkout.session", session_id)["_"]["items"]
    return list_object(items, f"/v1/checkout/sessions/{session_id}/line_items")


def _currency_options(draft: Draft, price_id: str) -> Obj:
    options: Obj = draft.glance("price", price_id)["_"]["currency_options"]
    return options


def _subscriptions(draft: Draft, customer_id: str) -> Obj:
    live = [sub for sub in draft.find("subscription", "customer", customer_id) if sub["status"] != "canceled"]
    return list_object(live[::-1], f"/v1/customers/{customer_id}/subscriptions")


def _refunds(draft: Draft, charge_id: str) -> Obj:
    found = draft.find("refund", "charge", charge_id)
    return list_object(found[::-1], f"/v1/charges/{charge_id}/refunds")


def _tiers(draft: Draft, price_id: str) -> list[Obj] | None:
    found: list[Obj] | None = draft.glance("price", price_id)["_"]["tiers"]
    return found


def _tax_ids(draft: Draft, customer_id: str) -> Obj:
    found = draft.find("tax_id", "customer", customer_id)
    return list_object(found[::-1], f"/v1/customers/{customer_id}/tax_ids")


def _applies_to(draft: Draft, coupon_id: str) -> Obj | None:
    products = draft.glance("coupon", coupon_id)["_"]["products"]
    return {"products": products} if products else None


def _coupon_options(draft: Draft, coupon_id: str) -> Obj:
    options: Obj = draft.glance("coupon", coupon_id)["_"]["currency_options"]
    return options


INCLUDABLE: dict[tuple[str, str], Callable[[Draft, str], Obj | list[Obj] | None]] = {
    ("invoice", "payments"): _payments,
    ("invoice", "confirmation_secret"): _confirmation_secret,
    ("checkout.session", "line_items"): _session_items,
    ("price", "currency_options"): _currency_options,
    ("price", "tiers"): _tiers,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax_ids"): _tax_ids,
    ("charge", "refunds"): _refunds,
    ("coupon", "applies_to"): _applies_to,
    ("coupon", "currency_options"): _coupon_options,
}
