"""What a plan or an add-on costs: per interval, in one currency or several, per seat or by tiers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tiergate.rules.money import line_total
from tiergate.rules.tiered_price import Tier, TiersMode, tiered_total

Interval = Literal["month", "year"]
INTERVALS: tuple[Interval, ...] = ("month", "year")


class TaxBehavior(StrEnum):
    """Whether an amount contains the tax. Source: https://docs.stripe.com/tax/products-prices-tax-codes-tax-behavior"""

    UNSPECIFIED = "unspecified"
    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


@dataclass(frozen=True, slots=True)
class Amount:
    """What one interval costs in one currency, in Stripe's minor units: each unit, or by tiers."""

    currency: str
    unit_amount: int
    """What one seat costs, or the whole where nothing is counted. With tiers: what the first unit costs."""
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs per interval, as one price at Stripe. Amounts are in Stripe's minor units."""

    lookup_key: str
    """The name under which Stripe knows the price, for instance ``team_monthly``."""
    interval: Interval
    currency: str
    """The currency that Stripe charges unless another one is asked for."""
    unit_amount: int
    currency_options: Mapping[str, Amount] = field(default_factory=dict)
    """What it costs in other currencies, by currency. Source: https://docs.stripe.com/api/prices/object"""
    tiers: tuple[Tier, ...] = ()
    tiers_mode: TiersMode | None = None
    """How ``tiers`` apply; ``None`` where there are none."""
    tax_behavior: TaxBehavior = TaxBehavior.UNSPECIFIED
    stripe_price: str | None = None
    """A price that exists at Stripe already, by its id (``price_…``) or by the name of the environment
    variable that holds it (``STRIPE_PRICE_TEAM_MONTHLY``); ``None`` where tiergate creates one."""

    @property
    def currencies(self) -> tuple[str, ...]:
        """All currencies that it is sold in, its own first."""
        return (self.currency, *self.currency_options)

    @property
    def amount(self) -> Amount:
        """What it costs in its own currency."""
        return Amount(self.currency, self.unit_amount, self.tiers)

    def amount_in(self, currency: str) -> Amount | None:
        """Return what it costs in a currency; ``None`` where it is not sold in that."""
        return self.amount if currency == self.currency else self.currency_options.get(currency)

    def total(self, quantity: int, currency: str) -> int:
        """Return what ``quantity`` units cost in a currency, or in its own where it is not sold in that."""
        amount = self.amount_in(currency) or self.amount
        if amount.tiers and self.tiers_mode is not None:
            return tiered_total(amount.tiers, self.tiers_mode, quantity)
        return line_total(amount.unit_amount, quantity)
