"""Money: amounts in Stripe's minor units with a currency, and which of them Stripe can charge.

An amount that is charged is an ``int``; a unit price may be a ``Decimal`` with up to twelve decimals of a
minor unit, as Stripe's ``unit_amount_decimal``. Source of all tables: https://docs.stripe.com/currencies
"""

import re
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor

MinorUnits = int | Decimal
"""Minor units: whole ones, or a unit price that is finer than the minor unit."""

Complaint = tuple[str, str]
"""What is wrong with an amount, and what to write instead."""

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

_WITHOUT_FRACTIONS = frozenset(["isk", "ugx"])
"""Sent with two decimals which must be 00. HUF and TWD are such only in payouts, and charged to the cent."""

_MINIMUM = {
    "usd": 50, "aed": 200, "ars": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cop": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17_500, "idr": 50, "ils": 50, "inr": 50, "jpy": 50,
    "krw": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "php": 50, "pln": 200, "ron": 200, "rub": 50,
    "sek": 300, "sgd": 50, "thb": 1000, "zar": 50,
}  # fmt: skip
_MAXIMUM = 999_999_999_999
_FINEST = Decimal("1e-12")
_EXACT = Context(prec=30)


def exponent(currency: str) -> int:
    """Return how many decimals Stripe's minor unit of ``currency`` has.

    Stripe sends ISK and UGX with two decimals although neither has a minor unit, so neither ISO 4217
    nor a locale database can be asked. Source: https://docs.stripe.com/currencies#zero-decimal
    """
    code = currency.lower()
    if code in _ZERO_DECIMAL:
        return 0
    return 3 if code in _THREE_DECIMAL else 2


def to_decimal(minor_units: MinorUnits, currency: str) -> Decimal:
    """Turn ``4900`` and ``usd`` into ``Decimal("49.00")``."""
    return Decimal(minor_units).scaleb(-exponent(currency))


def chargeable_step(currency: str) -> int:
    """Return what a charge must be a multiple of, in minor units: 100 for ISK and UGX, which have no
    fractions, 10 where there are three decimals, else 1.

    Source: https://docs.stripe.com/currencies#special-cases
    """
    code = currency.lower()
    if code in _WITHOUT_FRACTIONS:
        return 100
    return 10 if code in _THREE_DECIMAL else 1


def complaint_about_amount(minor_units: int, currency: str) -> Complaint | None:
    """Say why Stripe cannot charge an amount, and what to write instead; ``None`` where it can.

    This is about what an invoice comes to: one unit may well cost less than the least charge. Nothing at all
    is fine too, as in a trial. The minimum is that of an account which is paid out in the same currency;
    after a conversion the other currency's decides.
    Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
    """
    minimum = _MINIMUM.get(currency.lower(), 0)
    complaint = _out_of_range(minor_units, currency) or _between_steps(minor_units, currency)
    if complaint is None and 0 < minor_units < minimum:
        least = f"{to_decimal(minimum, currency)} {currency.upper()}"
        return f"Stripe charges no less than {least}.", f"Write {minimum} or more."
    return complaint


def complaint_about_unit_amount(unit_amount: MinorUnits, currency: str) -> Complaint | None:
    """Say why Stripe cannot take a price of one unit, and what to write instead; ``None`` where it can.

    A whole amount must keep the currency's step, so that any quantity can be charged; one with decimals,
    up to twelve, is summed up first and rounded then.
    Source: https://docs.stripe.com/api/prices/create#create_price-unit_amount_decimal
    """
    exact = Decimal(unit_amount)
    if not exact.is_finite():
        return "A price must be a number.", "Write it in minor units, such as 0.25 for a quarter of a cent."
    complaint = _out_of_range(exact, currency)
    if complaint is not None:
        return complaint
    if exact != exact.quantize(_FINEST, context=_EXACT):
        return "Stripe keeps twelve decimals of a minor unit.", "Write no more than these."
    return _between_steps(int(exact), currency) if exact == int(exact) else None


def whole_minor_units(exact: Fraction) -> int:
    """Round to whole minor units, half away from zero, as Stripe rounds each line of an invoice."""
    rounded = floor(abs(exact) + Fraction(1, 2))
    return rounded if exact >= 0 else -rounded


def line_total(unit_amount: MinorUnits, quantity: int) -> int:
    """Return what ``quantity`` units cost together in minor units: multiplied exactly, then rounded."""
    return whole_minor_units(Fraction(unit_amount) * quantity)


def saving_percent(monthly: MinorUnits, yearly: MinorUnits) -> int:
    """Return how much cheaper a year is than twelve months, in whole percent; 0 where it is not.

    Rounded down, so that nobody is promised more than is given; both amounts are of one currency.
    """
    twelve_months = 12 * Fraction(monthly)
    if twelve_months <= 0:
        return 0
    return max(0, floor((twelve_months - Fraction(yearly)) * 100 / twelve_months))


def monthly_share(yearly: MinorUnits, currency: str) -> int:
    """Return what a yearly price comes to per month, rounded up to what can be charged in the currency:
    twelve times it is never less than what is paid.
    """
    step = chargeable_step(currency)
    return ceil(Fraction(yearly) / (12 * step)) * step


def _out_of_range(amount: MinorUnits, currency: str) -> Complaint | None:
    if currency.lower() not in CURRENCIES:
        return f"Stripe charges nothing in {currency!r}.", "Write a currency's three letters, such as usd."
    if amount < 0:
        return "An amount cannot be less than nothing.", "Write it without a minus."
    if amount > _MAXIMUM:
        return f"Stripe charges at most {_MAXIMUM} minor units.", "Write a smaller amount."
    return None


def _between_steps(minor_units: int, currency: str) -> Complaint | None:
    step = chargeable_step(currency)
    below = minor_units - minor_units % step
    if below == minor_units:
        return None
    code = currency.upper()
    return (
        f"Stripe charges {code} in steps of {step} minor units ({to_decimal(step, code)} {code}), and "
        f"{minor_units} is between two of them.",
        f"Write {below} or {below + step}.",
    )


_TYPED = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?")


def to_minor_units(typed: str, currency: str) -> int:
    """Turn ``49.00`` and ``usd`` into ``4900``, exactly; raises ``ValueError`` where that is not possible.

    Neither signs nor separators of thousands are taken: who types ``1,000`` may mean one or a thousand.
    """
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        raise ValueError(f"{typed!r} is no amount: write it like 49 or 49.00.")
    decimals = exponent(currency)
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > decimals:
        told = f"{decimals} decimals" if decimals else "no decimals"
        raise ValueError(f"Amounts in {currency.upper()} have {told}.")
    return int(found[1] + fraction.ljust(decimals, "0"))
