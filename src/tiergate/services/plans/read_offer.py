"""Reads what of the offer is at Stripe, and what the database maps of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from tiergate.rules.catalog import Catalog
from tiergate.rules.offer_at_stripe import OfferAtStripe, StripePrice, StripeProduct
from tiergate.rules.push_steps import KnownPrice, is_our_product, offers_of
from tiergate.services.context import Context
from tiergate.store.catalog_rows import MappedPrice, prices_of_mode
from tiergate.stripe_api.gateway import Answer, Json
from tiergate.stripe_api.read_offer import read_price, read_product

_MOST_LOOKUP_KEYS = 10
"""In one question. Source: https://docs.stripe.com/api/prices/list"""


@dataclass(frozen=True, slots=True)
class OfferReading:
    """What was found."""

    at_stripe: OfferAtStripe
    mapped: tuple[MappedPrice, ...]

    @property
    def known(self) -> tuple[KnownPrice, ...]:
        """The mapped prices, as the rules want them: those of the newest versions first."""
        return tuple(
            KnownPrice(
                price.stripe_price_id,
                price.stripe_product_id,
                "plan_key" if price.plan_key else "add_on_key",
                price.plan_key or price.add_on_key or "",
                price.is_given,
            )
            for price in self.mapped
        )

    @property
    def for_sale(self) -> Mapping[str, str]:
        """The ids of the prices at which new customers buy, by lookup key."""
        newest_last = reversed(self.mapped)
        return {price.lookup_key: price.stripe_price_id for price in newest_last if price.active}


def read_offer(context: Context, catalogs: Iterable[Catalog], given: Collection[str] = ()) -> OfferReading:
    """Read our products, the prices that are for sale in them, and what bears the catalogues' lookup keys.

    ``given`` has the ids of further prices that are wanted. What Stripe does not have is left out.
    """
    catalogs = list(catalogs)
    with context.database.read() as tx:
        mapped = tuple(prices_of_mode(tx, context.livemode))
    reading = OfferReading(OfferAtStripe({}, {}), mapped)
    products = _products(context, catalogs, reading)
    prices: dict[str, StripePrice] = {}
    keys = {price.lookup_key for catalog in catalogs for price in catalog.prices}
    for ten in in_tens(sorted(keys)):
        prices |= {each["id"]: read_price(each) for each in _bodies(context.gateway.list_prices(list(ten)))}
    for product_id in sorted(products):
        found = context.gateway.list_active_prices(product_id)
        prices |= {each["id"]: read_price(each) for each in _bodies(found)}
    wanted = {price_id for key, price_id in reading.for_sale.items() if key in keys} | set(given)
    for price_id in sorted(wanted - prices.keys()):
        answer = context.gateway.fetch_price(price_id)
        if answer is not None:
            prices[price_id] = read_price(answer.body)
    return OfferReading(OfferAtStripe(products, prices), mapped)


def _products(
    context: Context, catalogs: Iterable[Catalog], reading: OfferReading
) -> dict[str, StripeProduct]:
    """Read the products that are ours, or that bear the ids which ours would have."""
    active = {body["id"]: read_product(body) for body in _bodies(context.gateway.list_active_products())}
    known = {price.product_id for price in reading.known}
    expected = {
        offer.product_id for catalog in catalogs for offer in offers_of(catalog, reading.at_stripe, ())
    }
    found = {
        product.id: product
        for product in active.values()
        if product.id in known | expected
        or any(is_our_product(product, each.product.name, {}) for each in catalogs)
    }
    for product_id in sorted((known | expected) - active.keys()):
        answer = context.gateway.fetch_product(product_id)
        if answer is not None and not answer.body.get("deleted"):
            found[product_id] = read_product(answer.body)
    return found


def in_tens(keys: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Cut lookup keys into as many as Stripe takes at once."""
    rest = iter(keys)
    while some := tuple(islice(rest, _MOST_LOOKUP_KEYS)):
        yield some


def _bodies(answers: Iterable[Answer]) -> Iterator[Json]:
    return (answer.body for answer in answers)
