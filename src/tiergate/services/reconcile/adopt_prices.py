"""Finds out what each of Stripe's prices sells, when an existing Stripe account is taken over."""

from collections.abc import Mapping, Sequence
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.errors import UnknownPlanError
from tiergate.services.context import Context
from tiergate.services.mirror.remap import remap
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store.catalog_rows import MappedPrice, find_prices, map_price

Json = Mapping[str, Any]


def check_assignments(catalog: Catalog, assigned: Mapping[str, str]) -> None:
    """Make sure that every price is assigned to a plan or an add-on that exists.

    Raises ``UnknownPlanError``.
    """
    for price_id, key in assigned.items():
        if key not in catalog.plans and key not in catalog.add_ons:
            raise UnknownPlanError(
                f"{price_id} cannot sell {key!r}: there is no such plan or add-on.",
                f"The catalogue has: {', '.join([*catalog.plans, *catalog.add_ons])}.",
            )


def adopt_prices(context: Context, entries: Sequence[Json], assigned: Mapping[str, str]) -> None:
    """Map a page of prices to plans and add-ons, as far as anything says what they sell.

    That is, in this order: what the caller has ``assigned`` by id, the lookup key, and ``plan_key`` in the
    metadata of the price or of its product. A price that is mapped already changes only when assigned.
    """
    with context.database.read() as tx:
        catalog = load_catalog(tx)
        known = find_prices(tx, [entry["id"] for entry in entries])
    found = [
        mapped
        for entry in entries
        if (entry["id"] not in known or entry["id"] in assigned)
        and (mapped := _mapped(context, catalog, entry, assigned)) is not None
    ]
    if found:
        with context.database.write() as tx:
            for price in found:
                map_price(tx, price, context.now())
        remap(context, [price.stripe_price_id for price in found])


def _mapped(
    context: Context, catalog: Catalog, entry: Json, assigned: Mapping[str, str]
) -> MappedPrice | None:
    key = _sells(catalog, entry, assigned)
    recurring = entry.get("recurring") or {}
    if key is None:
        return None
    product = entry["product"]
    return MappedPrice(
        stripe_price_id=entry["id"],
        stripe_product_id=product["id"] if isinstance(product, Mapping) else product,
        lookup_key=entry.get("lookup_key") or entry["id"],
        plan_key=key if key in catalog.plans else None,
        interval=recurring.get("interval") or "once",
        currency=entry["currency"],
        unit_amount=entry.get("unit_amount") or 0,
        livemode=context.livemode,
        catalog_version=catalog.version,
        active=bool(entry["active"]) and entry.get("lookup_key") is not None,
        add_on_key=key if key in catalog.add_ons else None,
    )


def _sells(catalog: Catalog, entry: Json, assigned: Mapping[str, str]) -> str | None:
    product = entry.get("product")
    of_product = product.get("metadata") if isinstance(product, Mapping) else None
    told = (entry.get("metadata") or {}).get("plan_key") or (of_product or {}).get("plan_key")
    for key in (assigned.get(entry["id"]), _by_lookup_key(catalog, entry.get("lookup_key")), told):
        if key in catalog.plans or key in catalog.add_ons:
            return key
    return None


def _by_lookup_key(catalog: Catalog, lookup_key: str | None) -> str | None:
    offers = [*catalog, *catalog.add_ons.values()]
    return next(
        (offer.key for offer in offers for price in offer.prices if price.lookup_key == lookup_key), None
    )
