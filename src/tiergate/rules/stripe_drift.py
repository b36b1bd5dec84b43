"""In what Stripe sells something else than the published version of the catalogue says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiergate.rules.offer_at_stripe import OfferAtStripe, StripePrice, differences
from tiergate.rules.price import Price
from tiergate.rules.push_steps import Offer


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that differs."""

    kind: str
    """``not_mapped``, ``missing``, ``archived``, ``differs``, ``lookup_key_moved``, ``renamed`` or
    ``product_archived``."""
    name: str
    """A lookup key, or a product's id."""
    message: str

    @property
    def keeps_from_buying(self) -> bool:
        """Whether new customers cannot buy, or not at the price that stands in the catalogue."""
        return self.kind not in ("differs", "renamed")

    def __str__(self) -> str:
        """Read as ``team_monthly: price_1 is archived at Stripe.``."""
        return f"{self.name}: {self.message}"


def drift_of(
    offers: tuple[Offer, ...], at_stripe: OfferAtStripe, for_sale: Mapping[str, str]
) -> tuple[Drift, ...]:
    """Return what differs. ``for_sale`` has the prices that new customers buy at, by lookup key."""
    found: list[Drift] = []
    for offer in offers:
        found += _product(offer, at_stripe)
        for price in offer.prices:
            found += _price(price, at_stripe, for_sale.get(price.lookup_key))
    return tuple(found)


def _product(offer: Offer, at_stripe: OfferAtStripe) -> Iterator[Drift]:
    product = at_stripe.products.get(offer.product_id)
    if product is None or not product.is_of(offer.key_name, offer.key):
        return
    if product.name != offer.name:
        told = f"the product is called {product.name!r} at Stripe, and {offer.name!r} here."
        yield Drift("renamed", product.id, told)
    if not product.active:
        yield Drift("product_archived", product.id, "the product is archived at Stripe: nobody can buy it.")


def _price(price: Price, at_stripe: OfferAtStripe, price_id: str | None) -> Iterator[Drift]:
    name = price.lookup_key
    if price_id is None:
        yield Drift("not_mapped", name, "the price is published, but was never created at Stripe.")
        return
    found = at_stripe.prices.get(price_id)
    if found is None:
        yield Drift("missing", name, f"Stripe has no price {price_id}.")
        return
    if not found.active:
        yield Drift("archived", name, f"{price_id} is archived at Stripe: nobody can buy it.")
    if told := "; ".join(differences(price, found)):
        yield Drift("differs", name, f"{price_id} is another price at Stripe: {told}.")
    if price.stripe_price is None and found.lookup_key != name:
        yield Drift("lookup_key_moved", name, _whose(name, found, at_stripe))


def _whose(name: str, found: StripePrice, at_stripe: OfferAtStripe) -> str:
    holder = at_stripe.by_lookup_key(name)
    return f"the lookup key is no longer on {found.id}, but on {holder.id if holder else 'no price'}."
