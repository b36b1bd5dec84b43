"""Money, counts, days and features as people read them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tiergate.rules.catalog import UNLIMITED, Feature, FeatureKind, FeatureValue
from tiergate.web.wording import Wording

ENGLISH = Wording()
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("minor_units", "currency", "price", "amount"),
    [
        (4900, "usd", "$49", "$49.00"),
        (142_800, "usd", "$1,428", "$1,428.00"),
        (834, "usd", "$8.34", "$8.34"),
        (0, "usd", "$0", "$0.00"),
        (1980, "jpy", "¥1,980", "¥1,980"),
        (1250, "bhd", f"BHD{NBSP}1.250", f"BHD{NBSP}1.250"),
        (500, "isk", f"ISK{NBSP}5", f"ISK{NBSP}5"),
        (500, "ugx", f"UGX{NBSP}5", f"UGX{NBSP}5"),
        (150_000, "huf", f"HUF{NBSP}1,500", f"HUF{NBSP}1,500.00"),
    ],
)
def test_money(minor_units: int, currency: str, price: str, amount: str) -> None:
    """Minor units are read with Stripe's exponent, prices without needless decimals, amounts with all."""
    assert ENGLISH.price(minor_units, currency) == price
    assert ENGLISH.amount(minor_units, currency) == amount


def test_figures_follow_the_locale() -> None:
    """A German reader gets German separators and dates; a hyphen in the locale is understood."""
    german = Wording("de-DE")
    assert german.amount(142_850, "eur") == f"1.428,50{NBSP}€"
    assert german.number(82_140) == "82.140"
    assert german.date(datetime(2026, 11, 30, tzinfo=UTC)) == "30.11.2026"


@pytest.mark.parametrize(
    ("count", "written"),
    [(999_999, "999,999"), (1_000_000, "1M"), (1_500_000, "1.5M"), (1_540_000, "1,540,000")],
)
def test_counts_are_shortened_only_where_nothing_is_lost(count: int, written: str) -> None:
    """A million is 1M, but a count that would be rounded is written out."""
    assert ENGLISH.number(count) == written


def test_dates_and_times_are_in_the_readers_zone() -> None:
    """The same instant is another day in Auckland, and the zone is named."""
    at = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)
    auckland = Wording(time_zone=ZoneInfo("Pacific/Auckland"))
    assert (ENGLISH.date(at), auckland.date(at)) == ("Nov 30, 2026", "Dec 1, 2026")
    assert ENGLISH.time(at).replace("\u202f", " ") == "2:05 PM UTC"
    assert auckland.time(at).replace("\u202f", " ") == "3:05 AM NZDT"


def test_days_are_counted_by_the_calendar() -> None:
    """Two hours over midnight is tomorrow, 23 hours within a day is today, as the reader's calendar says."""
    evening, night = datetime(2026, 11, 29, 23, tzinfo=UTC), datetime(2026, 11, 30, 1, tzinfo=UTC)
    morning, late = datetime(2026, 11, 30, 0, 30, tzinfo=UTC), datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert ENGLISH.days_until(evening, night) == 1
    assert ENGLISH.days_until(morning, late) == 0
    assert Wording(time_zone=ZoneInfo("Pacific/Auckland")).days_until(evening, night) == 0


@pytest.mark.parametrize(
    ("name", "kind", "unit", "value", "written"),
    [
        ("Projects", FeatureKind.LIMIT, "", 1, "1 project"),
        ("Projects", FeatureKind.LIMIT, "", 5, "5 projects"),
        ("Projects", FeatureKind.LIMIT, "", UNLIMITED, "Unlimited projects"),
        ("Storage", FeatureKind.LIMIT, "GB", 50, f"50{NBSP}GB storage"),
        ("API calls", FeatureKind.METERED, "", 100_000, "100,000 API calls / month"),
        ("API calls", FeatureKind.METERED, "", UNLIMITED, "Unlimited API calls"),
        ("Support", FeatureKind.SETTING, "", "E-mail", "E-mail support"),
        ("Support", FeatureKind.SETTING, "", "Priority, 99.95% uptime", "Support: Priority, 99.95% uptime"),
        ("Audit log", FeatureKind.SETTING, "", "90 days", "Audit log: 90 days"),
        ("Audit log", FeatureKind.SETTING, "days", 90, f"Audit log: 90{NBSP}days"),
        ("Custom domain", FeatureKind.SWITCH, "", True, "Custom domain"),
        ("Custom domain", FeatureKind.SWITCH, "", False, "Custom domain"),
        ("Projects", FeatureKind.LIMIT, "", 0, "Projects"),
        ("Projects", FeatureKind.LIMIT, "", None, "Projects"),
    ],
)
def test_features(name: str, kind: FeatureKind, unit: str, value: FeatureValue | None, written: str) -> None:
    """What a plan gives of a feature reads as a person would say it."""
    assert ENGLISH.feature(Feature("key", name, kind, unit=unit), value) == written
