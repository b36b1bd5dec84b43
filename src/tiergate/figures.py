"""Figures as people write them in a locale: money, counts, percent. The one place that does.

Everything that shows an amount calls this: pages, messages and the command line. A locale is named as
browsers do (``de-AT``) or as libraries do (``de_AT``); ``readable_locale`` finds one that is known.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_name,
    get_currency_precision,
    get_currency_symbol,
)

from tiergate.rules.money import MinorUnits, exponent, to_decimal

FALLBACK_LOCALE = "en"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,8}", re.ASCII)
_MOST_SUBTAGS = 3
"""Language, script and region: what follows does not change how figures look."""


def readable_locale(wanted: Iterable[str]) -> str:
    """Return the first of these locales that is known, such as ``de_AT``; ``en`` where none is.

    Of a known language with an unknown region, such as ``de-XX``, the language is taken.
    """
    known = (_known_locale(tag) for tag in wanted)
    return next((locale for locale in known if locale is not None), FALLBACK_LOCALE)


def written_price(amount: MinorUnits, currency: str, locale: str) -> str:
    """Write a price without needless decimals: ``$49``, ``$8.34``, ``¥1,980``, ``$0.0025``."""
    value = to_decimal(amount, currency)
    return _money(amount, currency, locale, 0 if _is_whole(value) else _decimals(value, currency))


def written_amount(amount: MinorUnits, currency: str, locale: str) -> str:
    """Write an amount with the decimals that the currency is counted in: ``$49.00``, ``¥1,980``."""
    value = to_decimal(amount, currency)
    has_none = get_currency_precision(currency.upper()) == 0 and _is_whole(value)
    return _money(amount, currency, locale, 0 if has_none else _decimals(value, currency))


def written_number(count: int, locale: str) -> str:
    """Write a count: ``100,000``; in short from a million on where nothing is lost: ``1.5M``."""
    if count >= 1_000_000 and count % 100_000 == 0:
        return format_compact_decimal(count, locale=parsed_locale(locale), fraction_digits=1)
    return format_decimal(count, locale=parsed_locale(locale))


def written_percent(percent: int, locale: str) -> str:
    """Write whole percent: ``20%``, in German ``20 %``."""
    return format_percent(Decimal(percent) / 100, locale=parsed_locale(locale))


def currency_name(currency: str, locale: str) -> str:
    """Name a currency: ``US Dollar``, in German ``US-Dollar``."""
    return get_currency_name(currency.upper(), locale=parsed_locale(locale))


def parsed_locale(locale: str) -> Locale:
    """Return Babel's locale of this name; an unknown one is read as ``readable_locale`` does."""
    return Locale.parse(readable_locale([locale]))


@lru_cache(maxsize=512)
def _known_locale(tag: str) -> str | None:
    """Return a tag as Babel writes it, without what Babel does not know; ``None`` where nothing is left."""
    if not _TAG.fullmatch(tag):
        return None
    subtags = tag.replace("_", "-").split("-")[:_MOST_SUBTAGS]
    for count in range(len(subtags), 0, -1):
        try:
            return str(Locale.parse("-".join(subtags[:count]), sep="-"))
        except (UnknownLocaleError, ValueError):
            continue
    return None


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _decimals(value: Decimal, currency: str) -> int:
    """Return how many decimals show all of a value, and no fewer than the currency has."""
    return max(exponent(currency), -int(value.normalize().as_tuple().exponent))


def _money(amount: MinorUnits, currency: str, locale: str, decimals: int) -> str:
    """Write an amount as the locale does, but with these decimals: its own table of them is not Stripe's.

    Between letters and figures stands a space: https://www.unicode.org/reports/tr35/tr35-numbers.html#Currencies
    """
    known, code = parsed_locale(locale), currency.upper()
    pattern = str(known.currency_formats["standard"].pattern)
    pattern = re.sub(r"0\.0+", "0." + "0" * decimals if decimals else "0", pattern)
    symbol = get_currency_symbol(code, locale=known)
    if symbol[-1].isalpha():
        pattern = re.sub(r"¤(?=[#0])", f"¤{NO_BREAK_SPACE}", pattern)
    if symbol[0].isalpha():
        pattern = re.sub(r"(?<=0)¤", f"{NO_BREAK_SPACE}¤", pattern)
    value = to_decimal(amount, currency)
    return format_currency(value, code, format=pattern, locale=known, currency_digits=False)
