"""What of the offer is at Stripe: its products and prices, and in what a price differs from the file's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.tiered_price import Tier

KEY_NAMES = ("plan_key", "add_on_key")
"""The keys of metadata that name what a product or a price of ours sells."""


@dataclass(frozen=True, slots=True)
class StripeProduct:
    """A product at Stripe."""

    id: str
    name: str
    active: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)

    def is_of(self, key_name: str, key: str) -> bool:
        """Whether its metadata says that it sells this plan or add-on."""
        return self.metadata.get(key_name) == key

    @property
    def is_marked(self) -> bool:
        """Whether its metadata says that it sells a plan or an add-on."""
        return any(self.metadata.get(name) for name in KEY_NAMES)


@dataclass(frozen=True, slots=True)
class StripePrice:
    """A price at Stripe, in the form that the file would give it."""

    id: str
    product_id: str
    interval: str
    """``month`` and ``year``; what is charged otherwise is named too: ``3 months``, ``once``."""
    currency: str
    unit_amount: int | None
    """``None`` where tiers say it, or where it is no whole number of the smallest unit."""
    lookup_key: str | None = None
    active: bool = True
    currency_options: Mapping[str, Amount] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    tax_behavior: str = "unspecified"
    metadata: Mapping[str, str] = field(default_factory=dict)
    trial_days: int | None = None

    @property
    def is_made_by_us(self) -> bool:
        """Whether a push has created it: nobody else writes both of these into its metadata."""
        return bool(self.metadata.get("catalog_version")) and self.sells is not None

    @property
    def sells(self) -> tuple[str, str] | None:
        """What its metadata says that it sells: ``("plan_key", "team")``."""
        return next(((name, self.metadata[name]) for name in KEY_NAMES if self.metadata.get(name)), None)


@dataclass(frozen=True, slots=True)
class OfferAtStripe:
    """What concerns the offer: our products, the prices in them, and whatever bears our lookup keys."""

    products: Mapping[str, StripeProduct] = field(default_factory=dict)
    prices: Mapping[str, StripePrice] = field(default_factory=dict)

    def by_lookup_key(self, lookup_key: str) -> StripePrice | None:
        """Return the price that bears a lookup key: at Stripe there is at most one."""
        return next((price for price in self.prices.values() if price.lookup_key == lookup_key), None)


def differences(price: Price, found: StripePrice) -> Iterator[str]:
    """Yield in what a price at Stripe is another one than the file's, in words.

    A file that says nothing of tax agrees with whatever was chosen at Stripe.
    """
    if found.interval != price.interval:
        yield f"it is charged per {found.interval}, not per {price.interval}"
    if found.currency != price.currency:
        yield f"its currency is {found.currency}, not {price.currency}"
    elif price.tiers or found.tiers_mode:
        if (found.tiers, found.tiers_mode) != (price.tiers, price.tiers_mode):
            yield "its tiers are others"
    elif found.unit_amount != price.unit_amount:
        yield f"its amount is {found.unit_amount}, not {price.unit_amount}"
    if not _same_options(price.currency_options, found.currency_options):
        yield "its amounts in other currencies differ"
    if price.tax_behavior not in (TaxBehavior.UNSPECIFIED, found.tax_behavior):
        yield f"its tax behavior is {found.tax_behavior}, not {price.tax_behavior}"


def _same_options(wanted: Mapping[str, Amount], found: Mapping[str, Amount]) -> bool:
    """Compare amounts in other currencies; tiers that Stripe leaves out of its answer count as the same."""
    return wanted.keys() == found.keys() and all(
        found[currency] == amount or (amount.tiers and not found[currency].tiers)
        for currency, amount in wanted.items()
    )
