"""Publishes a catalogue: into the database as a new version, and to Stripe as products and prices."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.price import Price
from tiergate.services.context import Context
from tiergate.services.remap import remap
from tiergate.store.account_rows import due_now
from tiergate.store.catalog_rows import (
    MappedPrice,
    PublishedCatalog,
    map_price,
    newest_catalog,
    publish_catalog,
    retire_prices,
)
from tiergate.stripe_api.gateway import StripeRefusedError

_MOST_LOOKUP_KEYS = 10
"""In one question. Source: https://docs.stripe.com/api/prices/list"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did."""

    version: int
    created: tuple[str, ...]
    """Lookup keys of the prices that were created at Stripe."""
    kept: tuple[str, ...]
    """Lookup keys of the prices that were there already."""


def push_plans(context: Context, text: str, file_name: str = "billing.toml") -> Pushed:
    """Make the offer of a file live; pushing the same file again changes nothing.

    Prices are found again by their lookup keys. One whose amount differs is never edited: a new price
    takes over its lookup key, and who bought at the old one keeps it. The version is published last, so
    that nobody is offered what Stripe cannot sell yet. Raises ``CatalogError`` before anything is touched.
    """
    version = _version(context, text)
    catalog = parse_catalog(text, file_name, version)
    created: list[str] = []
    kept: list[str] = []
    mapped: list[MappedPrice] = []
    for offer in _offers(catalog):
        existing = _existing(context, offer)
        for price in offer.prices:
            found = existing.get(price.lookup_key)
            fits = found is not None and _is_same(found, price)
            at_stripe = found if found is not None and fits else _create_price(context, offer, price, found)
            (kept if fits else created).append(price.lookup_key)
            mapped.append(_mapped(context, offer, price, at_stripe))
    _publish(context, PublishedCatalog(version, text), mapped)
    remap(context, [price.stripe_price_id for price in mapped])
    return Pushed(version, tuple(created), tuple(kept))


@dataclass(frozen=True, slots=True)
class _Offer:
    """What Stripe sells as one product: a plan, or an add-on."""

    product_id: str
    name: str
    key_name: str
    """``plan_key`` or ``add_on_key``: what the key is called in metadata and in the table of prices."""
    key: str
    prices: tuple[Price, ...]
    catalog_version: int


def _offers(catalog: Catalog) -> list[_Offer]:
    """Return what is sold. The products' ids are ours, so that each is created once and for all."""
    product = catalog.product.name
    plans = [
        _Offer(_slug(product, plan.key), f"{product} {plan.name}", "plan_key", plan.key, plan.prices,
               catalog.version)
        for plan in catalog
    ]  # fmt: skip
    return plans + [
        _Offer(_slug(product, "addon", add_on.key), f"{product} {add_on.name}", "add_on_key", add_on.key,
               add_on.prices, catalog.version)
        for add_on in catalog.add_ons.values()
    ]  # fmt: skip


def _slug(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).lower()).strip("_")


def _version(context: Context, text: str) -> int:
    with context.database.read() as tx:
        newest = newest_catalog(tx)
    if newest is None:
        return 1
    return newest.version if newest.text == text else newest.version + 1


def _existing(context: Context, offer: _Offer) -> dict[str, dict[str, Any]]:
    keys = [price.lookup_key for price in offer.prices]
    tens = [keys[begin : begin + _MOST_LOOKUP_KEYS] for begin in range(0, len(keys), _MOST_LOOKUP_KEYS)]
    answers = (answer for ten in tens for answer in context.gateway.list_prices(ten))
    return {answer.body["lookup_key"]: answer.body for answer in answers}


def _is_same(found: dict[str, Any], price: Price) -> bool:
    recurring = found.get("recurring") or {}
    return (
        found["active"]
        and found["currency"] == price.currency
        and found["unit_amount"] == price.unit_amount
        and (recurring.get("interval"), recurring.get("interval_count")) == (price.interval, 1)
    )


def _create_price(
    context: Context, offer: _Offer, price: Price, instead_of: dict[str, Any] | None
) -> dict[str, Any]:
    """Create a price, in place of the one that bears its lookup key now.

    It belongs to no account, and so to no operation: the look-up by its lookup key, just before, finds one
    that an interrupted push has left behind, however long ago. The idempotency key names the price that is
    replaced, too, for else an archived price would be answered with itself.
    """
    params = {
        "product": _ensure_product(context, offer),
        "lookup_key": price.lookup_key,
        "transfer_lookup_key": True,
        "currency": price.currency,
        "unit_amount": price.unit_amount,
        "recurring": {"interval": price.interval},
        "metadata": {offer.key_name: offer.key, "catalog_version": str(offer.catalog_version)},
    }
    replaced = instead_of and instead_of["id"]
    return context.gateway.create_price(params, _key("price", {**params, "instead_of": replaced})).body


def _ensure_product(context: Context, offer: _Offer) -> str:
    """Return the product at Stripe, creating it where there is none.

    We choose its id, so Stripe itself refuses a second one of it: no key that it forgets is relied on.
    """
    params = {"id": offer.product_id, "name": offer.name, "metadata": {offer.key_name: offer.key}}
    try:
        context.gateway.create_product(params, _key("product", params))
    except StripeRefusedError as error:
        if error.stripe_code != "resource_already_exists":
            raise
    return offer.product_id


def _key(kind: str, params: dict[str, Any]) -> str:
    """Return an idempotency key that names exactly this request."""
    return f"{kind}:{hashlib.sha256(repr(sorted(params.items())).encode()).hexdigest()[:32]}"


def _mapped(context: Context, offer: _Offer, price: Price, at_stripe: dict[str, Any]) -> MappedPrice:
    return MappedPrice(
        stripe_price_id=at_stripe["id"],
        stripe_product_id=at_stripe["product"],
        lookup_key=price.lookup_key,
        plan_key=offer.key if offer.key_name == "plan_key" else None,
        add_on_key=offer.key if offer.key_name == "add_on_key" else None,
        interval=price.interval,
        currency=price.currency,
        unit_amount=price.unit_amount,
        livemode=context.livemode,
        catalog_version=offer.catalog_version,
        active=True,
    )


def _publish(context: Context, catalog: PublishedCatalog, mapped: list[MappedPrice]) -> None:
    """Map the prices and publish the version at once: nothing is sold under a version that is not there."""
    with context.database.write() as tx:
        for price in mapped:
            map_price(tx, price, context.now())
            retire_prices(tx, price.lookup_key, context.livemode, except_id=price.stripe_price_id)
        newest = newest_catalog(tx)
        if newest is None or newest.version < catalog.version:
            publish_catalog(tx, catalog, context.now())
            due_now(tx)
