"""A catalogue file goes live, here and at Stripe; the same file twice changes nothing."""

from contextlib import suppress
from dataclasses import replace

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.offers import EVERYTHING_CHANGES, at_stripe, on_sale, version
from tiergate.rules.catalog_file import CatalogError
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier
from tiergate.services.access.consume_usage import consume
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.plans.given_prices import StripePriceError
from tiergate.services.plans.push_plans import PushInterruptedError, push_plans
from tiergate.services.run_due import run_due
from tiergate.store.catalog_rows import price_for_sale
from tiergate.store.tables import catalog_versions, prices, usage
from tiergate.stripe_api.gateway import StripeUnavailableError

KEYS = ["starter_monthly", "starter_yearly", "team_monthly", "team_yearly", "scale_monthly", "scale_yearly"]
DEARER = northwind().replace("unit_amount = 4900", "unit_amount = 5900")
UNKNOWN_FEATURE = northwind().replace("custom_domain = true, support", "custom_domian = true, support")


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
    start_checkout(bench.context, "newcomer", Order("team"))
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
    currencies = ("mxn", "brl", "chf", "sek", "nok", "dkk", "pln", "aud", "cad", "nzd")
    more = "".join(
        f'\n[[plans.team.prices]]\ninterval = "month"\nunit_amount = 4900\ncurrency = "{currency}"\n'
        f'lookup_key = "team_monthly_{currency}"\n'
        for currency in currencies
    )
    assert len(push_plans(bench.context, northwind() + more).created) == len(currencies)
    assert push_plans(bench.context, northwind() + more).created == ()


def test_every_way_to_price_is_made_at_stripe(both: Bench) -> None:
    """Currencies are options of one price; tiers, their mode and the tax behavior arrive, and are mapped."""
    push_plans(both.context, EVERYTHING_CHANGES)
    sold = on_sale(both)
    assert {c: o["unit_amount"] for c, o in sold["team_monthly"]["currency_options"].items()} == {
        "usd": 5900,
        "eur": 5500,
        "jpy": 800000,
    }
    vast = sold["vast_monthly"]
    tiers = [(tier["up_to"], tier["unit_amount"], tier["flat_amount"]) for tier in vast["tiers"]]
    assert (tiers, vast["tiers_mode"]) == ([(10, 900, 5000), (None, 700, None)], "volume")
    in_euro = vast["currency_options"]["eur"]
    assert [(tier["unit_amount"], tier["flat_amount"]) for tier in in_euro["tiers"]] == [
        (800, 4500),
        (None, 600),
    ]
    assert (vast["tax_behavior"], in_euro["tax_behavior"]) == ("exclusive", "exclusive")
    with both.context.database.read() as tx:
        team, mapped = (price_for_sale(tx, key, livemode=False) for key in ("team_monthly", "vast_monthly"))
    assert team is not None
    assert mapped is not None
    assert team.amount_in("eur") == Amount("eur", 5500)
    assert (mapped.currencies, mapped.tiers_mode) == (("usd", "eur"), "volume")
    assert mapped.amount_in("usd") == Amount("usd", 900, (Tier(10, 900, 5000), Tier(None, 700)))
    assert mapped.amount_in("eur") == Amount("eur", 800, (Tier(10, 800, 4500), Tier(None, 0, 600)))
    assert mapped.amount_in("gbp") is None
    assert push_plans(both.context, EVERYTHING_CHANGES).created == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("eur = 5500", "eur = 5600"),
        ("eur = 5500, ", ""),
        ("unit_amount = 900", "unit_amount = 901"),
        ('"volume"', '"graduated"'),
        ('"exclusive"', '"inclusive"'),
    ],
)
def test_whatever_changes_in_a_price_makes_a_new_one(bench: Bench, old: str, new: str) -> None:
    """An amount in another currency, a tier or the tax: what was sold stays as it is, and is archived."""
    push_plans(bench.context, EVERYTHING_CHANGES)
    sold = on_sale(bench)
    pushed = push_plans(bench.context, EVERYTHING_CHANGES.replace(old, new, 1))
    (changed,) = pushed.created
    assert on_sale(bench)[changed] != sold[changed]
    assert {key: price for key, price in on_sale(bench).items() if key != changed} == {
        key: price for key, price in sold.items() if key != changed
    }


def test_what_is_gone_is_archived_and_its_subscribers_stay(both: Bench) -> None:
    """Prices and product of a plan that left the file cannot be bought; who pays them keeps both."""
    price = both.price("scale")
    subscription_id = both.subscribe("scale")
    both.deliver(*both.webhooks())
    pushed = push_plans(both.context, EVERYTHING_CHANGES)
    assert "archive product northwind_scale: no price of it is sold any more" in pushed.others
    assert both.at_stripe(f"/v1/prices/{price}")["active"] is False
    assert both.at_stripe("/v1/products/northwind_scale")["active"] is False
    both.deliver(*both.webhooks())
    row = both.mirrored(subscription_id)
    assert (row.plan_key, row.stripe_price_id, row.catalog_version) == ("scale", price, 1)
    assert both.explain().phase.plan_key == "scale"
    both.clock.advance(days=32)
    both.at_stripe("/v1/subscriptions")
    both.deliver(*both.webhooks())
    assert both.mirrored(subscription_id).status == "active"


def test_strangers_are_never_touched(bench: Bench) -> None:
    """Products and prices of the dashboard, and of another application's pushes, stay as they are."""
    shirt = bench.post("/v1/products", name="T-shirt")["id"]
    bench.post("/v1/prices", product=shirt, currency="usd", unit_amount=1500)
    told = {"plan_key": "gold", "catalog_version": "7"}
    bench.post("/v1/products", id="other_gold", name="Other Gold", metadata={"plan_key": "gold"})
    bench.post(
        "/v1/prices", product="other_gold", currency="usd", unit_amount=9, recurring={"interval": "month"},
        metadata=told, lookup_key="gold_monthly",
    )  # fmt: skip
    bench.post("/v1/prices", product="northwind_scale", currency="usd", unit_amount=77)
    before = {
        price["id"]: price for price in at_stripe(bench, "prices") if price["unit_amount"] in (9, 77, 1500)
    }
    push_plans(bench.context, EVERYTHING_CHANGES)
    after = {price["id"]: price for price in at_stripe(bench, "prices")}
    assert {price_id: after[price_id] for price_id in before} == before
    active = {product["id"] for product in at_stripe(bench, "products", active=True)}
    assert {shirt, "other_gold", "northwind_scale"} <= active


GIVEN = northwind().replace(
    "unit_amount = 4900\ncurrency_options = { eur = 4500, gbp = 3900 }\n",
    'unit_amount = 4900\nstripe_price = "STRIPE_PRICE_TEAM"\n',
)


def dashboard_price(bench: Bench, **differing: object) -> str:
    """Make a price in the dashboard, as Team per month would be."""
    product = bench.post("/v1/products", name="Team, from the dashboard")["id"]
    wanted = {"currency": "usd", "unit_amount": 4900, "recurring": {"interval": "month"}, **differing}
    return str(bench.post("/v1/prices", product=product, **wanted)["id"])


def let_the_environment_say(bench: Bench, **variables: str) -> None:
    """Set environment variables, as the settings find them."""
    bench.context = replace(bench.context, stripe_prices=variables)


def test_a_price_that_exists_is_used_as_it_is(both: Bench) -> None:
    """It is mapped and sold, not written to; when the file names it no more it is not archived either."""
    ours, theirs = both.price("team"), dashboard_price(both)
    asked = both.at_stripe(f"/v1/prices/{theirs}")
    let_the_environment_say(both, STRIPE_PRICE_TEAM=theirs)
    pushed = push_plans(both.context, GIVEN)
    assert pushed.created == ()
    assert "team_monthly" in pushed.kept
    with both.context.database.read() as tx:
        sold = price_for_sale(tx, "team_monthly", livemode=False)
    assert sold is not None
    assert (sold.stripe_price_id, sold.plan_key, sold.is_given) == (theirs, "team", True)
    assert both.at_stripe(f"/v1/prices/{ours}")["active"] is False
    both.register("newcomer")
    start_checkout(both.context, "newcomer", Order("team"))
    session = both.at_stripe("/v1/checkout/sessions")["data"][0]
    (line,) = both.at_stripe(f"/v1/checkout/sessions/{session['id']}/line_items")["data"]
    assert line["price"]["id"] == theirs
    push_plans(both.context, northwind())
    assert both.at_stripe(f"/v1/prices/{theirs}") == asked
    assert both.price("team") != theirs


@pytest.mark.parametrize(
    ("differing", "told"),
    [
        ({"unit_amount": 5000}, "its amount is 5000, not 4900"),
        ({"currency": "eur"}, "its currency is eur, not usd"),
        ({"recurring": {"interval": "year"}}, "it is charged per year, not per month"),
        ({"active": False}, "is archived at Stripe"),
        (None, "is not at Stripe"),
        ("unset", "STRIPE_PRICE_TEAM, which the price 'team_monthly' names, is not set"),
    ],
)
def test_a_price_that_does_not_fit_is_refused_before_anything_is_written(
    bench: Bench, differing: dict[str, object] | str | None, told: str
) -> None:
    """What is wrong with it is said, at once for all of them, and nothing was asked of Stripe but to look."""
    if isinstance(differing, dict):
        let_the_environment_say(bench, STRIPE_PRICE_TEAM=dashboard_price(bench, **differing))
    elif differing is None:
        let_the_environment_say(bench, STRIPE_PRICE_TEAM="price_of_another_mode")
    with pytest.raises(StripePriceError, match=told) as raised:
        push_plans(bench.context, GIVEN.replace("unit_amount = 1900", "unit_amount = 2000"))
    assert raised.value.remedy == "Nothing was written."
    assert not any(request.startswith("POST") for request in bench.line.requests)
    assert version(bench) == 1


def test_a_plan_with_a_new_key_does_not_take_the_subscribers_along(both: Bench) -> None:
    """Under the old lookup key a new plan gets a price of its own; who has the old plan keeps it."""
    old = both.price("team")
    subscription_id = both.subscribe()
    both.deliver(*both.webhooks())
    text = northwind().replace("[plans.team", "[plans.crew").replace("[[plans.team", "[[plans.crew")
    month = 'interval = "month"\ncurrency = "usd"\nunit_amount = 4900\n'
    push_plans(both.context, text.replace(month, f'{month}lookup_key = "team_monthly"\n'))
    assert both.price("team") != old
    assert both.mirrored(subscription_id).plan_key == "team"
    assert both.explain().phase.plan_key == "team"


def test_a_renamed_product_keeps_its_products_at_stripe(bench: Bench) -> None:
    """They are renamed, whatever their ids say; no price is made anew."""
    pushed = push_plans(bench.context, northwind().replace('name = "Northwind"', 'name = "Eastwind"'))
    assert pushed.created == ()
    assert {each["id"]: each["name"] for each in at_stripe(bench, "products")} == {
        "northwind_starter": "Eastwind Starter",
        "northwind_team": "Eastwind Team",
        "northwind_scale": "Eastwind Scale",
    }
    assert push_plans(bench.context, northwind()).created == ()


def test_an_offer_that_sells_nothing_any_more(bench: Bench) -> None:
    """A free plan alone may be published: everything that was sold is archived."""
    push_plans(bench.context, '[product]\nname = "Northwind"\n[plans.free]\n')
    assert on_sale(bench) == {}
    assert at_stripe(bench, "products", active=True) == []
    assert [row for row in bench.rows(prices) if row.active] == []
    assert push_plans(bench.context, northwind()).version == 3
    assert sorted(on_sale(bench)) == sorted(KEYS)


def test_usage_and_balances_are_not_touched(bench: Bench) -> None:
    """A push writes products and prices, and here the catalogue and its prices, and nothing else."""
    bench.subscribe()
    bench.deliver(*bench.webhooks())
    consume(bench.context, ACCOUNT, "api_calls", 7, key="k")
    used = bench.rows(usage)
    bench.line.requests.clear()
    push_plans(bench.context, EVERYTHING_CHANGES)
    written = {call for call in bench.line.requests if call.startswith("POST")}
    assert {call.split("/")[2] for call in written} == {"products", "prices"}
    assert bench.rows(usage) == used
