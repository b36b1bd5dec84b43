"""The words on invoice lines."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Obj = dict[str, Any]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "CA$", "aud": "A$", "inr": "₹", "brl": "R$"}

ZERO_DECIMAL = frozenset(
    (
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    )
)
"""Currencies whose minor unit is the major one (https://docs.stripe.com/currencies#zero-decimal)."""


def money(amount: int, currency: str) -> str:
    """Return an amount as Stripe writes it, such as ``$25.00``."""
    sign = _SIGNS.get(currency, f"{currency.upper()} ")
    if currency in ZERO_DECIMAL:
        return f"{sign}{amount:,}"
    return f"{sign}{amount // 100:,}.{amount % 100:02d}"


def day(at: int) -> str:
    """Return a date as Stripe writes it, such as ``10 Nov 2025``."""
    date = datetime.fromtimestamp(at, UTC)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def service(product: Obj, price: Obj, quantity: int) -> str:
    """Return the words for a period of service."""
    unit = f" {product['unit_label']}" if product["unit_label"] else ""
    recurring = price["recurring"]
    if recurring is None:
        return f"{quantity}{unit} × {product['name']}" if quantity > 1 or unit else str(product["name"])
    if price["tiers_mode"] is not None:
        return f"{quantity}{unit} × {product['name']}"
    each = _exact(price)
    interval, count = recurring["interval"], recurring["interval_count"]
    rhythm = f"/ {interval}" if count == 1 else f"every {count} {interval}s"
    return f"{quantity}{unit} × {product['name']} (at {each} {rhythm})"


def _exact(price: Obj) -> str:
    """Return a unit price, with more than two decimals where it has them."""
    if price["unit_amount"] is not None or price["currency"] in ZERO_DECIMAL:
        return money(price["unit_amount"] or 0, price["currency"])
    major = Decimal(price["unit_amount_decimal"]) / 100
    return f"{money(0, price['currency']).removesuffix('0.00')}{major.normalize():f}"


def free_trial(product: Obj, quantity: int) -> str:
    """Return the words for a trial."""
    unit = f" {product['unit_label']}" if product["unit_label"] else ""
    return f"Free trial for {quantity}{unit} × {product['name']}"


def proration(product: Obj, quantity: int, at: int, *, credit: bool) -> str:
    """Return the words for a credit or a charge inside a period."""
    times = f"{quantity} × " if quantity > 1 else ""
    return f"{'Unused' if credit else 'Remaining'} time on {times}{product['name']} after {day(at)}"
