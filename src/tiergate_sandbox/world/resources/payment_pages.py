"""The private routes of the checkout page, which the Stripe CLI uses as well."""

from typing import Any

from tiergate_sandbox.world.billing import checkout, methods, session_totals
from tiergate_sandbox.world.billing.checkout import Payer
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.params import integer, ref, required, string
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/payment_pages"
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def retrieve(draft: Draft, _params: Obj, session_id: str) -> Obj:
    """Return what the page shows: what is bought, what is due now, and whether a card is needed."""
    return _page(draft, draft.need("checkout.session", session_id, "session"))


def confirm(draft: Draft, params: Obj, session_id: str) -> Obj:
    """Submit the page; afterwards the session is complete, or an intent waits for 3-D Secure."""
    session = draft.need("checkout.session", session_id, "session")
    if params.get("promotion_code") is not None and session["status"] == "open":
        session_totals.type_code(draft, session, params["promotion_code"])
    due = checkout.due_now(draft, session)[1] if session["status"] == "open" else 0
    expected = params.get("expected_amount")
    if session["status"] == "open" and expected is not None and expected != due:
        raise invalid(f"The amount due is {due}, not {expected}; reload the page.", "expected_amount")
    method = None
    if params.get("payment_method") is not None:
        method = methods.resolve(draft, params["payment_method"], draft.now_for(session))
    checkout.complete(draft, session, Payer(method, params.get("email"), params.get("name")))
    return _page(draft, session)


def apply_code(draft: Draft, params: Obj, session_id: str) -> Obj:
    """Apply the promotion code that the customer typed; an empty one takes it away."""
    session = draft.need("checkout.session", session_id, "session")
    if session["status"] == "open":
        session_totals.type_code(draft, session, params.get("promotion_code"))
    return _page(draft, session)


def set_address(draft: Draft, params: Obj, session_id: str) -> Obj:
    """Take the billing address that the automatic tax needs; without a country it is asked for again."""
    session = draft.need("checkout.session", session_id, "session")
    if session["status"] == "open":
        address = {name: params.get(name) for name in ADDRESS} if any(params.values()) else None
        session_totals.set_address(draft, session, address)
    return _page(draft, session)


def set_quantity(draft: Draft, params: Obj, session_id: str) -> Obj:
    """Buy more or less of what the session lets the customer adjust."""
    session = draft.need("checkout.session", session_id, "session")
    if session["status"] == "open":
        session_totals.set_quantity(draft, session, params["item"], params["quantity"])
    return _page(draft, session)


def _page(draft: Draft, session: Obj) -> Obj:
    is_open = session["status"] == "open"
    data = session["_"]["data"]
    waiting = _waiting(draft, session)
    return {
        "id": session["id"],
        "object": "payment_page",
        "address": session["_"].get("address"),
        "address_required": is_open and session["automatic_tax"]["status"] == "requires_location_inputs",
        "allow_promotion_codes": bool(session["allow_promotion_codes"]),
        "amount_discount": (session["total_details"] or {}).get("amount_discount", 0),
        "amount_due": checkout.due_now(draft, session)[1] if is_open else 0,
        "amount_subtotal": session["amount_subtotal"],
        "amount_tax": (session["total_details"] or {}).get("amount_tax", 0),
        "billing_address_collection": session["billing_address_collection"],
        "cancel_url": session["cancel_url"],
        "currency": session["currency"],
        "customer": session["customer"],
        "customer_email": (session["customer_details"] or {}).get("email"),
        "line_items": [_item(draft, item) for item in session["_"]["items"]],
        "livemode": False,
        "promotion_code": _typed(draft, session),
        "mode": session["mode"],
        "next_action": waiting["next_action"] if waiting else None,
        "payment_intent": waiting["id"] if waiting and waiting["object"] == "payment_intent" else None,
        "payment_method_required": is_open and checkout.needs_method(draft, session),
        "payment_status": session["payment_status"],
        "return_url": session["return_url"],
        "session_id": session["id"],
        "setup_intent": waiting["id"] if waiting and waiting["object"] == "setup_intent" else None,
        "status": session["status"],
        "submit_message": ((session["custom_text"] or {}).get("submit") or {}).get("message") or "",
        "subscription": session["subscription"],
        "success_url": session["success_url"],
        "trial_end": data.get("trial_end"),
        "trial_period_days": data.get("trial_period_days"),
    }


def _typed(draft: Draft, session: Obj) -> str | None:
    """Return the text of the promotion code that is applied."""
    applied = session["discounts"][0]["promotion_code"] if session["discounts"] else None
    return draft.glance("promotion_code", applied)["code"] if applied else None


def _waiting(draft: Draft, session: Obj) -> Obj | None:
    """Return the intent that waits for 3-D Secure."""
    intent_id = session["_"].get("waiting")
    return draft.get("payment_intent", intent_id) or draft.get("setup_intent", intent_id)


def _item(draft: Draft, item: Obj) -> Obj:
    price = draft.glance("price", item["price"])
    shown = {name: value for name, value in item.items() if name != "_"}
    shown["adjustable_quantity"] = item["_"]["adjustable"]
    return {**shown, "price": {name: value for name, value in price.items() if name != "_"}}


ROUTES = (
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}/confirm",
        confirm,
        email=string(),
        expected_amount=integer(0),
        name=string(),
        payment_method=ref(),
        promotion_code=string(),
    ),
    route(
        "POST", f"{URL}/{{id}}/quantity", set_quantity, item=required(ref()), quantity=required(integer(0))
    ),
    route("POST", f"{URL}/{{id}}/address", set_address, **dict.fromkeys(ADDRESS, string())),
    route("POST", f"{URL}/{{id}}/promotion_code", apply_code, promotion_code=string()),
)
