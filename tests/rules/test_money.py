"""Money in Stripe's minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.money import (
    CURRENCIES,
    chargeable_step,
    complaint_about_amount,
    complaint_about_unit_amount,
    exponent,
    line_total,
    monthly_share,
    saving_percent,
    to_decimal,
    to_minor_units,
)

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


def test_a_finer_unit_price_keeps_its_decimals() -> None:
    """A quarter of a cent is 0.0025 dollars, and twelve decimals of a cent stay twelve."""
    assert to_decimal(Decimal("0.25"), "usd") == Decimal("0.0025")
    assert to_decimal(Decimal("123.456789012345"), "usd") == Decimal("1.23456789012345")


@pytest.mark.parametrize(
    ("codes", "step"),
    [(["ISK", "UGX"], 100), (THREE, 10), (ZERO, 1), ([*TWO, "HUF", "TWD"], 1)],
    ids=str,
)
def test_step_of_each_currency(codes: list[str], step: int) -> None:
    """Krónur and Ugandan shillings are charged whole, dinars to the tenth fils, forints to the fillér."""
    assert {chargeable_step(code) for code in codes} == {step}
    assert {chargeable_step(code.lower()) for code in codes} == {step}


@pytest.mark.parametrize(
    ("minor_units", "currency"),
    [
        (0, "usd"),
        (50, "usd"),
        (50, "USD"),
        (30, "gbp"),
        (17_500, "huf"),
        (17_545, "huf"),
        (80_045, "twd"),
        (50, "jpy"),
        (1000, "mxn"),
        (1000, "thb"),
        (500, "isk"),
        (100, "ugx"),
        (5120, "kwd"),
        (1, "clp"),
        (999_999_999_999, "idr"),
    ],
)
def test_amounts_that_can_be_charged(minor_units: int, currency: str) -> None:
    """Nothing, the least and the most of a currency, and what keeps its step, can be charged."""
    assert complaint_about_amount(minor_units, currency) is None


@pytest.mark.parametrize(
    ("minor_units", "currency", "complaint"),
    [
        (49, "usd", "no less than 0.50 USD. Write 50 or more."),
        (29, "gbp", "no less than 0.30 GBP. Write 30 or more."),
        (17_499, "huf", "no less than 175.00 HUF. Write 17500 or more."),
        (49, "jpy", "no less than 50 JPY. Write 50 or more."),
        (999, "mxn", "no less than 10.00 MXN. Write 1000 or more."),
        (1499, "czk", "no less than 15.00 CZK. Write 1500 or more."),
        (
            550,
            "isk",
            "in steps of 100 minor units (1.00 ISK), and 550 is between two of them. Write 500 or 600.",
        ),
        (1, "ugx", "Write 0 or 100."),
        (
            5124,
            "kwd",
            "in steps of 10 minor units (0.010 KWD), and 5124 is between two of them. Write 5120 or",
        ),
        (-100, "usd", "less than nothing"),
        (-150, "isk", "less than nothing"),
        (1_000_000_000_000, "usd", "at most 999999999999 minor units"),
        (1000, "xyz", "nothing in 'xyz'"),
        (1000, "", "nothing in ''"),
    ],
)
def test_amounts_that_cannot_be_charged(minor_units: int, currency: str, complaint: str) -> None:
    """The complaint says what is wrong and what to write instead."""
    assert complaint in " ".join(complaint_about_amount(minor_units, currency) or ())


@given(st.integers(0, 10**12 - 1), st.sampled_from(sorted(CURRENCIES)))
def test_what_a_complaint_about_a_step_proposes_keeps_it(minor_units: int, currency: str) -> None:
    """Rounded down to the step, an amount is never again between two steps."""
    step = chargeable_step(currency)
    complaint = " ".join(complaint_about_amount(minor_units, currency) or ())
    assert ("steps" in complaint) == (minor_units % step != 0)
    assert "steps" not in " ".join(complaint_about_amount(minor_units // step * step, currency) or ())


@pytest.mark.parametrize(
    ("unit_amount", "currency", "complaint"),
    [
        (1, "usd", None),
        (Decimal("0.25"), "usd", None),
        (Decimal("0.000000000001"), "usd", None),
        (Decimal("0.2500000000000000"), "usd", None),
        (Decimal("0.0000000000001"), "usd", "twelve decimals"),
        (Decimal("1e-999999"), "usd", "twelve decimals"),
        (Decimal("999999999998.999999999999"), "usd", None),
        (Decimal("1e30"), "usd", "at most"),
        (Decimal("-0.01"), "usd", "less than nothing"),
        (Decimal("NaN"), "usd", "must be a number"),
        (Decimal("Infinity"), "usd", "must be a number"),
        (Decimal("12.5"), "isk", None),
        (Decimal(150), "isk", "Write 100 or 200."),
        (100, "isk", None),
        (5, "kwd", "Write 0 or 10."),
        (5, "xyz", "nothing in 'xyz'"),
    ],
)
def test_prices_of_one_unit(unit_amount: int | Decimal, currency: str, complaint: str | None) -> None:
    """A unit may cost next to nothing, with twelve decimals; a whole price keeps the currency's step."""
    said = complaint_about_unit_amount(unit_amount, currency)
    assert said is None if complaint is None else complaint in " ".join(said or ())


@pytest.mark.parametrize(
    ("unit_amount", "quantity", "total"),
    [
        (4900, 3, 14_700),
        (Decimal("0.25"), 1, 0),
        (Decimal("0.25"), 2, 1),
        (Decimal("0.25"), 5, 1),
        (Decimal("0.25"), 6, 2),
        (Decimal("0.25"), 10_001, 2500),
        (Decimal("0.1"), 4, 0),
        (Decimal("0.1"), 5, 1),
        (Decimal("-0.1"), 5, -1),
        (Decimal("-0.1"), 4, 0),
        (Decimal("0.499999999999"), 1, 0),
        (Decimal("987654321098.490000099999"), 100_001, 98_766_419_764_170_098),
        (Decimal("999.999999999999"), 0, 0),
    ],
)
def test_totals_are_rounded_once(unit_amount: int | Decimal, quantity: int, total: int) -> None:
    """All units together are rounded, half away from zero; nothing is lost before."""
    assert line_total(unit_amount, quantity) == total


@pytest.mark.parametrize(
    ("monthly", "yearly", "percent"),
    [
        (1900, 18_000, 21),
        (4900, 46_800, 20),
        (1000, 10_801, 9),
        (1000, 10_800, 10),
        (1000, 11_999, 0),
        (1000, 12_000, 0),
        (1000, 13_000, 0),
        (0, 13_000, 0),
        (1000, 0, 100),
        (Decimal("0.5"), Decimal("4.8"), 20),
    ],
)
def test_a_saving_is_never_over_promised(monthly: int | Decimal, yearly: int | Decimal, percent: int) -> None:
    """A year against twelve months, in whole percent, rounded down; what is not cheaper saves nothing."""
    assert saving_percent(monthly, yearly) == percent


@given(st.integers(1, 10**9), st.integers(0, 10**10))
def test_the_saving_holds_and_one_more_would_not(monthly: int, yearly: int) -> None:
    """The promised share of twelve months is really saved, and a percent more would not be."""
    percent = saving_percent(monthly, yearly)
    assert percent == 0 or 12 * monthly * (100 - percent) >= 100 * yearly
    assert 12 * monthly * (100 - percent - 1) < 100 * yearly


@pytest.mark.parametrize(
    ("yearly", "currency", "share"),
    [
        (10_000, "usd", 834),
        (46_800, "usd", 3900),
        (1, "usd", 1),
        (0, "usd", 0),
        (67_000, "jpy", 5584),
        (500_000, "isk", 41_700),
        (100_000, "kwd", 8340),
    ],
)
def test_a_monthly_share_is_never_less_than_what_is_paid(yearly: int, currency: str, share: int) -> None:
    """A hundred dollars a year is 8.34 a month, not 8.33; krónur stay whole."""
    assert monthly_share(yearly, currency) == share


@given(st.integers(0, 10**10), st.sampled_from(sorted(CURRENCIES)))
def test_twelve_shares_are_the_year_or_little_more(yearly: int, currency: str) -> None:
    """Twelve monthly shares cover the yearly price, and one step less would not."""
    share, step = monthly_share(yearly, currency), chargeable_step(currency)
    assert share % step == 0
    assert 12 * (share - step) < yearly <= 12 * share


@pytest.mark.parametrize(
    ("typed", "currency", "minor_units"),
    [
        ("49", "usd", 4900),
        ("49.00", "usd", 4900),
        ("49.9", "USD", 4990),
        (" 0.01 ", "usd", 1),
        ("0.1000", "usd", 10),
        ("1980", "jpy", 1980),
        ("1980.00", "jpy", 1980),
        ("1.234", "kwd", 1234),
        ("1.2", "kwd", 1200),
        ("100", "isk", 10000),
    ],
)
def test_typed_amounts_are_exact(typed: str, currency: str, minor_units: int) -> None:
    """What a person types becomes minor units by the currency's own decimals."""
    assert to_minor_units(typed, currency) == minor_units


@pytest.mark.parametrize(
    ("typed", "currency", "told"),
    [
        ("", "usd", "no amount"),
        ("1,000", "usd", "no amount"),
        ("-5", "usd", "no amount"),
        ("5.", "usd", "no amount"),
        ("1e3", "usd", "no amount"),
        ("0.001", "usd", "2 decimals"),
        ("1980.5", "jpy", "no decimals"),
        ("1.2345", "kwd", "3 decimals"),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, currency: str, told: str) -> None:
    """Nothing is rounded and nothing is guessed."""
    with pytest.raises(ValueError, match=told):
        to_minor_units(typed, currency)


@given(st.integers(0, 10**11), st.sampled_from(sorted(CURRENCIES)))
def test_amounts_come_back_as_they_were_shown(minor_units: int, currency: str) -> None:
    """An amount that is written out and typed in again is the same."""
    assert to_minor_units(str(to_decimal(minor_units, currency)), currency) == minor_units
