"""Giving money back: https://docs.stripe.com/refunds.

The test cards 7726 and 5126 settle later: the first begins as pending and succeeds, the second begins as
succeeded and fails.
"""

from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid
from tiergate_sandbox.world.wording import money

Obj = dict[str, Any]


def refund(draft: Draft, charge: Obj, amount: int | None, now: int, **values: Any) -> Obj:
    """Give back an amount of a charge, or all that is left of it.

    Raises:
        StripeError: ``charge_already_refunded``, or when the amount is more than is left.
    """
    _check(charge, amount)
    left = charge["amount_captured"] - charge["amount_refunded"]
    method = draft.get("payment_method", charge["payment_method"])
    card = cards.of_method(method) if method else None
    later = card is not None and card.name in ("refundAsyncSuccess", "refundAsyncFailure")
    made = blank(
        "refund",
        draft.new_id("re_"),
        amount=left if amount is None else amount,
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        destination_details={
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number"}
            | {"type": "refund"},
            "type": "card",
        },
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status="pending" if card is not None and card.name == "refundAsyncSuccess" else "succeeded",
        **values,
    )
    made["_"].update(
        test_clock=charge["_"]["test_clock"],
        settles_at=now + draft.settings.refund_settles_seconds if later else None,
        fails=card is not None and card.name == "refundAsyncFailure",
    )
    draft.add(made)
    draft.emit("refund.created", made)
    charge["amount_refunded"] += made["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    draft.emit("charge.refunded", charge)
    return made


def settle(draft: Draft, made: Obj, now: int) -> None:
    """Let a refund that was on its way arrive, or fail."""
    made["_"]["settles_at"] = None
    if made["_"]["fails"]:
        made.update(status="failed", failure_reason="expired_or_canceled_card")
        charge = draft.the("charge", made["charge"])
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        draft.emit("refund.failed", made)
    else:
        made["status"] = "succeeded"
    draft.emit("charge.refund.updated", made)


def _check(charge: Obj, amount: int | None) -> None:
    if not charge["paid"]:
        raise invalid(f"Charge {charge['id']} has not been paid, so it cannot be refunded.", "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(message, code="charge_already_refunded", param="charge")
    if charge["disputed"] and not charge["_"].get("inquiry"):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise StripeError(message, code="charge_disputed", param="charge")
    if amount is not None and amount > left:
        raise invalid(
            f"Refund amount ({money(amount, charge['currency'])}) is greater than unrefunded amount on "
            f"charge ({money(left, charge['currency'])})",
            "amount",
        )
