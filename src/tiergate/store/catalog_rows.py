"""Published catalogues, and which of Stripe's prices belongs to which plan."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import case, insert, select

from tiergate.rules.money import MinorUnits
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier
from tiergate.store.change_feed import CATALOG, note_change
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.prepared import Prepared
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
    """Whether new customers buy at it."""
    add_on_key: str | None = None
    currency_options: Mapping[str, Amount] = field(default_factory=dict)
    """What it costs in other currencies, by currency."""
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    is_given: bool = False
    """Whether the file names it by ``stripe_price``: it was there before, and is never archived."""

    @property
    def currencies(self) -> tuple[str, ...]:
        """All currencies that it is sold in, its own first."""
        return (self.currency, *self.currency_options)

    def amount_in(self, currency: str) -> Amount | None:
        """Return what it costs in a currency; ``None`` where it is not sold in that."""
        own = Amount(self.currency, self.unit_amount, self.tiers)
        return own if currency == self.currency else self.currency_options.get(currency)


class Selling(NamedTuple):
    """What one of Stripe's prices sells, at which interval, and the newest version that sold it."""

    plan_key: str | None
    add_on_key: str | None
    catalog_version: int
    interval: str


_PRICE = [prices.c[name] for name in MappedPrice.__dataclass_fields__]
_SELLING = Prepared(
    lambda ids: select(prices.c.stripe_price_id, *(prices.c[name] for name in Selling._fields)).where(
        prices.c.stripe_price_id.in_(ids)
    )
)
_NEWEST = Prepared(
    select(catalog_versions.c.version, catalog_versions.c.text)
    .order_by(catalog_versions.c.version.desc())
    .limit(1)
)


def newest_catalog(tx: Transaction) -> PublishedCatalog | None:
    """Return the catalogue that is in force."""
    found = _NEWEST(tx, {})
    return PublishedCatalog(*found[0]) if found else None


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
    values = _values(price)
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
    return _mapped(row) if row else None


def prices_of_mode(tx: Transaction, livemode: bool) -> list[MappedPrice]:
    """Return all prices that are known in live or in test mode, those of the newest versions first."""
    query = (
        select(*_PRICE)
        .where(prices.c.livemode.is_(livemode))
        .order_by(prices.c.catalog_version.desc(), prices.c.created_at.desc(), prices.c.stripe_price_id)
    )
    return [_mapped(row) for row in tx.execute(query)]


def sell_only(tx: Transaction, stripe_price_ids: Collection[str], livemode: bool) -> None:
    """Note that new customers buy at these prices, and at no others."""
    tx.execute(
        prices.update()
        .where(
            prices.c.livemode.is_(livemode),
            prices.c.active.is_(True),
            prices.c.stripe_price_id.not_in(sorted(stripe_price_ids)),
        )
        .values(active=False)
    )


def find_price(tx: Transaction, stripe_price_id: str) -> MappedPrice | None:
    """Return a price by Stripe's id, or ``None`` for a stranger's."""
    row = tx.execute(select(*_PRICE).where(prices.c.stripe_price_id == stripe_price_id)).first()
    return _mapped(row) if row else None


def find_prices(tx: Transaction, stripe_price_ids: Collection[str]) -> dict[str, Selling]:
    """Return what those of some prices sell that are known, by Stripe's id."""
    return ask_for_prices(tx, stripe_price_ids)()


def ask_for_prices(tx: Transaction, stripe_price_ids: Collection[str]) -> Callable[[], dict[str, Selling]]:
    """Do so, and return what waits for the answer."""
    if not stripe_price_ids:
        return dict
    asked = _SELLING.send(tx, {"ids": sorted(stripe_price_ids)})
    return lambda: {price_id: Selling(*sold) for price_id, *sold in asked()}


def _mapped(row: Sequence[Any]) -> MappedPrice:
    values = dict(zip(MappedPrice.__dataclass_fields__, row, strict=True))
    options = values["currency_options"] or {}
    values["currency_options"] = {
        currency: Amount(currency, told["unit_amount"], _tiers(told.get("tiers")))
        for currency, told in options.items()
    }
    return MappedPrice(**{**values, "tiers": _tiers(values["tiers"])})


def _tiers(told: list[tuple[int | None, str, str]] | None) -> tuple[Tier, ...]:
    return tuple(Tier(up_to, _minor_units(unit), _minor_units(flat)) for up_to, unit, flat in told or ())


def _minor_units(told: str) -> MinorUnits:
    return int(told) if told.isdecimal() else Decimal(told)


def _values(price: MappedPrice) -> dict[str, Any]:
    options = {
        currency: {"unit_amount": amount.unit_amount, "tiers": _listed(amount.tiers)}
        for currency, amount in price.currency_options.items()
    }
    values = {name: getattr(price, name) for name in MappedPrice.__dataclass_fields__}
    return {**values, "currency_options": options or None, "tiers": _listed(price.tiers)}


def _listed(tiers: tuple[Tier, ...]) -> list[tuple[int | None, str, str]] | None:
    return [(tier.up_to, str(tier.unit_amount), str(tier.flat_amount)) for tier in tiers] or None
