"""What a subscription sells, and under which version of the catalogue."""

import pytest
from sqlalchemy import update

from tests.services.bench import ACCOUNT, Bench, northwind
from tiergate.rules.state import Subscription, SubscriptionItem
from tiergate.services.mirror.remap import remap
from tiergate.services.mirror.sold_as import sold_as
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store.catalog_rows import Selling
from tiergate.store.tables import accounts, catalog_versions, changes, journal, prices

MAPPED = {"price_team": Selling("team", None, 3, "month"), "price_seats": Selling(None, "seats", 2, "month")}

WITH_ADD_ON = northwind() + (
    '\n[addons.more]\nname = "More"\n\n[[addons.more.prices]]\n'
    'interval = "month"\nunit_amount = 900\ncurrency = "usd"\n'
)


@pytest.mark.parametrize(
    ("price_ids", "metadata", "sold"),
    [
        (["price_team"], {}, ("team", 3)),
        (["price_team"], {"plan_key": "starter", "catalog_version": "1"}, ("team", 3)),
        (["price_team"], {"plan_key": "team", "catalog_version": "1"}, ("team", 1)),
        (["price_team"], {"plan_key": "team", "catalog_version": "soon"}, ("team", 3)),
        (["price_team"], {"plan_key": "team", "catalog_version": "9" * 30}, ("team", 3)),
        (["price_seats", "price_team"], {}, ("team", 3)),
        (["price_seats"], {"plan_key": "team"}, (None, 2)),
        (["price_new"], {"plan_key": "team", "catalog_version": "2"}, ("team", 2)),
        (["price_new"], {"plan_key": "team"}, ("team", None)),
        (["price_new"], {}, (None, None)),
        ([], {"plan_key": "team"}, ("team", None)),
    ],
)
def test_the_price_tells_the_plan(
    price_ids: list[str], metadata: dict[str, str], sold: tuple[str | None, int | None]
) -> None:
    """Metadata fills in where a price is not mapped, and tells the version only of the plan it names."""
    items = tuple(SubscriptionItem(f"si_{price_id}", price_id) for price_id in price_ids)
    bare = Subscription("sub_1", "cus_1", status=None, created_at=None, items=items, metadata=metadata)  # type: ignore[arg-type]  # neither matters here
    found = sold_as(bare, MAPPED).subscription
    assert (found.plan_key, found.catalog_version) == sold
    assert [(item.plan_key, item.add_on_key) for item in found.items] == [
        (MAPPED[p].plan_key, MAPPED[p].add_on_key) if p in MAPPED else (None, None) for p in price_ids
    ]


def test_add_ons_are_sold_at_stripe(both: Bench) -> None:
    """An add-on is a product with prices of its own, mapped to its key."""
    assert push_plans(both.context, WITH_ADD_ON).created == ("more_monthly",)
    (price,) = [row for row in both.rows(prices) if row.add_on_key]
    assert (price.plan_key, price.add_on_key, price.unit_amount) == (None, "more", 900)
    at_stripe = both.at_stripe(f"/v1/prices/{price.stripe_price_id}")
    assert at_stripe["metadata"] == {"add_on_key": "more", "catalog_version": "2"}
    assert both.at_stripe(f"/v1/products/{at_stripe['product']}")["name"] == "Northwind More"
    assert push_plans(both.context, WITH_ADD_ON).created == ()


def test_an_add_on_beside_a_plan(both: Bench) -> None:
    """Each item of a subscription names what it sells; the subscription's plan is the plan."""
    push_plans(both.context, WITH_ADD_ON)
    items = [{"price": both.price("more")}, {"price": both.price("team")}]
    subscription_id = both.subscribe(items=items)
    both.deliver(*both.webhooks())
    assert both.mirrored(subscription_id).plan_key == "team"
    found = both.explain().state.subscriptions[0].items
    assert {(item.plan_key, item.add_on_key) for item in found} == {("team", None), (None, "more")}


def test_a_subscription_stays_in_the_version_it_was_seen_in(both: Bench) -> None:
    """A new version that keeps the price moves nobody; who comes later is sold the new one."""
    old = both.subscribe()
    both.deliver(*both.webhooks())
    push_plans(both.context, northwind() + "\n# version two\n")
    both.tick()
    both.post(f"/v1/subscriptions/{old}", cancel_at_period_end=True)
    both.register("newcomer")
    new = both.subscribe(account_id="newcomer")
    both.deliver(*both.webhooks())
    assert [both.mirrored(found).catalog_version for found in (old, new)] == [1, 2]
    assert [row.catalog_version for row in both.rows(prices)] == [2] * 6
    assert {row.account_id: row.catalog_version for row in both.rows(accounts)} == {ACCOUNT: 1, "newcomer": 2}


def test_a_subscription_that_is_moved_moves(both: Bench) -> None:
    """Metadata that names the plan and another version is how it is moved."""
    subscription_id = both.subscribe()
    both.deliver(*both.webhooks())
    push_plans(both.context, northwind() + "\n# version two\n")
    both.tick()
    metadata = {"plan_key": "team", "catalog_version": "2"}
    both.post(f"/v1/subscriptions/{subscription_id}", metadata=metadata)
    both.deliver(*both.webhooks())
    assert both.mirrored(subscription_id).catalog_version == 2


def test_prices_that_are_mapped_later_open_what_they_sell(both: Bench) -> None:
    """Subscriptions and schedules at a price that nobody knew get their plan, and the account its access."""
    subscription_id = both.subscribe()
    both.post("/v1/subscription_schedules", from_subscription=subscription_id)
    with both.context.database.write() as tx:
        tx.execute(prices.delete())
        tx.execute(catalog_versions.delete())
    both.deliver(*both.webhooks())
    assert (both.mirrored(subscription_id).plan_key, both.mirrored(subscription_id).catalog_version) == (
        None,
        None,
    )
    with both.context.database.write() as tx:
        tx.execute(changes.delete())
    push_plans(both.context, northwind())
    state = both.explain().state
    assert (state.subscriptions[0].plan_key, state.subscriptions[0].catalog_version) == ("team", 1)
    assert state.subscriptions[0].items[0].plan_key == "team"
    assert state.schedules[0].phases[0].items[0].plan_key == "team"
    assert (both.explain().phase.plan_key, both.explain().account.plan_key) == ("team", "team")
    assert {row.topic for row in both.rows(changes)} == {"catalog", f"account:{ACCOUNT}"}
    assert remap(both.context, [row.stripe_price_id for row in both.rows(prices)]) == 0


def test_a_version_that_cannot_be_read_any_more(both: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """It is reported, and counts as the one in force: nobody is left without an answer."""
    push_plans(both.context, northwind().replace('name = "Team"', 'name = "Crew"'))
    with both.context.database.write() as tx:
        tx.execute(update(catalog_versions).where(catalog_versions.c.version == 1).values(text="[plans]"))
    push_plans(both.context, northwind().replace('name = "Team"', 'name = "Band"'))
    names = {version: both.explain().catalog.as_sold(version).plans["team"].name for version in (1, 2, 3)}
    assert names == {1: "Band", 2: "Crew", 3: "Band"}
    assert "plans of version 1 cannot be read any more" in caplog.text


def test_the_catalogue_knows_its_history(both: Bench) -> None:
    """The version in force holds all before it, so that what was sold can still be read."""
    push_plans(both.context, northwind().replace('name = "Team"', 'name = "Crew"'))
    push_plans(both.context, northwind().replace('name = "Team"', 'name = "Band"'))
    catalog = both.explain().catalog
    names = {version: catalog.as_sold(version).plans["team"].name for version in (1, 2, 3, None, 99)}
    assert names == {1: "Team", 2: "Crew", 3: "Band", None: "Band", 99: "Band"}


def test_a_feature_that_is_dropped_is_lost_by_nobody_who_bought_it(both: Bench) -> None:
    """A version without a feature changes nothing for who has it from the version before: nothing is told."""
    fax = '[features.fax]\nname = "Fax"\nkind = "switch"\n\n[plans.free]'
    with_fax = northwind().replace("[plans.free]", fax)
    push_plans(both.context, with_fax.replace("[plans.team.features]", "[plans.team.features]\nfax = true"))
    both.subscribe()
    both.deliver(*both.webhooks())
    told = len(both.rows(journal))
    push_plans(both.context, northwind())
    both.tick()
    run_due(both.context)
    assert len(both.rows(journal)) == told
