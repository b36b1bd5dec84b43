"""Why a payment did not go through, in words for whoever pays, and what to do about it.

Source of the codes, and of which are not told apart: https://docs.stripe.com/declines/codes
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PaymentProblem:
    """Stripe's code for it, a sentence that says what is wrong, and one that says what to do."""

    code: str
    message: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy}


GENERIC = "card_declined"
CONFIRM = "authentication_required"

_ANOTHER = "Use another card, or ask your bank."
_LATER = "Try again in a few minutes; if it fails once more, use another card."
_ENTER_AGAIN = "Enter the card once more, or use another one."
_BANK_SAYS_NO = ("Your bank declined the card, and gave no reason.", _ANOTHER)
_NO_MONEY = ("There is not enough money on the card.", "Use another card, or try again once there is.")
_LIMIT = ("The card has reached its limit.", "Try again tomorrow, use another card, or ask your bank.")
_CODE = ("The security code of the card is not right.", _ENTER_AGAIN)
_NUMBER = ("The number of the card is not right.", _ENTER_AGAIN)
_EXPIRED = ("The card has expired.", "Use another card, or enter its new expiry date.")
_DATE = ("The expiry date of the card is not right.", _ENTER_AGAIN)
_ADDRESS = ("The billing address is not the one that the bank knows.", _ENTER_AGAIN)
_NOT_NOW = ("The card could not be processed.", _LATER)
_CONFIRM = ("Your bank wants you to confirm this payment.", "Confirm it on the payment page.")
_NOT_FOR_THIS = ("The card cannot be used for this kind of payment.", _ANOTHER)

_SAID: Mapping[str, tuple[str, str]] = {
    CONFIRM: _CONFIRM,
    "payment_intent_authentication_failure": (
        "Your bank did not confirm this payment.",
        "Confirm it on the payment page, or use another card.",
    ),
    "card_not_supported": _NOT_FOR_THIS,
    "card_velocity_exceeded": _LIMIT,
    "currency_not_supported": ("The card cannot pay in this currency.", "Use another card."),
    "expired_card": _EXPIRED,
    "incorrect_address": _ADDRESS,
    "incorrect_cvc": _CODE,
    "incorrect_number": _NUMBER,
    "incorrect_zip": _ADDRESS,
    "insufficient_funds": _NO_MONEY,
    "invalid_account": ("The card, or its account, is not valid.", _ANOTHER),
    "invalid_cvc": _CODE,
    "invalid_expiry_month": _DATE,
    "invalid_expiry_year": _DATE,
    "invalid_number": _NUMBER,
    "issuer_not_available": _NOT_NOW,
    "processing_error": _NOT_NOW,
    "reenter_transaction": _NOT_NOW,
    "transaction_not_allowed": _NOT_FOR_THIS,
    "try_again_later": _NOT_NOW,
    "withdrawal_count_limit_exceeded": _LIMIT,
}
"""Whatever is not here is told as a decline without a reason: also what Stripe asks not to tell whoever holds
the card, such as that it was lost, stolen, or looks like fraud."""

WORDS = frozenset(text for told in (*_SAID.values(), _BANK_SAYS_NO) for text in told)
"""Every sentence that can be told, for whoever says them in another language."""


def payment_problem(intent: Mapping[str, Any]) -> PaymentProblem | None:
    """Return why one of Stripe's payment intents is not paid; ``None`` where nothing is wrong with it."""
    if intent.get("status") == "requires_action":
        return _problem(CONFIRM)
    error = intent.get("last_payment_error")
    if not isinstance(error, Mapping):
        return None
    told = (str(error.get(name) or "") for name in ("decline_code", "code"))
    return _problem(next((code for code in told if code in _SAID), GENERIC))


def _problem(code: str) -> PaymentProblem:
    return PaymentProblem(code, *_SAID.get(code, _BANK_SAYS_NO))
