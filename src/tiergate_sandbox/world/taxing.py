"""Taxes on one amount, and the table of the simple automatic tax.

https://docs.stripe.com/billing/taxes/tax-rates
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tiergate_sandbox.world.rounding import share

Obj = dict[str, Any]

_WHOLE = 1_000_000

AUTOMATIC_PERCENTAGES: dict[str, tuple[str, float]] = {
    "AT": ("vat", 20.0),
    "AU": ("gst", 10.0),
    "BE": ("vat", 21.0),
    "CA": ("gst", 5.0),
    "CH": ("vat", 8.1),
    "DE": ("vat", 19.0),
    "DK": ("vat", 25.0),
    "ES": ("vat", 21.0),
    "FI": ("vat", 25.5),
    "FR": ("vat", 20.0),
    "GB": ("vat", 20.0),
    "IE": ("vat", 23.0),
    "IT": ("vat", 22.0),
    "JP": ("jct", 10.0),
    "NL": ("vat", 21.0),
    "NO": ("vat", 25.0),
    "NZ": ("gst", 15.0),
    "PL": ("vat", 23.0),
    "PT": ("vat", 23.0),
    "SE": ("vat", 25.0),
    "SG": ("gst", 9.0),
}
"""Kind and percentage of the automatic tax by the customer's country; elsewhere nothing is collected."""


class Rate(NamedTuple):
    """A tax rate in millionths."""

    tax_rate: str
    millionths: int
    inclusive: bool

    @classmethod
    def of(cls, rate: Obj, *, inclusive: bool | None = None) -> "Rate":
        """Read a tax rate object."""
        millionths = int(Decimal(str(rate["percentage"])) * 10_000)
        return cls(rate["id"], millionths, rate["inclusive"] if inclusive is None else inclusive)


def taxes_on(amount: int, rates: Sequence[Rate], exempt: str = "none") -> list[Obj]:
    """Return the taxes on an amount, as an invoice line shows them.

    An inclusive tax is part of the amount, an exclusive one comes on top of what remains without the
    inclusive ones. ``exempt`` is the customer's ``tax_exempt``.
    """
    included = sum(rate.millionths for rate in rates if rate.inclusive)
    inside = {rate: _signed(amount, rate.millionths, _WHOLE + included) for rate in rates if rate.inclusive}
    taxable = amount - sum(inside.values())
    reasons = {"exempt": "customer_exempt", "reverse": "reverse_charge"}
    shown = []
    for rate in rates:
        tax = inside[rate] if rate.inclusive else _signed(taxable, rate.millionths, _WHOLE)
        shown.append(
            {
                "amount": tax if exempt == "none" else 0,
                "tax_behavior": "inclusive" if rate.inclusive else "exclusive",
                "tax_rate_details": {"tax_rate": rate.tax_rate},
                "taxability_reason": reasons.get(exempt, "standard_rated"),
                "taxable_amount": taxable if exempt == "none" else 0,
                "type": "tax_rate_details",
            }
        )
    return shown


def included_in(amount: int, rates: Sequence[Rate]) -> int:
    """Return how much of an amount is inclusive tax."""
    included = sum(rate.millionths for rate in rates if rate.inclusive)
    return _signed(amount, included, _WHOLE + included) if included else 0


def _signed(amount: int, part: int, whole: int) -> int:
    return share(amount, part, whole) if amount >= 0 else -share(-amount, part, whole)
