"""The file comes back: as it was published, or brought in line with Stripe, comments in their places."""

import pytest
from sqlalchemy import delete

from tests.services.bench import Bench, northwind
from tests.services.offers import EVERYTHING_CHANGES, at_stripe
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.services.plans.diff_plans import diff_plans
from tiergate.services.plans.load_catalog import NoPlansError
from tiergate.services.plans.plan_moves import UnknownVersionError
from tiergate.services.plans.pull_plans import pull_plans
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.tables import catalog_versions, prices

COMMENTED = (
    northwind()
    .replace("[plans.team]\n", "# The one we want them to buy.\n[plans.team]  # mind the order\n")
    .replace(
        "unit_amount = 4900\ncurrency_options = { eur = 4500, gbp = 3900 }\n",
        "unit_amount = 4900  # since 2026\n",
    )
)


def forget_everything(bench: Bench) -> None:
    """Empty the database of plans and prices."""
    with bench.context.database.write() as tx:
        for table in (catalog_versions, prices):
            tx.execute(delete(table))


def test_from_the_database_it_is_what_was_published(both: Bench) -> None:
    """Letter by letter, the version in force or an earlier one."""
    push_plans(both.context, COMMENTED)
    assert pull_plans(both.context).text == COMMENTED
    assert pull_plans(both.context, version=1).text == northwind()
    with pytest.raises(UnknownVersionError, match=r"no version 9\. The versions are: 2, 1\."):
        pull_plans(both.context, version=9)
    forget_everything(both)
    with pytest.raises(NoPlansError):
        pull_plans(both.context)


def test_what_agrees_with_stripe_stays_as_it_is(bench: Bench) -> None:
    """Nothing is rewritten where nothing differs, comments and order included."""
    push_plans(bench.context, COMMENTED)
    assert pull_plans(bench.context, source="stripe") == pull_plans(bench.context)
    push_plans(bench.context, EVERYTHING_CHANGES)
    assert pull_plans(bench.context, source="stripe").notes == ()


def test_what_was_changed_at_stripe_is_taken_over(bench: Bench) -> None:
    """A new amount, another currency, a new name and a new plan; the comments around them stay."""
    push_plans(bench.context, COMMENTED)
    bench.stripe.v1.products.update("northwind_team", {"name": "Northwind Crew"})
    bench.post(
        "/v1/prices", product="northwind_team", currency="usd", unit_amount=5200, lookup_key="team_monthly",
        transfer_lookup_key=True, recurring={"interval": "month"}, tax_behavior="inclusive",
        currency_options={"eur": {"unit_amount": 4800}},
    )  # fmt: skip
    old = next(each for each in at_stripe(bench, "prices") if each["unit_amount"] == 4900)
    bench.stripe.v1.prices.update(old["id"], {"active": False})
    extra = bench.post("/v1/products", name="Northwind Huge", metadata={"add_on_key": "huge"})["id"]
    bench.post(
        "/v1/prices", product=extra, currency="usd", unit_amount=99, recurring={"interval": "year"},
        lookup_key="huge_yearly",
    )  # fmt: skip
    pulled = pull_plans(bench.context, source="stripe")
    crew = (
        COMMENTED.replace('name = "Team"', 'name = "Crew"')
        .replace(
            "unit_amount = 4900  # since 2026\n",
            "unit_amount = 5200  # since 2026\n"
            "currency_options = {eur = 4800}\n"
            'tax_behavior = "inclusive"\n',
        )
    )  # fmt: skip
    assert pulled.text.startswith(crew.rstrip("\n"))
    assert pulled.notes == ()
    assert parse_catalog(pulled.text).add_ons["huge"].prices[0].unit_amount == 99
    assert diff_plans(bench.context, pulled.text).steps == ()
    assert push_plans(bench.context, pulled.text).created == ()
    assert pull_plans(bench.context, source="stripe").text == pulled.text


def test_a_file_is_built_from_nothing(both: Bench) -> None:
    """Plans, prices, currencies, tiers and trials of a Stripe account; a push changes nothing then."""
    push_plans(both.context, EVERYTHING_CHANGES)
    pro = both.post("/v1/products", name="Northwind Pro")["id"]
    both.post(
        "/v1/prices", product=pro, currency="usd", unit_amount=700,
        recurring={"interval": "month", "trial_period_days": 7},
    )  # fmt: skip
    forget_everything(both)
    pulled = pull_plans(both.context, source="stripe")
    catalog = parse_catalog(pulled.text)
    assert catalog.product.name == "Northwind"
    assert list(catalog.plans) == ["vast", "pro", "starter", "team"]
    assert catalog.plan("pro").trial is not None
    assert catalog.plan("pro").prices[0].stripe_price is not None
    published = parse_catalog(EVERYTHING_CHANGES)
    for key in ("starter", "team", "vast"):
        assert catalog.plan(key).prices == published.plan(key).prices
        assert catalog.plan(key).name == published.plan(key).name
    assert catalog.add_ons["calls"].prices == published.add_ons["calls"].prices
    shown = diff_plans(both.context, pulled.text)
    assert (shown.steps, pulled.notes) == ((), ())
    assert push_plans(both.context, pulled.text).others == ()


def test_what_the_file_cannot_say_is_noted(bench: Bench) -> None:
    """Quarters, fractions of a cent, a second price for the same, and a plan that Stripe does not sell."""
    bench.post(
        "/v1/prices", product="northwind_team", currency="usd", unit_amount=1,
        recurring={"interval": "month", "interval_count": 3},
    )  # fmt: skip
    bench.post(
        "/v1/prices", product="northwind_team", currency="usd", unit_amount_decimal="0.5",
        recurring={"interval": "month"},
    )  # fmt: skip
    bench.post("/v1/prices", product="northwind_team", currency="usd", unit_amount=5000)
    second = bench.post(
        "/v1/prices", product="northwind_team", currency="usd", unit_amount=4901,
        recurring={"interval": "month"},
    )["id"]  # fmt: skip
    for key in ("scale_monthly", "scale_yearly"):
        bench.stripe.v1.prices.update(bench.price(*key.split("_")), {"active": False})
    pulled = pull_plans(bench.context, source="stripe")
    assert pulled.text == northwind()
    told = "\n".join(pulled.notes)
    for part in (
        "is charged per 3 months: the file has months and years only.",
        "costs a fraction of the smallest unit",
        "is charged per once",
        f"{second} is a second price per month; it was left out.",
        "plans.scale is in the file and not for sale at Stripe; it was left as it is.",
    ):
        assert part in told


def test_prices_that_are_gone_leave_the_file(bench: Bench) -> None:
    """A plan that is sold by the month alone now is written so; prices in one line stay in one line."""
    month = '{ currency = "usd", unit_amount = 500 }'
    line = f'prices = [{month}, {{ currency = "usd", interval = "year", unit_amount = 9 }}]'
    push_plans(bench.context, f"{northwind()}\n[addons.more]\n{line}\n")
    bench.stripe.v1.prices.update(bench.price("starter", "yearly"), {"active": False})
    bench.stripe.v1.prices.update(bench.price("more", "yearly"), {"active": False})
    bench.post(
        "/v1/prices", product="northwind_addon_more", currency="eur", unit_amount=450,
        recurring={"interval": "month"}, lookup_key="more_eur",
    )  # fmt: skip
    catalog = parse_catalog(pull_plans(bench.context, source="stripe").text)
    assert [price.interval for price in catalog.plan("starter").prices] == ["month"]
    assert [(p.currency, p.lookup_key) for p in catalog.add_ons["more"].prices] == [
        ("usd", "more_monthly"),
        ("eur", "more_eur"),
    ]


def test_a_file_of_ones_own_is_the_one_that_is_changed(bench: Bench) -> None:
    """What was never published is kept too; text that is no TOML is refused."""
    mine = northwind() + '\n# not published yet\n[plans.talk]\ncontact_url = "/talk"\n'
    assert pull_plans(bench.context, source="stripe", existing=mine).text == mine
    with pytest.raises(CatalogError):
        pull_plans(bench.context, source="stripe", existing="[plans")


def test_a_nameless_account(bench: Bench) -> None:
    """Where products have nothing in common the product is called as the Stripe account is, or something."""
    bench.stripe.v1.products.update("northwind_team", {"name": "Crew"})
    forget_everything(bench)
    catalog = parse_catalog(pull_plans(bench.context, source="stripe").text)
    assert catalog.product.name
    assert catalog.plan("team").name == "Crew"
