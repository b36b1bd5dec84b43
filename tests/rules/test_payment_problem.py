"""Why a payment did not go through: each reason in words, and what to do about it."""

from typing import Any

import pytest

from tiergate.rules.payment_problem import GENERIC, payment_problem

UNPAID = "requires_payment_method"


def intent(code: str | None = None, decline_code: str | None = None, status: str = UNPAID) -> dict[str, Any]:
    """A payment intent of Stripe's, as far as it matters here."""
    error = {"code": code, "decline_code": decline_code} if code else None
    return {"status": status, "last_payment_error": error}


@pytest.mark.parametrize(
    ("of", "code", "message", "remedy"),
    [
        (intent("card_declined", "insufficient_funds"), "insufficient_funds", "not enough money", "another"),
        (intent("expired_card"), "expired_card", "has expired", "another card"),
        (intent("incorrect_cvc"), "incorrect_cvc", "security code", "once more"),
        (intent("card_declined", "card_velocity_exceeded"), "card_velocity_exceeded", "limit", "tomorrow"),
        (intent("processing_error"), "processing_error", "could not be processed", "a few minutes"),
        (intent("incorrect_number"), "incorrect_number", "number", "once more"),
        (intent("card_declined", "currency_not_supported"), "currency_not_supported", "currency", "another"),
        (intent("authentication_required"), "authentication_required", "confirm", "payment page"),
        (intent(status="requires_action"), "authentication_required", "confirm", "payment page"),
        (
            intent("payment_intent_authentication_failure"),
            "payment_intent_authentication_failure",
            "did not confirm",
            "another card",
        ),
    ],
)
def test_each_reason_is_told(of: dict[str, Any], code: str, message: str, remedy: str) -> None:
    """The more exact of Stripe's codes is told in words that whoever pays understands."""
    found = payment_problem(of)
    assert found
    assert found.code == code
    assert message in found.message
    assert remedy in found.remedy
    assert found.as_json() == {"code": code, "message": found.message, "remedy": found.remedy}


@pytest.mark.parametrize("decline", ["lost_card", "stolen_card", "fraudulent", "generic_decline", "new_code"])
def test_some_reasons_are_not_told_apart(decline: str) -> None:
    """That a card was lost, stolen, or looks like fraud is not told to whoever holds it."""
    found = payment_problem(intent("card_declined", decline))
    assert found
    assert found == payment_problem(intent("card_declined"))
    assert (found.code, "bank" in found.remedy) == (GENERIC, True)


def test_nothing_is_wrong() -> None:
    """A payment that was made, or that nobody has tried yet, has no problem."""
    assert payment_problem(intent(status="succeeded")) is None
    assert payment_problem({}) is None
