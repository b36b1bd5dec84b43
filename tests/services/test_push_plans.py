"""A catalogue file goes live, here and at Stripe; the same file twice changes nothing."""

from contextlib import suppress

import pytest

from tests.services.bench import ACCOUNT, Bench, Json, northwind
from tiergate.rules.catalog_file import CatalogError
from tiergate.services.push_plans import PushInterruptedError, push_plans
from tiergate.services.run_due import run_due
from tiergate.services.start_checkout import start_checkout
from tiergate.store.catalog_rows import newest_catalog
from tiergate.store.tables import catalog_versions, prices
from tiergate.stripe_api.gateway import StripeUnavailableError

KEYS = ["starter_monthly", "starter_yearly", "team_monthly", "team_yearly", "scale_monthly", "scale_yearly"]
DEARER = northwind().replace("unit_amount = 4900", "unit_amount = 5900")
UNKNOWN_FEATURE = northwind().replace("custom_domain = true, support", "custom_domian = true, support")


def at_stripe(bench: Bench, kind: str) -> list[Json]:
    """All products or prices that Stripe knows."""
    found: list[Json] = bench.at_stripe(f"/v1/{kind}?limit=100")["data"]
    return found


def version(bench: Bench) -> int:
    """The version in force."""
    with bench.context.database.read() as tx:
        newest = newest_catalog(tx)
    return newest.version if newest else 0


def test_what_is_in_the_file_is_at_stripe(both: Bench) -> None:
    """One product per paid plan, and one price per amount, each with its lookup key and its plan's name."""
    assert {product["id"]: product["name"] for product in at_stripe(both, "products")} == {
        "northwind_starter": "Northwind Starter",
        "northwind_team": "Northwind Team",
        "northwind_scale": "Northwind Scale",
    }
    created = {price["lookup_key"]: price for price in at_stripe(both, "prices")}
    assert sorted(created) == sorted(KEYS)
    yearly = created["team_yearly"]
    assert (yearly["unit_amount"], yearly["currency"], yearly["recurring"]["interval"]) == (
        46800,
        "usd",
        "year",
    )
    assert yearly["metadata"] == {"plan_key": "team", "catalog_version": "1"}
    assert {row.stripe_price_id: row.plan_key for row in both.rows(prices)} == {
        price["id"]: price["metadata"]["plan_key"] for price in created.values()
    }


def test_pushing_the_same_file_again_changes_nothing(both: Bench) -> None:
    """The second push creates nothing at Stripe, writes no version, and says what it kept."""
    rows = both.rows(prices)
    pushed = push_plans(both.context, northwind())
    assert (pushed.version, pushed.created, sorted(pushed.kept)) == (1, (), sorted(KEYS))
    assert not any(request.startswith("POST") for request in both.line.requests)
    assert both.rows(prices) == rows
    assert len(both.rows(catalog_versions)) == 1


def test_a_new_amount_is_a_new_price(both: Bench) -> None:
    """A changed amount makes a new price, which takes over the lookup key; nothing else is touched."""
    old = both.price("team")
    pushed = push_plans(both.context, DEARER)
    assert (pushed.version, pushed.created) == (2, ("team_monthly",))
    new = both.price("team")
    assert new != old
    assert both.at_stripe(f"/v1/prices/{new}")["unit_amount"] == 5900
    assert both.at_stripe(f"/v1/prices/{old}")["unit_amount"] == 4900
    assert both.at_stripe(f"/v1/prices/{old}")["lookup_key"] is None
    assert {row.stripe_price_id: row.active for row in both.rows(prices) if row.plan_key == "team"}[
        old
    ] is False
    assert len(at_stripe(both, "products")) == 3


def test_old_subscribers_keep_their_plan(bench: Bench) -> None:
    """Who bought at the old price keeps it and its plan; who buys now pays the new one."""
    old = bench.price("team")
    subscription_id = bench.subscribe()
    push_plans(bench.context, DEARER)
    bench.deliver(*bench.webhooks())
    row = bench.mirrored(subscription_id)
    assert (row.stripe_price_id, row.plan_key) == (old, "team")
    bench.register("newcomer")
    start_checkout(bench.context, "newcomer", "team")
    session = bench.at_stripe("/v1/checkout/sessions")["data"][0]
    items = bench.at_stripe(f"/v1/checkout/sessions/{session['id']}/line_items")["data"]
    assert [item["price"]["unit_amount"] for item in items] == [5900]


def test_an_amount_that_comes_back_is_sold_again(bench: Bench) -> None:
    """Dearer and back again is three versions, and the last one's amount is what is sold."""
    push_plans(bench.context, DEARER)
    assert push_plans(bench.context, northwind()).version == 3
    assert bench.at_stripe(f"/v1/prices/{bench.price('team')}")["unit_amount"] == 4900
    active = [row for row in bench.rows(prices) if row.lookup_key == "team_monthly" and row.active]
    assert [row.stripe_price_id for row in active] == [bench.price("team")]


def test_a_mistake_touches_nothing(bench: Bench) -> None:
    """A file with a mistake is refused before anything is touched; line and remedy are named."""
    line = UNKNOWN_FEATURE[: UNKNOWN_FEATURE.index("custom_domian")].count("\n") + 1
    with pytest.raises(CatalogError, match=f"(?s){line}.*custom_domian.*custom_domain"):
        push_plans(bench.context, UNKNOWN_FEATURE)
    assert bench.line.requests == []
    assert version(bench) == 1


def test_a_push_that_broke_off_goes_on(both: Bench) -> None:
    """While a push fails half-way the old version stays; pushing again completes it, doubling nothing."""
    dearer = (
        northwind()
        .replace("unit_amount = 1", "unit_amount = 2")
        .replace("unit_amount = 4", "unit_amount = 5")
    )
    before = len(at_stripe(both, "prices"))
    breaks = 0
    while version(both) == 1:
        both.line.calls_left = breaks
        with suppress(PushInterruptedError, StripeUnavailableError):
            assert push_plans(both.context, dearer).version == version(both) == 2
        breaks += 1
    assert breaks > 5
    assert len(at_stripe(both, "prices")) == before + len(KEYS)
    assert len(at_stripe(both, "products")) == 3
    sold = {row.lookup_key: row.stripe_price_id for row in both.rows(prices) if row.active}
    assert sold == {
        price["lookup_key"]: price["id"] for price in at_stripe(both, "prices") if price["lookup_key"]
    }


def test_another_database_finds_what_is_at_stripe(bench: Bench) -> None:
    """A second environment on the same Stripe account maps the prices that are there, and creates none."""
    with bench.context.database.write() as tx:
        tx.execute(prices.delete())
        tx.execute(catalog_versions.delete())
    pushed = push_plans(bench.context, northwind())
    assert (pushed.version, pushed.created) == (1, ())
    assert {row.lookup_key for row in bench.rows(prices)} == set(KEYS)


def test_a_price_archived_at_stripe_is_made_anew(bench: Bench) -> None:
    """A price that somebody archived in the dashboard can no longer be sold; the push replaces it."""
    bench.stripe.v1.prices.update(bench.price("team"), {"active": False})
    pushed = push_plans(bench.context, northwind() + "\n# once more\n")
    assert pushed.created == ("team_monthly",)


def test_accounts_are_looked_at_anew(bench: Bench) -> None:
    """A new version makes every account due; who is there keeps the plan of old, who comes gets the new."""
    run_due(bench.context)
    assert run_due(bench.context) == 0
    push_plans(bench.context, northwind().replace('name = "Free"', 'name = "Gratis"'))
    assert run_due(bench.context) == 1
    bench.register("newcomer")
    names = {account_id: bench.explain(account_id).phase.plan for account_id in (ACCOUNT, "newcomer")}
    assert {account_id: plan and plan.name for account_id, plan in names.items()} == {
        ACCOUNT: "Free",
        "newcomer": "Gratis",
    }


def test_an_archived_price_is_replaced_within_the_day(bench: Bench) -> None:
    """Stripe still remembers the key of the same request then; the answer is a new price all the same."""
    archived = bench.price("team")
    bench.stripe.v1.prices.update(archived, {"active": False})
    assert push_plans(bench.context, northwind()).created == ("team_monthly",)
    assert bench.price("team") != archived
    assert bench.at_stripe(f"/v1/prices/{bench.price('team')}")["active"] is True


def test_more_prices_than_stripe_looks_up_at_once(bench: Bench) -> None:
    """A plan with eleven prices is found again whole: Stripe answers for ten lookup keys at a time."""
    currencies = ("eur", "gbp", "chf", "sek", "nok", "dkk", "pln", "aud", "cad", "nzd")
    more = "".join(
        f'\n[[plans.team.prices]]\ninterval = "month"\nunit_amount = 4900\ncurrency = "{currency}"\n'
        f'lookup_key = "team_monthly_{currency}"\n'
        for currency in currencies
    )
    assert len(push_plans(bench.context, northwind() + more).created) == len(currencies)
    assert push_plans(bench.context, northwind() + more).created == ()
