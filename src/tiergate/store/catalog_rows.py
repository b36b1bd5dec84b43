"""Published catalogues, and which of Stripe's prices belongs to which plan."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, insert, select

from tiergate.store.change_feed import CATALOG, note_change
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import catalog_versions, prices


@dataclass(frozen=True, slots=True)
class PublishedCatalog:
    """One published version: the text of its file."""

    version: int
    text: str


@dataclass(frozen=True, slots=True)
class MappedPrice:
    """One of Stripe's prices, and the plan or the add-on that it sells."""

    stripe_price_id: str
    stripe_product_id: str
    lookup_key: str
    plan_key: str | None
    interval: str
    currency: str
    unit_amount: int
    livemode: bool
    catalog_version: int
    """The newest version of the catalogue that sold it."""
    active: bool
    add_on_key: str | None = None


_PRICE = [prices.c[name] for name in MappedPrice.__dataclass_fields__]
_PRICES = select(*_PRICE).where(prices.c.stripe_price_id.in_(bindparam("ids", expanding=True)))
_NEWEST = (
    select(catalog_versions.c.version, catalog_versions.c.text)
    .order_by(catalog_versions.c.version.desc())
    .limit(1)
)


def newest_catalog(tx: Transaction) -> PublishedCatalog | None:
    """Return the catalogue that is in force."""
    row = tx.execute(_NEWEST).first()
    return PublishedCatalog(*row) if row else None


def catalogs_before(tx: Transaction, version: int) -> list[PublishedCatalog]:
    """Return the versions before one, the oldest first."""
    columns = (catalog_versions.c.version, catalog_versions.c.text)
    query = select(*columns).where(catalog_versions.c.version < version).order_by(catalog_versions.c.version)
    return [PublishedCatalog(*row) for row in tx.execute(query)]


def publish_catalog(tx: Transaction, catalog: PublishedCatalog, at: datetime) -> None:
    """Publish a new version."""
    tx.execute(insert(catalog_versions).values(version=catalog.version, text=catalog.text, published_at=at))
    note_change(tx, CATALOG)


def map_price(tx: Transaction, price: MappedPrice, now: datetime) -> None:
    """Note what a price sells; one that is known is brought up to date, and never to an older version."""
    values = {name: getattr(price, name) for name in MappedPrice.__dataclass_fields__}
    statement = insert_into(tx, prices).values(**values, created_at=now)
    newest = case(
        (prices.c.catalog_version > statement.excluded.catalog_version, prices.c.catalog_version),
        else_=statement.excluded.catalog_version,
    )
    changes = {**values, "catalog_version": newest}
    del changes["stripe_price_id"]
    tx.execute(statement.on_conflict_do_update(index_elements=["stripe_price_id"], set_=changes))


def price_for_sale(tx: Transaction, lookup_key: str, livemode: bool) -> MappedPrice | None:
    """Return the price at which new customers buy."""
    query = (
        select(*_PRICE)
        .where(prices.c.lookup_key == lookup_key, prices.c.active.is_(True), prices.c.livemode.is_(livemode))
        .order_by(prices.c.catalog_version.desc(), prices.c.created_at.desc())
        .limit(1)
    )
    row = tx.execute(query).first()
    return MappedPrice(*row) if row else None


def retire_prices(tx: Transaction, lookup_key: str, livemode: bool, except_id: str) -> None:
    """Note that a lookup key has moved to another price: the old ones are not sold any more."""
    tx.execute(
        prices.update()
        .where(
            prices.c.lookup_key == lookup_key,
            prices.c.livemode.is_(livemode),
            prices.c.stripe_price_id != except_id,
        )
        .values(active=False)
    )


def find_price(tx: Transaction, stripe_price_id: str) -> MappedPrice | None:
    """Return a price by Stripe's id, or ``None`` for a stranger's."""
    row = tx.execute(select(*_PRICE).where(prices.c.stripe_price_id == stripe_price_id)).first()
    return MappedPrice(*row) if row else None


def find_prices(tx: Transaction, stripe_price_ids: Collection[str]) -> dict[str, MappedPrice]:
    """Return those of some prices that are known, by Stripe's id."""
    if not stripe_price_ids:
        return {}
    found = tx.execute(_PRICES, {"ids": sorted(stripe_price_ids)})
    return {row.stripe_price_id: MappedPrice(*row) for row in found}
