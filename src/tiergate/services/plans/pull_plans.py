"""Gives the text of the plans back: as it was published, or brought in line with what Stripe sells."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tiergate.rules.catalog_file import CatalogError, parse_catalog, parse_document
from tiergate.rules.offer_at_stripe import StripePrice, StripeProduct
from tiergate.rules.price import INTERVALS
from tiergate.rules.push_steps import slug
from tiergate.services.context import Context
from tiergate.services.plans.catalog_text import GROUPS, FoundOffer, Group, named_prices, with_offers
from tiergate.services.plans.load_catalog import NoPlansError
from tiergate.services.plans.plan_moves import UnknownVersionError
from tiergate.store.catalog_rows import PublishedCatalog, catalogs_before, newest_catalog, prices_of_mode
from tiergate.stripe_api.read_offer import read_price, read_product

_NAMELESS = "My product"


@dataclass(frozen=True, slots=True)
class Pulled:
    """A text, and what in it wants a look."""

    text: str
    notes: tuple[str, ...] = ()


def pull_plans(
    context: Context,
    *,
    source: Literal["database", "stripe"] = "database",
    version: int | None = None,
    existing: str | None = None,
) -> Pulled:
    """Return the text of the plans.

    From the database that is a published version, letter by letter. From Stripe it is ``existing``, or else
    the version in force, or else nothing, changed where Stripe sells something else: comments stay. Raises
    ``NoPlansError``, ``UnknownVersionError``, ``StripeUnavailableError``, and ``CatalogError`` where
    ``existing`` is no TOML.
    """
    if source == "stripe":
        return _from_stripe(context, existing)
    versions = published_versions(context)
    if not versions:
        raise NoPlansError("No plans are published.", "Run: tiergate plans push billing.toml")
    found = next((each for each in versions if version in (None, each.version)), None)
    if found is None:
        known = ", ".join(str(each.version) for each in versions)
        raise UnknownVersionError(f"There is no version {version}.", f"The versions are: {known}.")
    return Pulled(found.text)


def published_versions(context: Context) -> list[PublishedCatalog]:
    """Return all versions, the one in force first."""
    with context.database.read() as tx:
        newest = newest_catalog(tx)
        return [newest, *reversed(catalogs_before(tx, newest.version))] if newest else []


def _from_stripe(context: Context, existing: str | None) -> Pulled:
    versions = published_versions(context)
    text = existing if existing is not None else versions[0].text if versions else ""
    document = parse_document(text)
    reading = _Reading(context)
    reading.read()
    product = _product_name(context, document, reading.products.values())
    offers = list(reading.offers(product, named_prices(document, context.stripe_prices)))
    pulled = with_offers(text, product, offers, context.stripe_prices)
    return Pulled(pulled, (*reading.notes, *_missing(document, offers), *_mistakes(pulled)))


def _product_name(context: Context, document: Mapping[str, Any], products: Iterable[StripeProduct]) -> str:
    """Return what the product is called: in the file, by what Stripe's products have in common, or at all."""
    named = (document.get("product") or {}).get("name")
    if named:
        return str(named)
    first = {product.name.split()[0] for product in products if product.name}
    if len(first) == 1:
        return first.pop()
    account = context.gateway.fetch_own_account().body
    return (account.get("business_profile") or {}).get("name") or _NAMELESS


def _missing(document: Mapping[str, Any], offers: Sequence[FoundOffer]) -> Iterator[str]:
    found = {(offer.group, offer.key) for offer in offers}
    for group in GROUPS:
        for key, entry in (document.get(group) or {}).items():
            if isinstance(entry, Mapping) and entry.get("prices") and (group, key) not in found:
                yield f"{group}.{key} is in the file and not for sale at Stripe; it was left as it is."


def _mistakes(text: str) -> Iterator[str]:
    try:
        parse_catalog(text)
    except CatalogError as error:
        yield from (f"{mistake}" for mistake in error.mistakes)


@dataclass
class _Reading:
    """What Stripe sells, by product."""

    context: Context
    products: dict[str, StripeProduct] = field(default_factory=dict)
    prices: list[StripePrice] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self) -> None:
        gateway = self.context.gateway
        found = [read_price(answer.body) for answer in gateway.list_active_prices()]
        sold = {price.product_id for price in found}
        products = (read_product(answer.body) for answer in gateway.list_active_products())
        self.products = {product.id: product for product in products if product.id in sold}
        self.prices = [price for price in found if price.product_id in self.products and self._fits(price)]

    def _fits(self, price: StripePrice) -> bool:
        name = price.lookup_key or price.id
        if price.interval not in INTERVALS:
            self.notes.append(f"{name} is charged per {price.interval}: the file has months and years only.")
            return False
        if price.unit_amount is None and not price.tiers:
            self.notes.append(f"{name} costs a fraction of the smallest unit, which the file cannot say.")
            return False
        return True

    def offers(self, product_name: str, named: Mapping[str, tuple[Group, str]]) -> Iterator[FoundOffer]:
        """Yield what is sold, the cheapest first; ``named`` has what the file says of prices."""
        with self.context.database.read() as tx:
            mapped = {price.stripe_price_id: price for price in prices_of_mode(tx, self.context.livemode)}
        found: dict[tuple[Group, str], list[StripePrice]] = {}
        names: dict[tuple[Group, str], str] = {}
        for price in self.prices:
            product = self.products[price.product_id]
            name = re.sub(rf"^{re.escape(product_name)}\s+", "", product.name)
            theirs = mapped.get(price.id)
            offer = (
                named.get(price.id)
                or named.get(price.lookup_key or "")
                or _told(price.metadata)
                or _told(product.metadata)
                or (theirs and _told({"plan_key": theirs.plan_key, "add_on_key": theirs.add_on_key}))
                or ("plans", slug(name))
            )
            found.setdefault(offer, []).append(price)
            names[offer] = name
        for offer, prices in sorted(found.items(), key=lambda each: _least(each[1])):
            yield FoundOffer(*offer, names[offer], tuple(self._once(prices)))

    def _once(self, prices: Sequence[StripePrice]) -> Iterator[StripePrice]:
        """Yield one price per interval and currency: the one with a lookup key, else the newest."""
        seen: set[tuple[str, str]] = set()
        for price in sorted(prices, key=lambda each: (each.interval, each.lookup_key is None)):
            sold = {(price.interval, currency) for currency in (price.currency, *price.currency_options)}
            if sold & seen:
                self.notes.append(f"{price.id} is a second price per {price.interval}; it was left out.")
                continue
            seen |= sold
            yield price


def _told(metadata: Mapping[str, str | None]) -> tuple[Group, str] | None:
    """Return what metadata says that a price or a product sells."""
    names: tuple[tuple[Group, str], ...] = (("plans", "plan_key"), ("addons", "add_on_key"))
    return next(((group, key) for group, name in names if (key := metadata.get(name))), None)


def _least(prices: Sequence[StripePrice]) -> tuple[int, str]:
    return min((price.unit_amount or 0, price.id) for price in prices)
