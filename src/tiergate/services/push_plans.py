"""Publishes a catalogue: into the database as a new version, and to Stripe as products and prices."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import Catalog, Plan, Price
from tiergate.rules.catalog_file import parse_catalog
from tiergate.services.context import Context
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
    for plan in catalog:
        existing = _existing(context, plan)
        for price in plan.prices:
            found = existing.get(price.lookup_key)
            fits = found is not None and _is_same(found, price)
            at_stripe = found if found is not None and fits else _create_price(context, catalog, plan, price)
            (kept if fits else created).append(price.lookup_key)
            _map(context, catalog, plan, price, at_stripe)
    _publish(context, version, text)
    return Pushed(version, tuple(created), tuple(kept))


def _version(context: Context, text: str) -> int:
    with context.database.read() as tx:
        newest = newest_catalog(tx)
    if newest is None:
        return 1
    return newest.version if newest.text == text else newest.version + 1


def _existing(context: Context, plan: Plan) -> dict[str, dict[str, Any]]:
    lookup_keys = [price.lookup_key for price in plan.prices]
    if not lookup_keys:
        return {}
    return {answer.body["lookup_key"]: answer.body for answer in context.gateway.list_prices(lookup_keys)}


def _is_same(found: dict[str, Any], price: Price) -> bool:
    recurring = found.get("recurring") or {}
    return (
        found["active"]
        and found["currency"] == price.currency
        and found["unit_amount"] == price.unit_amount
        and (recurring.get("interval"), recurring.get("interval_count")) == (price.interval, 1)
    )


def _create_price(context: Context, catalog: Catalog, plan: Plan, price: Price) -> dict[str, Any]:
    params = {
        "product": _ensure_product(context, catalog, plan),
        "lookup_key": price.lookup_key,
        "transfer_lookup_key": True,
        "currency": price.currency,
        "unit_amount": price.unit_amount,
        "recurring": {"interval": price.interval},
        "metadata": {"plan_key": plan.key, "catalog_version": str(catalog.version)},
    }
    return context.gateway.create_price(params, _key("price", params)).body


def _ensure_product(context: Context, catalog: Catalog, plan: Plan) -> str:
    """Return the plan's product at Stripe, whose id we choose, so that it is created once and for all."""
    product_id = re.sub(r"[^a-z0-9]+", "_", f"{catalog.product.name} {plan.key}".lower()).strip("_")
    params = {
        "id": product_id,
        "name": f"{catalog.product.name} {plan.name}",
        "metadata": {"plan_key": plan.key},
    }
    try:
        context.gateway.create_product(params, _key("product", params))
    except StripeRefusedError as error:
        if error.stripe_code != "resource_already_exists":
            raise
    return product_id


def _key(kind: str, params: dict[str, Any]) -> str:
    """Return an idempotency key that names exactly this request."""
    return f"{kind}:{hashlib.sha256(repr(sorted(params.items())).encode()).hexdigest()[:32]}"


def _map(context: Context, catalog: Catalog, plan: Plan, price: Price, at_stripe: dict[str, Any]) -> None:
    mapped = MappedPrice(
        stripe_price_id=at_stripe["id"],
        stripe_product_id=at_stripe["product"],
        lookup_key=price.lookup_key,
        plan_key=plan.key,
        interval=price.interval,
        currency=price.currency,
        unit_amount=price.unit_amount,
        livemode=context.livemode,
        catalog_version=catalog.version,
        active=True,
    )
    with context.database.write() as tx:
        map_price(tx, mapped, context.now())
        retire_prices(tx, price.lookup_key, context.livemode, except_id=mapped.stripe_price_id)


def _publish(context: Context, version: int, text: str) -> None:
    with context.database.write() as tx:
        newest = newest_catalog(tx)
        if newest is None or newest.version < version:
            publish_catalog(tx, PublishedCatalog(version, text), context.now())
            due_now(tx)
