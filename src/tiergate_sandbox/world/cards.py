"""The test cards: numbers, ``pm_card_…`` and ``tok_…`` names, and how each behaves.

https://docs.stripe.com/testing
"""

from dataclasses import dataclass
from typing import Any, Literal

from tiergate_sandbox.world.errors import StripeError, invalid

Authentication = Literal["never", "always", "unless_set_up"]


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a card is refused; ``code`` and ``decline_code`` as in https://docs.stripe.com/declines/codes."""

    code: str
    decline_code: str | None
    message: str
    advice: str | None = "try_again_later"

    def error(self, **details: Any) -> StripeError:
        """Return the 402 that tells the caller."""
        said = {
            "decline_code": self.decline_code,
            "advice_code": self.advice,
            "network_decline_code": "01",
            **details,
        }
        told = {key: value for key, value in said.items() if value is not None}
        return StripeError(
            self.message, status=402, type="card_error", code=self.code, param="", details=told
        )


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", "Your card was declined.", "do_not_try_again")
STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.", "do_not_try_again")
EXPIRED = Decline("expired_card", None, "Your card has expired.", "do_not_try_again")
INCORRECT_CVC = Decline("incorrect_cvc", None, "Your card's security code is incorrect.", "confirm_card_data")
PROCESSING_ERROR = Decline(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    None,
)

DISPUTE_REASONS = {
    "createDispute": "fraudulent",
    "createDisputeInquiry": "fraudulent",
    "createDisputeProductNotReceived": "product_not_received",
}
"""Cards whose charges are disputed afterwards, and why
(https://docs.stripe.com/testing#disputes)."""

HARD_DECLINES = frozenset(
    {
        "authentication_required",
        "highest_risk_level",
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    }
)
"""Declines that are not retried until there is another card
(https://docs.stripe.com/billing/revenue-recovery/smart-retries)."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card that behaves the same way every time."""

    number: str
    name: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True
    authentication: Authentication = "never"


def _declined(number: str, suffix: str, decline: Decline) -> Card:
    return Card(number, suffix, decline=decline, attaches=False)


_CARDS = (
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", brand="mastercard"),
    Card("5200828282828210", "mastercard_debit", brand="mastercard", funding="debit"),
    Card("5105105105105100", "mastercard_prepaid", brand="mastercard", funding="prepaid"),
    Card("378282246310005", "amex", brand="amex"),
    Card("6011111111111117", "discover", brand="discover"),
    Card("3056930009020004", "diners", brand="diners"),
    Card("3566002020360505", "jcb", brand="jcb"),
    Card("6200000000000005", "unionpay", brand="unionpay"),
    Card("4000002760000016", "de", country="DE"),
    Card("4000002500000003", "fr", country="FR"),
    Card("4000008260000000", "gb", country="GB"),
    Card("4000000000000077", "bypassPending"),
    Card("4000000000000259", "createDispute"),
    Card("4000000000002685", "createDisputeProductNotReceived"),
    Card("4000000000001976", "createDisputeInquiry"),
    Card("4000000000005423", "createIssuerFraudRecord"),
    Card("4000000000007726", "refundAsyncSuccess"),
    Card("4000000000005126", "refundAsyncFailure"),
    _declined("4000000000000002", "chargeDeclined", GENERIC),
    _declined("4000000000009995", "chargeDeclinedInsufficientFunds", INSUFFICIENT_FUNDS),
    _declined("4000000000009987", "chargeDeclinedLostCard", LOST),
    _declined("4000000000009979", "chargeDeclinedStolenCard", STOLEN),
    _declined("4000000000000069", "chargeDeclinedExpiredCard", EXPIRED),
    _declined("4000000000000127", "chargeDeclinedIncorrectCvc", INCORRECT_CVC),
    _declined("4000000000000119", "chargeDeclinedProcessingError", PROCESSING_ERROR),
    _declined("4000000000006975", "chargeDeclinedVelocityLimitExceeded", VELOCITY),
    Card("4000000000000341", "chargeCustomerFail", decline=GENERIC),
    Card("4000002500003155", "authenticationRequiredOnSetup", country="FR", authentication="unless_set_up"),
    Card("4000002760003184", "authenticationRequired", country="DE", authentication="always"),
    Card("4000003800000446", "authenticationRequiredSetupForOffSession"),
    Card(
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        country="GB",
        decline=INSUFFICIENT_FUNDS,
        authentication="unless_set_up",
    ),
    Card("4000000000003063", "threeDSecure2Required", authentication="always"),
)

BY_NUMBER = {card.number: card for card in _CARDS}
_BY_NAME = {card.name: card for card in _CARDS}
_ALSO_KNOWN_AS = {
    "us": "visa",
    "visa_chargeDeclined": "chargeDeclined",
    "visa_chargeDeclinedInsufficientFunds": "chargeDeclinedInsufficientFunds",
    "visa_chargeDeclinedLostCard": "chargeDeclinedLostCard",
    "visa_chargeDeclinedStolenCard": "chargeDeclinedStolenCard",
    "visa_chargeDeclinedExpiredCard": "chargeDeclinedExpiredCard",
    "visa_chargeDeclinedIncorrectCvc": "chargeDeclinedIncorrectCvc",
    "visa_chargeDeclinedProcessingError": "chargeDeclinedProcessingError",
    "visa_chargeDeclinedVelocityLimitExceeded": "chargeDeclinedVelocityLimitExceeded",
    "threeDSecureRequired": "threeDSecure2Required",
}


def named(reference: str) -> Card | None:
    """Return the card that ``pm_card_visa`` or ``tok_visa`` means, or None when it is no such name."""
    for prefix in ("pm_card_", "tok_"):
        if reference.startswith(prefix):
            name = reference.removeprefix(prefix)
            return _BY_NAME.get(_ALSO_KNOWN_AS.get(name, name))
    return None


def numbered(number: str) -> Card:
    """Return the card with a number.

    Raises:
        StripeError: 402 ``incorrect_number`` for a mistyped number, ``card_declined`` for a real one.
    """
    digits = number.replace(" ", "").replace("-", "")
    card = BY_NUMBER.get(digits)
    if card is not None:
        return card
    if not digits.isdigit() or not 12 <= len(digits) <= 19 or not _passes_luhn(digits):
        raise StripeError(
            "Your card number is incorrect.",
            status=402,
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    raise StripeError(
        "Your card was declined. Your request was in test mode, but used a non test card. "
        "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
        status=402,
        type="card_error",
        code="card_declined",
        param="",
        details={"decline_code": "test_mode_live_card"},
    )


def check_expiry(month: int, year: int, current_year: int, current_month: int) -> int:
    """Return the four-digit expiry year of a card.

    Raises:
        StripeError: when the month does not exist or the card has expired.
    """
    full = year + 2000 if year < 100 else year
    if not 1 <= month <= 12:
        raise _expiry("Your card's expiration month is invalid.", "exp_month")
    if not current_year <= full <= current_year + 50:
        raise _expiry("Your card's expiration year is invalid.", "exp_year")
    if (full, month) < (current_year, current_month):
        raise _expiry("Your card's expiration month is invalid.", "exp_month")
    return full


def of_method(method: dict[str, Any]) -> Card:
    """Return the test card behind a payment method."""
    card = BY_NUMBER.get(method["_"]["card"])
    if card is None:
        raise invalid("The payment method is not a card; use a test card.", "payment_method")
    return card


def _expiry(message: str, param: str) -> StripeError:
    code = param.replace("exp", "invalid_expiry")
    return StripeError(message, status=402, type="card_error", code=code, param=param)


def _passes_luhn(digits: str) -> bool:
    weighed = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(digits[::-1]))
    return sum(weighed) % 10 == 0
