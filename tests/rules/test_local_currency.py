"""What people pay with, by country and by language."""

import pytest
from babel.numbers import get_territory_currencies

from tiergate.rules.local_currency import (
    COUNTRY_CURRENCIES,
    LANGUAGE_CURRENCIES,
    currency_of_country,
    currency_of_language,
)
from tiergate.rules.money import CURRENCIES

OTHERWISE_THAN_THE_LOCALES_SAY = {
    "bg": "eur",  # since 1 January 2026
    "bt": "inr",  # the ngultrum is on a par with it
    "ls": "lsl",
    "na": "nad",
    "zw": "usd",
}


@pytest.mark.parametrize(
    ("country", "currency"),
    [
        ("AT", "eur"),
        ("at", "eur"),
        ("CH", "chf"),
        ("LI", "chf"),
        ("HR", "eur"),
        ("BG", "eur"),
        ("GB", "gbp"),
        ("JP", "jpy"),
        ("IS", "isk"),
        ("UG", "ugx"),
        ("KW", "kwd"),
        ("PR", "usd"),
        ("GH", None),
        ("IR", None),
        ("XX", None),
        ("T1", None),
        ("EU", None),
        ("", None),
        ("Austria", None),
    ],
)
def test_currency_of_a_country(country: str, currency: str | None) -> None:
    """Each country has one; what is no country, and what Stripe does not charge there, has none."""
    assert currency_of_country(country) == currency


@pytest.mark.parametrize(
    ("tag", "currency"),
    [
        ("de-AT", "eur"),
        ("de-CH", "chf"),
        ("de", "eur"),
        ("DE-at", "eur"),
        ("de_AT", "eur"),
        ("ja", "jpy"),
        ("ja-JP", "jpy"),
        ("en-US", "usd"),
        ("en-GB", "gbp"),
        ("en-IS", "isk"),
        ("en", None),
        ("fr", None),
        ("fr-CA", "cad"),
        ("zh", None),
        ("zh-Hant-TW", "twd"),
        ("zh-Hans", None),
        ("sl-rozaj", "eur"),
        ("de-DE-1996", "eur"),
        ("en-US-u-ca-gregory", "usd"),
        ("zh-yue-HK", "hkd"),
        ("es-419", None),
        ("de-419", None),
        ("de-XX", None),
        ("*", None),
        ("", None),
        ("d", None),
        ("de-AT\n", None),
        ("../de-AT", None),
    ],
)
def test_currency_of_a_language(tag: str, currency: str | None) -> None:
    """The region decides; a bare language does where it is spoken with one currency in practice."""
    assert currency_of_language(tag) == currency


def test_every_currency_of_the_tables_can_be_charged() -> None:
    """Nobody is shown a currency that Stripe does not take."""
    assert set(COUNTRY_CURRENCIES.values()) | set(LANGUAGE_CURRENCIES.values()) <= CURRENCIES


def test_no_country_is_there_twice() -> None:
    """The two tables of countries do not contradict each other, and name countries by two letters."""
    from tiergate.rules import local_currency

    own = local_currency._COUNTRIES_WITH_THEIR_OWN.split()
    shared = " ".join(local_currency._COUNTRIES_THAT_SHARE.values()).split()
    assert len(own) + len(shared) == len(COUNTRY_CURRENCIES)
    assert {len(country) for country in COUNTRY_CURRENCIES} == {2}


def test_the_table_agrees_with_the_locale_database() -> None:
    """Each country pays with the currency that Babel names too, but for the known exceptions."""
    others = {
        country: currency
        for country, currency in COUNTRY_CURRENCIES.items()
        if get_territory_currencies(country.upper())[:1] != [currency.upper()]
    }
    assert others.items() <= OTHERWISE_THAN_THE_LOCALES_SAY.items()
