"""Authorizing a payment now and capturing it later: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid

Obj = dict[str, Any]


def authorize(draft: Draft, intent: Obj, charge: Obj) -> None:
    """Hold the amount on the card; nothing is received yet."""
    charge.update(status="succeeded", paid=True, captured=False)
    intent.update(status="requires_capture", amount_capturable=intent["amount"], last_payment_error=None)
    draft.emit("charge.succeeded", charge)
    draft.emit("payment_intent.amount_capturable_updated", intent)


def capture(draft: Draft, intent: Obj, amount: int | None) -> None:
    """Take what was held, or a part of it; the rest is released.

    Raises:
        StripeError: nothing is held, or less than the amount.
    """
    if intent["status"] != "requires_capture":
        raise invalid(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            code="payment_intent_unexpected_state",
        )
    held = intent["amount_capturable"]
    taken = held if amount is None else amount
    if taken > held:
        raise invalid(
            f"The amount {taken} is more than the amount that can be captured, {held}; capture that or less.",
            "amount_to_capture",
            "amount_too_large",
        )
    charge = draft.the("charge", intent["latest_charge"])
    charge.update(captured=True, amount_captured=taken, amount_refunded=held - taken)
    intent.update(status="succeeded", amount_received=taken, amount_capturable=0)
    draft.emit("charge.captured", charge)
    draft.emit("payment_intent.succeeded", intent)
