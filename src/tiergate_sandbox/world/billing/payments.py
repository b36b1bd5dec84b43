"""Payment intents and charges: https://docs.stripe.com/payments/paymentintents/lifecycle."""

from dataclasses import dataclass
from typing import Any, Literal

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing.capture import authorize
from tiergate_sandbox.world.billing.methods import card_details
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.cards import Decline
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt to pay; ``error`` is the refusal for whoever asked for it."""

    status: Literal["succeeded", "requires_action", "declined"]
    error: StripeError | None = None


def new_intent(
    draft: Draft,
    amount: int,
    currency: str,
    now: int,
    *,
    clock: str | None,
    invoice: str | None = None,
    **values: Any,
) -> Obj:
    """Return a new payment intent that nobody has tried to pay yet."""
    intent_id = draft.new_id("pi_")
    secret = draft.new_id("secret_")
    intent = blank("payment_intent", intent_id, amount=amount, currency=currency, created=now, **values)
    intent["client_secret"] = f"{intent_id}_{secret}"
    intent["_"].update(test_clock=clock, invoice=invoice)
    draft.add(intent)
    draft.emit("payment_intent.created", intent)
    return intent


def confirm(draft: Draft, intent: Obj, method: Obj, now: int, *, authenticated: bool = False) -> Outcome:
    """Try to pay with a payment method; ``authenticated`` says that 3-D Secure has been passed."""
    card = cards.of_method(method)
    intent["payment_method"] = method["id"]
    wants_authentication = card.authentication == "always" or (
        card.authentication == "unless_set_up" and not method["_"]["set_up"]
    )
    if wants_authentication and not authenticated:
        return _ask_for_authentication(draft, intent, method)
    intent["next_action"] = None
    if card.decline is not None:
        return _declined(draft, intent, method, card.decline, now)
    charge = _charge(draft, intent, method, now)
    if card.name in cards.DISPUTE_REASONS:
        charge["_"]["dispute_at"] = now
    if intent["capture_method"] == "manual":
        authorize(draft, intent, charge)
        return Outcome("succeeded")
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=intent["amount"])
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    draft.emit("charge.succeeded", charge)
    draft.emit("payment_intent.succeeded", intent)
    return Outcome("succeeded")


def fail_authentication(draft: Draft, intent: Obj, method: Obj) -> StripeError:
    """Note that the customer failed 3-D Secure, and return the error that says so."""
    decline = Decline(
        "payment_intent_authentication_failure",
        None,
        "We are unable to authenticate your payment method. Please choose a different payment method and "
        "try again.",
        None,
    )
    return _refuse(draft, intent, method, decline, None)


def cancel(draft: Draft, intent: Obj, now: int, reason: str | None = None) -> None:
    """Cancel a payment intent that has not been paid."""
    if intent["status"] in ("succeeded", "canceled"):
        return
    intent.update(status="canceled", canceled_at=now, cancellation_reason=reason, next_action=None)
    draft.emit("payment_intent.canceled", intent)


def _ask_for_authentication(draft: Draft, intent: Obj, method: Obj) -> Outcome:
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    draft.emit("payment_intent.requires_action", intent)
    error = cards.AUTHENTICATION_REQUIRED.error(payment_intent=intent, payment_method=method)
    return Outcome("requires_action", error)


def _declined(draft: Draft, intent: Obj, method: Obj, decline: Decline, now: int) -> Outcome:
    charge = _charge(draft, intent, method, now)
    charge.update(status="failed", failure_code=decline.code, failure_message=decline.message)
    charge["outcome"] = {
        "advice_code": decline.advice,
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    draft.emit("charge.failed", charge)
    return Outcome("declined", _refuse(draft, intent, method, decline, charge["id"]))


def _refuse(draft: Draft, intent: Obj, method: Obj, decline: Decline, charge_id: str | None) -> StripeError:
    error = decline.error(charge=charge_id, payment_method=method)
    intent["last_payment_error"] = {
        **{name: value for name, value in error.body(None)["error"].items() if name != "payment_method"},
        "payment_method": {name: value for name, value in method.items() if name != "_"},
    }
    intent.update(status="requires_payment_method", payment_method=None, next_action=None)
    draft.emit("payment_intent.payment_failed", intent)
    error.details["payment_intent"] = intent
    return error


def _charge(draft: Draft, intent: Obj, method: Obj, now: int) -> Obj:
    charge = blank(
        "charge",
        draft.new_id("ch_"),
        amount=intent["amount"],
        currency=intent["currency"],
        created=now,
        customer=intent["customer"],
        description=intent["description"],
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=card_details(method),
        billing_details=method["billing_details"],
        shipping=intent["shipping"],
        outcome={
            "advice_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
    )
    charge["_"] = {"test_clock": intent["_"]["test_clock"], "invoice": intent["_"]["invoice"]}
    intent["latest_charge"] = charge["id"]
    return draft.add(charge)
