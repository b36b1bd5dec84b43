"""What a push does at Stripe: one list of steps, which is shown before and carried out afterwards.

Nothing is edited that was sold. A changed price is a new one under the same lookup key; what the file no
longer has is archived, and only if a push created it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from tiergate.rules.catalog import Catalog
from tiergate.rules.offer_at_stripe import OfferAtStripe, StripePrice, StripeProduct, differences
from tiergate.rules.price import Price

_KEPT_AS_IT_IS = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


class Action(StrEnum):
    """What a step does."""

    CREATE_PRODUCT = "create_product"
    RENAME_PRODUCT = "rename_product"
    REVIVE_PRODUCT = "revive_product"
    CREATE_PRICE = "create_price"
    ARCHIVE_PRICE = "archive_price"
    ARCHIVE_PRODUCT = "archive_product"


@dataclass(frozen=True, slots=True)
class Offer:
    """What Stripe sells as one product: a plan, or an add-on."""

    product_id: str
    name: str
    key_name: str
    """``plan_key`` or ``add_on_key``: what the key is called in metadata and in the table of prices."""
    key: str
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One write at Stripe."""

    action: Action
    name: str
    """What it is done to: a lookup key, or a product's id."""
    why: str
    """For people: ``new amount``."""
    object_id: str = ""
    """The product, or the price that is archived or loses its lookup key to the new one."""
    offer: Offer | None = None
    price: Price | None = None

    def __str__(self) -> str:
        """Read as ``create price team_monthly: 4900 usd per month``."""
        return f"{self.action.replace('_', ' ')} {self.name}: {self.why}"


@dataclass(frozen=True, slots=True)
class KnownPrice:
    """A price that the database maps: what it sells, and whether the file named it by ``stripe_price``."""

    id: str
    product_id: str
    key_name: str
    key: str
    is_given: bool = False


@dataclass(frozen=True, slots=True)
class PushSteps:
    """What is to be done before the version is published, and what is cleared away once it is."""

    offers: tuple[Offer, ...]
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    kept: Mapping[str, StripePrice] = field(default_factory=dict)
    """By lookup key: the prices that are as the file says already."""

    @property
    def all(self) -> tuple[Step, ...]:
        """Every step in order."""
        return self.before + self.after


def offers_of(catalog: Catalog, at_stripe: OfferAtStripe, known: Sequence[KnownPrice]) -> tuple[Offer, ...]:
    """Return what is sold. Products keep the ids that they were created under, whatever they are called now.

    The ids of new ones are ours, so that each is created once and for all.
    """
    product = catalog.product.name
    sold = [("plan_key", plan.key, plan.name, plan.prices) for plan in catalog if plan.prices]
    sold += [("add_on_key", one.key, one.name, one.prices) for one in catalog.add_ons.values()]
    return tuple(
        Offer(
            _product_of(key_name, key, at_stripe, known) or new_product_id(product, key_name, key),
            f"{product} {name}",
            key_name,
            key,
            prices,
        )
        for key_name, key, name, prices in sold
    )


def slug(*parts: str) -> str:
    """Return an id for a product: ``northwind_team``."""
    return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).lower()).strip("_")


def new_product_id(product: str, key_name: str, key: str) -> str:
    """Return the id of a new product, another one for each key: ``acme_team``, ``acme_addon_seats``.

    A key that an id cannot hold as it is, such as ``pro-x`` beside ``pro_x``, is followed by a digest of it.
    """
    plain = slug(product, key) if key_name == "plan_key" else slug(product, "addon", key)
    is_kept = _KEPT_AS_IT_IS.fullmatch(key) and not (key_name == "plan_key" and key.startswith("addon_"))
    return plain if is_kept else f"{plain}_{sha256(f'{key_name}:{key}'.encode()).hexdigest()[:8]}"


def _product_of(key_name: str, key: str, at_stripe: OfferAtStripe, known: Sequence[KnownPrice]) -> str | None:
    mine = (price.product_id for price in known if (price.key_name, price.key) == (key_name, key))
    found = (at_stripe.products.get(product_id) for product_id in mine)
    return next((product.id for product in found if product and product.is_of(key_name, key)), None)


def plan_push(
    catalog: Catalog,
    at_stripe: OfferAtStripe,
    known: Sequence[KnownPrice],
    given: Mapping[str, str] | None = None,
) -> PushSteps:
    """Return what makes Stripe sell exactly what a catalogue says.

    ``given`` has the ids of the prices that are at Stripe already, by lookup key: they are used as they are.
    """
    ids = given or {}
    offers = offers_of(catalog, at_stripe, known)
    mapped = {price.id: price for price in known}
    before: list[Step] = []
    kept: dict[str, StripePrice] = {}
    for offer in offers:
        prices: list[Step] = []
        for price in offer.prices:
            found = at_stripe.prices.get(ids.get(price.lookup_key, "")) or at_stripe.by_lookup_key(
                price.lookup_key
            )
            why = [] if price.lookup_key in ids else list(_why_new(offer, price, found, mapped))
            if found is not None and not why:
                kept[price.lookup_key] = found
            else:
                prices.append(_create(offer, price, found, why))
        uses = any(one.product_id == offer.product_id for one in _kept_of(offer, kept))
        before += [*_product(offer, at_stripe.products.get(offer.product_id), prices, uses), *prices]
    used = frozenset(price.id for price in kept.values())
    return PushSteps(offers, tuple(before), tuple(_clear(catalog, offers, at_stripe, mapped, used)), kept)


def _kept_of(offer: Offer, kept: Mapping[str, StripePrice]) -> Iterator[StripePrice]:
    for price in offer.prices:
        if price.lookup_key in kept:
            yield kept[price.lookup_key]


def _why_new(
    offer: Offer, price: Price, found: StripePrice | None, mapped: Mapping[str, KnownPrice]
) -> Iterator[str]:
    """Yield why what bears the lookup key at Stripe cannot be sold as this price."""
    if found is None:
        return
    if not found.active:
        yield "the one at Stripe is archived"
    itself = (offer.key_name, offer.key)
    theirs = mapped.get(found.id)
    if (found.sells or itself) != itself or (theirs and (theirs.key_name, theirs.key) != itself):
        yield "the lookup key belonged to another plan"
    yield from differences(price, found)


def _create(offer: Offer, price: Price, found: StripePrice | None, why: Sequence[str]) -> Step:
    told = f"new price per {price.interval}" if found is None else f"replaces {found.id}: {'; '.join(why)}"
    return Step(Action.CREATE_PRICE, price.lookup_key, told, found.id if found else "", offer, price)


def _product(
    offer: Offer, found: StripeProduct | None, creates: Sequence[Step], uses: bool
) -> Iterator[Step]:
    if found is None:
        if creates:
            yield Step(
                Action.CREATE_PRODUCT,
                offer.product_id,
                f"new product {offer.name!r}",
                offer.product_id,
                offer,
            )
        return
    if not (creates or uses):
        return
    if not found.active:
        yield Step(Action.REVIVE_PRODUCT, found.id, "sold again", found.id, offer)
    if found.is_of(offer.key_name, offer.key) and found.name != offer.name:
        told = f"from {found.name!r} to {offer.name!r}"
        yield Step(Action.RENAME_PRODUCT, found.id, told, found.id, offer)


def _clear(
    catalog: Catalog,
    offers: Sequence[Offer],
    at_stripe: OfferAtStripe,
    mapped: Mapping[str, KnownPrice],
    used: frozenset[str],
) -> Iterator[Step]:
    """Yield what archives prices and products that the file does not have, if a push created them."""
    ours = {
        product.id
        for product in at_stripe.products.values()
        if is_our_product(product, catalog.product.name, mapped)
    }
    gone: set[str] = set()
    for price in sorted(at_stripe.prices.values(), key=lambda each: (each.lookup_key or "", each.id)):
        known = mapped.get(price.id)
        is_ours = price.is_made_by_us and (known is not None or price.product_id in ours)
        if price.active and is_ours and price.id not in used and not (known and known.is_given):
            gone.add(price.id)
            name = price.lookup_key or price.id
            yield Step(Action.ARCHIVE_PRICE, name, "not sold any more; who pays it goes on", price.id)
    for product_id in sorted(ours - {offer.product_id for offer in offers}):
        left = any(
            price.active and price.product_id == product_id and price.id not in gone
            for price in at_stripe.prices.values()
        )
        if at_stripe.products[product_id].active and not left:
            yield Step(Action.ARCHIVE_PRODUCT, product_id, "no price of it is sold any more", product_id)


def is_our_product(product: StripeProduct, product_name: str, mapped: Mapping[str, KnownPrice]) -> bool:
    """Whether a push created a product: it says what it sells, and is known here or has an id of ours.

    Another application that sells through the same Stripe account has ids of its own.
    """
    is_known = any(price.product_id == product.id and not price.is_given for price in mapped.values())
    return product.is_marked and (is_known or product.id.startswith(f"{slug(product_name)}_"))
