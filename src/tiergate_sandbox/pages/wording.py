"""Money, dates and durations as people read them (American English, as the sandbox's pages are)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

# How many minor units Stripe counts with: https://docs.stripe.com/currencies#zero-decimal
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def money(amount: Decimal | int, currency: str) -> str:
    """Return an amount in Stripe's minor units as text, for instance ``$49.00``."""
    from babel.numbers import format_currency

    exponent = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    major = Decimal(amount).scaleb(-exponent)
    digits = max(exponent, -int(major.normalize().as_tuple().exponent))
    pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
    return format_currency(
        major,
        currency.upper(),
        format=pattern,
        locale="en_US",
        currency_digits=False,
        decimal_quantization=False,
    )


def unit_price(price: dict[str, Any]) -> Decimal:
    """Return the price of one unit in minor units; fractions of a cent are kept."""
    amount = price.get("unit_amount")
    return Decimal(price.get("unit_amount_decimal") or 0) if amount is None else Decimal(amount)


def interval(recurring: dict[str, Any] | None) -> str:
    """Return the rhythm of a price: ``per month``, ``every 3 months``, or nothing when it is paid once."""
    if recurring is None:
        return ""
    count, unit = recurring["interval_count"], recurring["interval"]
    return f"per {unit}" if count == 1 else f"every {count} {unit}s"


def day(at: int) -> str:
    """Return the day of a unix second in UTC, for instance ``December 5, 2026``."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%B} {moment.day}, {moment.year}"


def minute(at: int) -> str:
    """Return the minute of a unix second in UTC, for instance ``Dec 5, 2026, 09:30``."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%b} {moment.day}, {moment.year}, {moment:%H:%M}"


def days(count: int) -> str:
    """Return a number of days, for instance ``1 day`` or ``14 days``."""
    return "1 day" if count == 1 else f"{count} days"


def short_day(at: int) -> str:
    """Return the day of a unix second in UTC as tables show it, for instance ``Dec 5, 2026``."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%b} {moment.day}, {moment.year}"


def coupon(found: dict[str, Any]) -> str:
    """Return what a coupon gives, for instance ``20% off for 3 months``."""
    if found["percent_off"] is not None:
        off = f"{found['percent_off']:g}% off"
    else:
        off = f"{money(found['amount_off'], found['currency'])} off"
    months = found["duration_in_months"]
    if found["duration"] == "forever":
        return off
    if found["duration"] == "once":
        return f"{off} your next invoice"
    return f"{off} for {'1 month' if months == 1 else f'{months} months'}"
