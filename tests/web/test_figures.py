"""Money, counts and percent as a locale writes them."""

from decimal import Decimal

import pytest
from babel.localedata import locale_identifiers
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from tiergate.figures import (
    NO_BREAK_SPACE,
    readable_locale,
    written_amount,
    written_number,
    written_percent,
    written_price,
)
from tiergate.rules.money import CURRENCIES, to_decimal

NBSP, NARROW, RTL = NO_BREAK_SPACE, "\N{NARROW NO-BREAK SPACE}", "\N{RIGHT-TO-LEFT MARK}"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "price", "written"),
    [
        (4900, "usd", "en", "$49", "$49.00"),
        (4900, "usd", "en-US", "$49", "$49.00"),
        (4900, "usd", "en_CA", "US$49", "US$49.00"),
        (4900, "cad", "en-CA", "$49", "$49.00"),
        (834, "usd", "en", "$8.34", "$8.34"),
        (-250, "usd", "en", "-$2.50", "-$2.50"),
        (142_850, "eur", "de-DE", f"1.428,50{NBSP}€", f"1.428,50{NBSP}€"),
        (142_800, "eur", "de-AT", f"€{NBSP}1.428", f"€{NBSP}1.428,00"),
        (142_800, "chf", "de-CH", f"CHF{NBSP}1’428", f"CHF{NBSP}1’428.00"),
        (142_800, "eur", "fr", f"1{NARROW}428{NBSP}€", f"1{NARROW}428,00{NBSP}€"),
        (9900, "sek", "sv", f"99{NBSP}kr", f"99,00{NBSP}kr"),
        (12_345_678, "inr", "hi", "₹1,23,456.78", "₹1,23,456.78"),
        (1980, "jpy", "en", "¥1,980", "¥1,980"),
        (1980, "jpy", "ja", "￥1,980", "￥1,980"),
        (1250, "kwd", "en", f"KWD{NBSP}1.250", f"KWD{NBSP}1.250"),
        (5000, "kwd", "en", f"KWD{NBSP}5", f"KWD{NBSP}5.000"),
        (500, "isk", "en", f"ISK{NBSP}5", f"ISK{NBSP}5"),
        (199_000, "isk", "is", f"1.990{NBSP}kr.", f"1.990{NBSP}kr."),
        (500, "ugx", "en-UG", f"USh{NBSP}5", f"USh{NBSP}5"),
        (150_050, "huf", "hu", f"1{NBSP}500,50{NBSP}Ft", f"1{NBSP}500,50{NBSP}Ft"),
        (4900, "usd", "he", f"{RTL}49{NBSP}{RTL}$", f"{RTL}49.00{NBSP}{RTL}$"),
        (4900, "chf", "bn", f"49{NBSP}CHF", f"49.00{NBSP}CHF"),
        (Decimal("0.25"), "usd", "en", "$0.0025", "$0.0025"),
        (Decimal("0.25"), "eur", "de", f"0,0025{NBSP}€", f"0,0025{NBSP}€"),
        (Decimal("10.0"), "usd", "en", "$0.10", "$0.10"),
        (Decimal("100.000"), "usd", "en", "$1", "$1.00"),
        (Decimal("0.5"), "jpy", "en", "¥0.5", "¥0.5"),
        (Decimal("0.000000000001"), "usd", "en", "$0.00000000000001", "$0.00000000000001"),
        (999_999_999_999, "usd", "en", "$9,999,999,999.99", "$9,999,999,999.99"),
    ],
)
def test_money(amount: int | Decimal, currency: str, locale: str, price: str, written: str) -> None:
    """Stripe's minor units, the locale's symbol, order and separators; prices without needless decimals."""
    assert written_price(amount, currency, locale) == price
    assert written_amount(amount, currency, locale) == written


@given(
    st.integers(0, 10**12 - 1) | st.decimals(0, 10**6, places=6),
    st.sampled_from(sorted(CURRENCIES)),
    st.sampled_from(["en", "de", "pt-BR", "id", "en-IN"]),
)
def test_no_digit_is_lost_or_added(amount: int | Decimal, currency: str, locale: str) -> None:
    """What stands there is the amount to its last decimal, in every currency."""
    for text in (written_price(amount, currency, locale), written_amount(amount, currency, locale)):
        figures = "".join(character for character in text if character.isdecimal() or character in ".,")
        parsed = parse_decimal(figures.strip(".,"), locale=readable_locale([locale]))
        assert parsed == to_decimal(amount, currency)


@pytest.mark.parametrize("currency", ["usd", "isk", "jpy", "kwd"])
def test_every_locale_can_write_money(currency: str) -> None:
    """No locale that Babel knows breaks, and each shows the digits."""
    for locale in locale_identifiers():
        assert "7" in written_price(7_000_000, currency, locale)


def test_counts_and_percent() -> None:
    """Counts are grouped, and shortened only where nothing is lost; percent stand as the locale has them."""
    assert written_number(100_000, "en") == "100,000"
    assert written_number(100_000, "de-CH") == "100’000"
    assert written_number(1_500_000, "en") == "1.5M"
    assert written_number(1_540_000, "en") == "1,540,000"
    written = [written_percent(20, locale) for locale in ("en", "de", "fr", "tr")]
    assert written == ["20%", f"20{NBSP}%", f"20{NBSP}%", "%20"]


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ([], "en"),
        (["de-AT"], "de_AT"),
        (["de-XX"], "de"),
        (["zh-TW"], "zh_Hant_TW"),
        (["en-US-u-ca-gregory"], "en_US"),
        (["de-DE-1996"], "de_DE"),
        (["xx", "fr"], "fr"),
        (["tlh"], "en"),
        (["../../etc/passwd"], "en"),
        (["de\n"], "en"),
        (["d" * 5000, "x-private"], "en"),
    ],
)
def test_the_first_known_locale_is_taken(wanted: list[str], locale: str) -> None:
    """What is unknown or no tag is passed over; of an unknown region the language remains."""
    assert readable_locale(wanted) == locale


def test_an_unknown_locale_still_writes() -> None:
    """An account may have been registered with a locale that nobody knows: it reads English figures."""
    assert written_amount(4900, "usd", "xx") == "$49.00"
