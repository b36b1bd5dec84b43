"""The card form: what was typed in, what is wrong with it, and what it says to the API."""

import re
from typing import Any

import msgspec

from tiergate_sandbox.pages.checkout_view import TEST_CARDS

EXPIRY = re.compile(r"(\d{1,2})\s*[/-]?\s*(\d{4}|\d{2})")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TEST_EXPIRY = "12 / 34"
TEST_CVC = "123"

FIELD_OF_CODE = {
    "expired_card": "expiry",
    "invalid_expiry_month": "expiry",
    "invalid_expiry_year": "expiry",
    "incorrect_cvc": "cvc",
    "invalid_cvc": "cvc",
    "email_invalid": "email",
}


ADDRESS_HINTS = {
    "line1": "Enter the street and number.",
    "postal_code": "Enter the postal code.",
    "city": "Enter the city.",
    "country": "Enter the two letters of a country, like US.",
}
ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")


class CheckoutForm(msgspec.Struct):
    """The fields as text, as they came."""

    email: str = ""
    number: str = ""
    expiry: str = ""
    cvc: str = ""
    name: str = ""
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    expected_amount: str = ""

    @classmethod
    def typed(cls, values: dict[str, Any]) -> "CheckoutForm":
        """Return the form that a browser has sent."""
        texts = {name: values[name] for name in cls.__struct_fields__ if isinstance(values.get(name), str)}
        return cls(**{name: text.strip() for name, text in texts.items()})

    @classmethod
    def with_test_card(cls, key: str) -> "CheckoutForm":
        """Return a form that is filled in with one of the test cards; an unknown key leaves it empty."""
        for card in TEST_CARDS:
            if card.key == key:
                return cls(number=card.number, expiry=TEST_EXPIRY, cvc=TEST_CVC, name="Ada Lovelace")
        return cls()

    def without_card(self) -> "CheckoutForm":
        """Return the form without number and security code, which are never written back into a page."""
        return msgspec.structs.replace(self, number="", cvc="")


class FormErrors(msgspec.Struct):
    """What is wrong, beside each field; ``summary`` is said above the form."""

    summary: str = ""
    email: str = ""
    number: str = ""
    expiry: str = ""
    cvc: str = ""
    name: str = ""
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""

    @property
    def first(self) -> str:
        """The first field that is wrong, or nothing."""
        fields = [name for name in self.__struct_fields__ if name != "summary"]
        return next((name for name in fields if getattr(self, name)), "")

    def __getitem__(self, field: str) -> str:
        """Return what is wrong with one field."""
        return str(getattr(self, field))


def form_errors(
    form: CheckoutForm, *, asks_email: bool, needs_card: bool, needs_address: bool = False
) -> FormErrors:
    """Return what keeps the form from being sent on; whether a card is good, the API decides."""
    errors = FormErrors(summary="Some fields need your attention.")
    if asks_email and not EMAIL.fullmatch(form.email):
        errors.email = "Enter an e-mail address like ada@example.com."
    if needs_card:
        if not form.number:
            errors.number = "Enter the number of a test card."
        if not EXPIRY.fullmatch(form.expiry):
            errors.expiry = "Enter month and year like 12 / 34."
        if not re.fullmatch(r"\d{3,4}", form.cvc):
            errors.cvc = "Enter the 3 or 4 digits."
        if not form.name:
            errors.name = "Enter the name on the card."
    if needs_address:
        _check_address(form, errors)
    return errors


def place_errors(form: CheckoutForm) -> FormErrors:
    """Return what is wrong with a billing address that is typed in before the card."""
    errors = FormErrors(summary="Some fields need your attention.")
    _check_address(form, errors)
    return errors


def _check_address(form: CheckoutForm, errors: FormErrors) -> None:
    for name, text in ADDRESS_HINTS.items():
        if not getattr(form, name):
            setattr(errors, name, text)
    if form.country and not re.fullmatch(r"[A-Za-z]{2}", form.country):
        errors.country = ADDRESS_HINTS["country"]


def refused(error: dict[str, Any], *, needs_card: bool) -> FormErrors:
    """Return the API's refusal, put beside the field it speaks of."""
    message = str(error.get("message", "The payment was refused."))
    field = FIELD_OF_CODE.get(str(error.get("code")), "number" if needs_card else "email")
    summary = "The card was not accepted." if needs_card else "This did not work."
    errors = FormErrors(summary=summary)
    setattr(errors, field, message)
    return errors


def address_of(form: CheckoutForm) -> dict[str, str]:
    """Return what was typed in of an address."""
    address = {name: getattr(form, name) for name in ADDRESS if getattr(form, name)}
    return address | ({"country": form.country.upper()} if form.country else {})


def card_params(form: CheckoutForm, email: str) -> dict[str, Any]:
    """Return the parameters of ``POST /v1/payment_methods`` for a form without errors."""
    expiry = EXPIRY.fullmatch(form.expiry)
    month, year = expiry.groups() if expiry else ("", "")
    details: dict[str, Any] = {"email": email, "name": form.name}
    address = address_of(form)
    if address:
        details["address"] = address
    return {
        "type": "card",
        "card": {"number": form.number, "exp_month": month, "exp_year": year, "cvc": form.cvc},
        "billing_details": details,
    }
