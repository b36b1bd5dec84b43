"""What one reader is told: sentences in a language, and figures and dates as a locale has them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list

from tiergate.figures import (
    NO_BREAK_SPACE,
    currency_name,
    parsed_locale,
    written_amount,
    written_number,
    written_percent,
    written_price,
)
from tiergate.rules.catalog import UNLIMITED, Catalog, Feature, FeatureKind, FeatureValue
from tiergate.rules.money import MinorUnits
from tiergate.translation import ENGLISH, Translation

_ADJECTIVE = re.compile(r"[^\W\d][\w-]*")
"""A setting's value that is one word, such as ``Priority``, reads best before the feature's name."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader is spoken to, and how figures and instants are written for them."""

    locale: str = "en"
    time_zone: tzinfo = UTC
    translation: Translation = ENGLISH

    def say(self, text: str, /, **values: object) -> str:
        """Say a sentence, named by its English text, with its places filled in."""
        return self.translation.say(text, **values)

    def count(self, one: str, other: str, number: int, /, **values: object) -> str:
        """Say a sentence about a number, which is ``{count}`` in it."""
        return self.translation.count(one, other, number, **{"count": self.number(number), **values})

    def price(self, amount: MinorUnits, currency: str) -> str:
        """Write a price without needless decimals: ``$49``, ``$8.34``, ``¥1,980``, ``$0.0025``."""
        return written_price(amount, currency, self.locale)

    def amount(self, amount: MinorUnits, currency: str) -> str:
        """Write an amount with the decimals that the currency is counted in: ``$49.00``, ``¥1,980``."""
        return written_amount(amount, currency, self.locale)

    def number(self, count: int) -> str:
        """Write a count: ``100,000``; in short from a million on where nothing is lost: ``1.5M``."""
        return written_number(count, self.locale)

    def percent(self, percent: int) -> str:
        """Write whole percent: ``20%``."""
        return written_percent(percent, self.locale)

    def currency(self, code: str) -> str:
        """Name a currency: ``US Dollar``."""
        return currency_name(code, self.locale)

    def date(self, at: datetime) -> str:
        """Write the day of an instant in the reader's time zone: ``Nov 30, 2026``."""
        return format_date(at.astimezone(self.time_zone), "medium", locale=self._locale)

    def time(self, at: datetime) -> str:
        """Write the time of day with its zone: ``2:05 PM UTC``."""
        local = at.astimezone(self.time_zone)
        zone = local.tzname() or ""
        return f"{format_time(local, 'short', tzinfo=self.time_zone, locale=self._locale)} {zone}".strip()

    def zone_name(self, at: datetime) -> str:
        """Name the time zone that dates are written in, for instance ``UTC`` or ``CET``."""
        return at.astimezone(self.time_zone).tzname() or "UTC"

    def days_until(self, at: datetime, until: datetime) -> int:
        """Count the midnights between two instants in the reader's time zone; 0 is today, 1 tomorrow.

        Calendar days, not spans of 24 hours: the count then always agrees with the date beside it.
        """
        return (until.astimezone(self.time_zone).date() - at.astimezone(self.time_zone).date()).days

    def list(self, items: Sequence[str]) -> str:
        """Write several things in a row: ``A, B and C``."""
        return format_list(items, style="standard", locale=parsed_locale(self.translation.language))

    def feature(self, feature: Feature, value: FeatureValue | None) -> str:
        """Say what a plan gives of a feature: ``5 projects``, ``Email support``, ``Audit log: 90 days``."""
        if not value or isinstance(value, bool):
            return feature.name
        if feature.kind in (FeatureKind.LIMIT, FeatureKind.METERED):
            return self._countable(feature, value)
        if isinstance(value, str) and _ADJECTIVE.fullmatch(value):
            return self.say("{value} {feature}", value=value, feature=self._inside(feature.name))
        return self.say("{feature}: {value}", feature=feature.name, value=self.quantity(feature, value))

    def _countable(self, feature: Feature, value: FeatureValue) -> str:
        if value == UNLIMITED or isinstance(value, str):
            return self.say("Unlimited {feature}", feature=self._inside(feature.name))
        quantity, name = self.quantity(feature, value), self._inside(feature.name, value)
        if feature.kind is FeatureKind.METERED:
            return self.count(
                "{quantity} {feature} / month",
                "{quantity} {feature} / month",
                value,
                quantity=quantity,
                feature=name,
            )
        return self.count(
            "{quantity} {feature}", "{quantity} {feature}", value, quantity=quantity, feature=name
        )

    def quantity(self, feature: Feature, value: FeatureValue) -> str:
        """Write a limit with its unit: ``50 GB``, ``1,000``, ``Unlimited``."""
        if isinstance(value, str):
            return self.say("Unlimited") if value == UNLIMITED else value
        return f"{self.number(value)}{NO_BREAK_SPACE}{feature.unit}" if feature.unit else self.number(value)

    def _inside(self, name: str, count: FeatureValue = UNLIMITED) -> str:
        """Write a feature's name inside a sentence; other languages than English leave it as it is."""
        return _inside_sentence(name, count) if self.translation.is_source else name

    @property
    def _locale(self) -> Locale:
        return parsed_locale(self.locale)


def main_currency(catalog: Catalog) -> str:
    """Return the currency of an offer for somebody of whom nothing is known."""
    return next(iter(catalog.currencies), "usd")


def _inside_sentence(name: str, count: FeatureValue = UNLIMITED) -> str:
    """Write a feature's name behind a number or an adjective: ``projects``, or ``project`` for one."""
    word = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return word[:-1] if count == 1 and word.endswith("s") and not word.endswith("ss") else word
