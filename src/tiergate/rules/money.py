"""Money: integers in Stripe's minor units, with a currency."""

from decimal import Decimal

_ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


_TWO_DECIMAL = """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny
    cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk
    jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio
    nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs
    top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw
"""
CURRENCIES = _ZERO_DECIMAL | _THREE_DECIMAL | frozenset(_TWO_DECIMAL.split())
"""The currencies that Stripe can charge. Source: https://docs.stripe.com/currencies"""


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
