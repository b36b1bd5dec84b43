"""Money in Stripe's minor units."""

from decimal import Decimal

import pytest

from tiergate.rules.money import exponent, to_decimal

ZERO = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]
TWO = ["USD", "EUR", "GBP", "NZD", "BRL", "INR"]
NOT_WHAT_ISO_SAYS = ["ISK", "UGX", "HUF", "TWD"]


@pytest.mark.parametrize(
    ("codes", "decimals"), [(ZERO, 0), (THREE, 3), (TWO, 2), (NOT_WHAT_ISO_SAYS, 2)], ids=str
)
def test_exponent_of_each_currency(codes: list[str], decimals: int) -> None:
    """Every currency has the decimals of Stripe's table, which for ISK and UGX are not those of ISO 4217."""
    assert {exponent(code) for code in codes} == {decimals}
    assert {exponent(code.lower()) for code in codes} == {decimals}


@pytest.mark.parametrize(
    ("minor_units", "currency", "amount"),
    [
        (4900, "usd", "49.00"),
        (4900, "jpy", "4900"),
        (4900, "kwd", "4.900"),
        (500, "isk", "5.00"),
        (1, "eur", "0.01"),
        (0, "eur", "0.00"),
        (-250, "usd", "-2.50"),
        (9_999_999_999_999_999, "usd", "99999999999999.99"),
    ],
)
def test_minor_units_become_an_exact_amount(minor_units: int, currency: str, amount: str) -> None:
    """An amount keeps every minor unit and shows the decimals of its currency."""
    assert str(to_decimal(minor_units, currency)) == str(Decimal(amount))
