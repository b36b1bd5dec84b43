"""Published catalogues, and which price belongs to which plan."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.store.builders import NOON, at, rows
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier
from tiergate.store import Database
from tiergate.store.catalog_rows import (
    MappedPrice,
    PublishedCatalog,
    catalogs_before,
    find_price,
    find_prices,
    map_price,
    newest_catalog,
    price_for_sale,
    prices_of_mode,
    publish_catalog,
    sell_only,
)
from tiergate.store.tables import changes

PRICE = MappedPrice(
    stripe_price_id="price_1",
    stripe_product_id="prod_1",
    lookup_key="pro_month",
    plan_key="pro",
    interval="month",
    currency="usd",
    unit_amount=2900,
    livemode=False,
    catalog_version=1,
    active=True,
)


def test_the_newest_version_is_in_force(database: Database) -> None:
    """The highest number counts, not the order of publishing; before the first there is none."""
    with database.write() as tx:
        assert newest_catalog(tx) is None
        for version in (1, 10, 9):
            publish_catalog(tx, PublishedCatalog(version, f"text of “{version}”\n"), NOON)
        assert newest_catalog(tx) == PublishedCatalog(10, "text of “10”\n")


def test_a_version_is_published_once(database: Database) -> None:
    """A second text under the same number is refused: what was sold under it must stay readable."""
    with database.write() as tx:
        publish_catalog(tx, PublishedCatalog(1, "first"), NOON)
    with pytest.raises(IntegrityError), database.write() as tx:
        publish_catalog(tx, PublishedCatalog(1, "second"), NOON)
    with database.read() as tx:
        assert newest_catalog(tx) == PublishedCatalog(1, "first")


def test_a_price_is_found_by_stripes_id(database: Database) -> None:
    """With all that is known of it; a stranger's is not found."""
    with database.write() as tx:
        map_price(tx, PRICE, NOON)
        assert find_price(tx, "price_1") == PRICE
        assert find_price(tx, "price_2") is None


def test_a_known_price_is_brought_up_to_date(database: Database) -> None:
    """Mapped again it sells what it is said to sell now, and bears the newest version that sold it."""
    changed = replace(PRICE, plan_key=None, add_on_key="seats", active=False, catalog_version=2)
    with database.write() as tx:
        map_price(tx, PRICE, NOON)
        map_price(tx, changed, at(1))
        assert find_price(tx, "price_1") == changed
        map_price(tx, PRICE, at(2))
        assert find_price(tx, "price_1") == replace(PRICE, catalog_version=2)


def test_several_prices_at_once(database: Database) -> None:
    """What those sell that are known is found by Stripe's id; none is no trouble."""
    other = replace(PRICE, stripe_price_id="price_2", plan_key=None, add_on_key="seats")
    with database.write() as tx:
        for price in (PRICE, other):
            map_price(tx, price, NOON)
        assert find_prices(tx, {"price_1", "price_2", "price_3"}) == {
            "price_1": (PRICE.plan_key, PRICE.add_on_key, PRICE.catalog_version, PRICE.interval),
            "price_2": (None, "seats", PRICE.catalog_version, PRICE.interval),
        }
        assert find_prices(tx, set()) == {}


def test_earlier_versions_are_kept(database: Database) -> None:
    """All before a version are returned, the oldest first; each publishing is told to other processes."""
    with database.write() as tx:
        for version in (2, 1, 3):
            publish_catalog(tx, PublishedCatalog(version, f"text {version}"), NOON)
        assert catalogs_before(tx, 3) == [PublishedCatalog(1, "text 1"), PublishedCatalog(2, "text 2")]
        assert [row.topic for row in rows(tx, changes)] == ["catalog"]


def test_new_customers_buy_at_the_newest_active_price(database: Database) -> None:
    """Of several prices of a lookup key that of the newest version counts, if it is sold in this mode."""
    newest = replace(PRICE, stripe_price_id="price_3", catalog_version=3)
    others = [
        PRICE,
        replace(PRICE, stripe_price_id="price_2", catalog_version=2),
        replace(PRICE, stripe_price_id="price_4", catalog_version=4, active=False),
        replace(PRICE, stripe_price_id="price_5", catalog_version=5, livemode=True),
        replace(PRICE, stripe_price_id="price_6", catalog_version=6, lookup_key="team_month"),
    ]
    with database.write() as tx:
        for price in [newest, *others]:
            map_price(tx, price, NOON)
        assert price_for_sale(tx, "pro_month", livemode=False) == newest
        assert price_for_sale(tx, "pro_month", livemode=True) == others[3]
        assert price_for_sale(tx, "starter_month", livemode=False) is None


def test_of_one_version_the_later_price_is_sold(database: Database) -> None:
    """A price made again for the same version replaces the first one."""
    again = replace(PRICE, stripe_price_id="price_0")
    with database.write() as tx:
        map_price(tx, PRICE, NOON)
        map_price(tx, again, at(1))
        assert price_for_sale(tx, "pro_month", livemode=False) == again


def test_only_what_is_in_the_file_is_sold(database: Database) -> None:
    """All others of this mode are not sold any more, but still say what their buyers have."""
    prices = {
        "price_1": PRICE,
        "price_2": replace(PRICE, stripe_price_id="price_2"),
        "price_3": replace(PRICE, stripe_price_id="price_3", livemode=True),
        "price_4": replace(PRICE, stripe_price_id="price_4", lookup_key="team_month"),
    }
    with database.write() as tx:
        for price in prices.values():
            map_price(tx, price, NOON)
        sell_only(tx, ["price_2"], livemode=False)
        after = {price_id: find_price(tx, price_id) for price_id in prices}
        of_mode = prices_of_mode(tx, livemode=True)
    retired = {price_id: replace(prices[price_id], active=False) for price_id in ("price_1", "price_4")}
    assert after == prices | retired
    assert of_mode == [prices["price_3"]]


def test_all_that_a_price_costs_is_kept(database: Database) -> None:
    """Other currencies and tiers come back as they were saved, finer amounts than a cent too."""
    tiers = (Tier(5, 100, 2500), Tier(None, Decimal("0.25")))
    price = replace(
        PRICE,
        currency_options={"eur": Amount("eur", 90, tiers), "jpy": Amount("jpy", 5)},
        tiers=tiers,
        tiers_mode="graduated",
        is_given=True,
    )
    with database.write() as tx:
        map_price(tx, price, NOON)
        found = find_price(tx, "price_1")
    assert found == price
    assert found.currencies == ("usd", "eur", "jpy")
    assert found.amount_in("jpy") == Amount("jpy", 5)


def test_code_of_before_writes_prices_on(database: Database) -> None:
    """While a deploy is rolling it knows one amount per price, and what it writes is read as such."""
    with database.write() as tx:
        tx.execute(
            text(
                "INSERT INTO tiergate_prices (stripe_price_id, stripe_product_id, lookup_key, plan_key, "
                "interval, currency, unit_amount, livemode, catalog_version, active, created_at)"
                " VALUES ('price_1', 'prod_1', 'pro_month', 'pro', 'month', 'usd', 2900, :no, 1, :yes, "
                "'2026-03-01 12:00:00Z')"
            ),
            {"no": False, "yes": True},
        )
        assert find_price(tx, "price_1") == PRICE
