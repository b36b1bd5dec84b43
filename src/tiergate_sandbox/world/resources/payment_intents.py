"""Payment intents: https://docs.stripe.com/api/payment_intents."""

from typing import Any

from tiergate_sandbox.world.billing import capture, checkout, methods, payments
from tiergate_sandbox.world.billing.collect import Attempt, collect
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    anything,
    boolean,
    choice,
    currency_code,
    integer,
    merged_metadata,
    metadata,
    only_cards,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

URL = "/v1/payment_intents"
_COMMON: dict[str, Param] = {
    "customer": ref(),
    "description": string(1000),
    "metadata": metadata(),
    "payment_method": ref(),
    "receipt_email": string(),
    "setup_future_usage": choice("off_session", "on_session"),
    "shipping": anything(),
    "statement_descriptor": string(22),
}
_CONFIRM: dict[str, Param] = {
    "off_session": boolean(),
    "payment_method": ref(),
    "return_url": string(),
}


def create(draft: Draft, params: Obj) -> Obj | Refusal:
    """Create a payment intent, and confirm it at once if that is wanted."""
    customer = methods.need_customer(draft, params["customer"]) if params.get("customer") else None
    clock = customer["test_clock"] if customer else None
    now = draft.now_on(clock)
    names = (
        "capture_method",
        "confirmation_method",
        "customer",
        "description",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
    )
    values = {name: params[name] for name in names if params.get(name) is not None}
    values["metadata"] = merged_metadata({}, params.get("metadata") or {})
    if params.get("automatic_payment_methods"):
        values["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    intent = payments.new_intent(
        draft, params["amount"], params["currency"].lower(), now, clock=clock, **values
    )
    if params.get("payment_method") is not None:
        method = methods.resolve(draft, params["payment_method"], now)
        intent.update(payment_method=method["id"], status="requires_confirmation")
    return _confirm(draft, intent, params) if params.get("confirm") else intent


def retrieve(draft: Draft, _params: Obj, intent_id: str) -> Obj:
    """Return a payment intent."""
    return draft.need("payment_intent", intent_id, "intent")


def update(draft: Draft, params: Obj, intent_id: str) -> Obj:
    """Change what has not been paid yet."""
    intent = draft.need("payment_intent", intent_id, "intent")
    if intent["status"] in ("succeeded", "canceled") and params.keys() - {"description", "metadata"}:
        raise _unexpected_state(intent, "updated")
    if params.get("customer") is not None:
        methods.need_customer(draft, params["customer"])
    if params.get("payment_method") is not None:
        method = methods.resolve(draft, params.pop("payment_method"), draft.now_for(intent))
        intent.update(payment_method=method["id"], status="requires_confirmation")
    if "metadata" in params:
        params["metadata"] = merged_metadata(intent["metadata"], params["metadata"])
    intent.update(params)
    return intent


def list_all(draft: Draft, params: Obj) -> Obj:
    """List payment intents."""
    by = {"customer": params["customer"]} if params.get("customer") else None
    return page_of(draft, "payment_intent", URL, params, by=by)


def find(draft: Draft, params: Obj) -> Obj:
    """Search payment intents by status, customer, amount and metadata."""
    return search(draft, "payment_intent", f"{URL}/search", params)


def confirm(draft: Draft, params: Obj, intent_id: str) -> Obj | Refusal:
    """Confirm a payment intent: try to pay."""
    return _confirm(draft, draft.need("payment_intent", intent_id, "intent"), params)


def take(draft: Draft, params: Obj, intent_id: str) -> Obj:
    """Capture what a payment intent has been authorized for."""
    intent = draft.need("payment_intent", intent_id, "intent")
    capture.capture(draft, intent, params.get("amount_to_capture"))
    return intent


def cancel(draft: Draft, params: Obj, intent_id: str) -> Obj:
    """Cancel a payment intent that has not been paid."""
    intent = draft.need("payment_intent", intent_id, "intent")
    if intent["status"] in ("succeeded", "canceled") or intent["_"]["invoice"] is not None:
        raise _unexpected_state(intent, "canceled")
    payments.cancel(draft, intent, draft.now_for(intent), params.get("cancellation_reason"))
    return intent


def complete_authentication(draft: Draft, params: Obj, intent_id: str) -> Obj | Refusal:
    """Pass or fail the 3-D Secure step; private to the sandbox's own pages."""
    intent = draft.need("payment_intent", intent_id, "intent")
    if intent["status"] != "requires_action":
        raise _unexpected_state(intent, "authenticated")
    method = draft.the("payment_method", intent["payment_method"])
    if params["outcome"] == "fail":
        return Refusal(payments.fail_authentication(draft, intent, method))
    error = _pay(draft, intent, method, authenticated=True)
    return intent if error is None else Refusal(error)


def _confirm(draft: Draft, intent: Obj, params: Obj) -> Obj | Refusal:
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected_state(intent, "confirmed")
    now = draft.now_for(intent)
    reference = params.get("payment_method") or intent["payment_method"]
    if reference is None:
        raise missing_parameter("payment_method")
    method = methods.resolve(draft, reference, now)
    error = _pay(draft, intent, method, authenticated=False)
    asks = intent["status"] == "requires_action"
    if error is None or (asks and not params.get("off_session")):
        return intent
    return Refusal(error)


def _pay(draft: Draft, intent: Obj, method: Obj, *, authenticated: bool) -> StripeError | None:
    """Pay with the intent, and let the invoice or the checkout session behind it know."""
    now = draft.now_for(intent)
    invoice = draft.get("invoice", intent["_"]["invoice"])
    if invoice is not None:
        return collect(draft, invoice, now, Attempt.BY_HAND, method=method, authenticated=authenticated)
    session = draft.get("checkout.session", intent["_"]["session"])
    if session is not None and authenticated:
        checkout.after_authentication(draft, session, method, intent)
        return None
    outcome = payments.confirm(draft, intent, method, now, authenticated=authenticated)
    customer = draft.get("customer", intent["customer"])
    if outcome.status == "succeeded" and intent["setup_future_usage"] and customer is not None:
        methods.attach(draft, method, customer)
    return outcome.error


def _unexpected_state(intent: Obj, verb: str) -> StripeError:
    return invalid(
        f"This PaymentIntent's status is {intent['status']}, so it cannot be {verb}; create another one if "
        "needed.",
        code="payment_intent_unexpected_state",
    )


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        amount=required(integer(1)),
        automatic_payment_methods=anything(),
        capture_method=choice("automatic", "automatic_async", "manual"),
        confirm=boolean(),
        confirmation_method=choice("automatic", "manual"),
        currency=required(currency_code()),
        off_session=boolean(),
        payment_method_types=only_cards(),
        return_url=string(),
    ),
    route("GET", URL, list_all, **PAGE, created=range_of(), customer=ref()),
    route("GET", f"{URL}/search", find, **SEARCH),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON),
    route("POST", f"{URL}/{{id}}/confirm", confirm, **_CONFIRM),
    route("POST", f"{URL}/{{id}}/capture", take, amount_to_capture=integer(1)),
    route("POST", f"{URL}/{{id}}/cancel", cancel, cancellation_reason=string()),
    route(
        "POST",
        f"{URL}/{{id}}/complete_authentication",
        complete_authentication,
        outcome=required(choice("succeed", "fail")),
    ),
)
