"""Figures and dates as one reader reads them: money, counts, days left, features of a plan.

The locale decides how numbers, money and dates look; the sentences around them are English.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from babel import Locale
from babel.dates import format_date, format_time

from tiergate.figures import (
    NO_BREAK_SPACE,
    currency_name,
    parsed_locale,
    written_amount,
    written_number,
    written_percent,
    written_price,
)
from tiergate.rules.catalog import UNLIMITED, Catalog, Feature, FeatureKind, FeatureValue, Plan
from tiergate.rules.money import MinorUnits
from tiergate.rules.policy import Afterwards

_ADJECTIVE = re.compile(r"[^\W\d][\w-]*")
"""A setting's value that is one word, such as ``Priority``, reads best before the feature's name."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How figures and instants are written for one reader."""

    locale: str = "en"
    time_zone: tzinfo = UTC

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

    def feature(self, feature: Feature, value: FeatureValue | None) -> str:
        """Say what a plan gives of a feature: ``5 projects``, ``Email support``, ``Audit log: 90 days``."""
        if not value or isinstance(value, bool):
            return feature.name
        if feature.kind in (FeatureKind.LIMIT, FeatureKind.METERED):
            per_period = " / month" if feature.kind is FeatureKind.METERED and value != UNLIMITED else ""
            return f"{self.quantity(feature, value)} {_inside_sentence(feature.name, value)}{per_period}"
        if isinstance(value, str) and _ADJECTIVE.fullmatch(value):
            return f"{value} {_inside_sentence(feature.name)}"
        return f"{feature.name}: {self.quantity(feature, value)}"

    def quantity(self, feature: Feature, value: FeatureValue) -> str:
        """Write a limit with its unit: ``50 GB``, ``1,000``, ``Unlimited``."""
        if isinstance(value, str):
            return "Unlimited" if value == UNLIMITED else value
        return f"{self.number(value)}{NO_BREAK_SPACE}{feature.unit}" if feature.unit else self.number(value)

    @property
    def _locale(self) -> Locale:
        return parsed_locale(self.locale)


def main_currency(catalog: Catalog) -> str:
    """Return the currency of an offer for somebody of whom nothing is known."""
    return next(iter(catalog.currencies), "usd")


def consequence(afterwards: Afterwards, free_plan: Plan | None) -> str:
    """Say in half a sentence what follows when a plan no longer holds, as the policy decides it."""
    if afterwards is Afterwards.FREE and free_plan is not None:
        return f"your account moves to the {free_plan.name} plan"
    return "your account becomes read-only" if afterwards is Afterwards.READ_ONLY else "your access ends"


def _inside_sentence(name: str, count: FeatureValue = UNLIMITED) -> str:
    """Write a feature's name behind a number or an adjective: ``projects``, or ``project`` for one."""
    word = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return word[:-1] if count == 1 and word.endswith("s") and not word.endswith("ss") else word
