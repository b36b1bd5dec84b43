"""Money: integers in Stripe's minor units, with a currency."""

from decimal import Decimal

_ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def exponent(currency: str) -> int:
    """Return how many decimals Stripe's minor unit of ``currency`` has.

    Stripe sends ISK and UGX with two decimals although neither has a minor unit, so neither ISO 4217
    nor a locale database can be asked. Source: https://docs.stripe.com/currencies#zero-decimal
    """
    code = currency.lower()
    if code in _ZERO_DECIMAL:
        return 0
    return 3 if code in _THREE_DECIMAL else 2


def to_decimal(minor_units: int, currency: str) -> Decimal:
    """Turn ``4900`` and ``usd`` into ``Decimal("49.00")``."""
    return Decimal(minor_units).scaleb(-exponent(currency))
