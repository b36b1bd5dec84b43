"""Whatever is pushed after whatever: what is on sale is what the file says, and what was sold stays."""

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.bench import Bench, northwind, open_bench
from tests.services.offers import at_stripe, on_sale
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.price import Price
from tiergate.services.plans.diff_plans import diff_plans
from tiergate.services.plans.pull_plans import pull_plans
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.migrate import upgrade

AMOUNTS = st.integers(100, 105)
CHANGEABLE = {"active", "lookup_key"}


@st.composite
def prices(draw: st.DrawFn, owner: str, interval: str) -> str:
    """A price, per unit or by tiers, in one currency or two."""
    lines = [f"[[{owner}.prices]]", f'interval = "{interval}"', 'currency = "usd"']
    in_euro = draw(st.booleans())
    if draw(st.booleans()):
        lines.append(f"unit_amount = {draw(AMOUNTS)}")
        lines += [f"currency_options = {{ eur = {draw(AMOUNTS)} }}"] if in_euro else []
    else:
        lines.append(f"tiers = [{{ up_to = 3, unit_amount = {draw(AMOUNTS)} }}, {{ flat_amount = 5 }}]")
        lines.append(f'tiers_mode = "{draw(st.sampled_from(["volume", "graduated"]))}"')
    return "\n".join(lines)


@st.composite
def offers(draw: st.DrawFn) -> str:
    """A file with some of four plans and an add-on, each sold in some way."""
    text = ['[product]\nname = "Northwind"', "[plans.free]"]
    for key in draw(st.lists(st.sampled_from(["starter", "team", "scale", "vast"]), unique=True)):
        text.append(f'[plans.{key}]\nname = "{draw(st.sampled_from(["A", "B"]))} {key}"')
        for interval in draw(st.sets(st.sampled_from(["month", "year"]), min_size=1)):
            text.append(draw(prices(f"plans.{key}", interval)))
    if draw(st.booleans()):
        text.append(f"[addons.more]\n{draw(prices('addons.more', 'month'))}")
    return "\n".join(text) + "\n"


def wanted(catalog: Catalog) -> dict[str, tuple[Any, ...]]:
    """What a file sells, by lookup key."""
    return {price.lookup_key: _shown(price) for price in catalog.prices}


def _shown(price: Price) -> tuple[Any, ...]:
    options = {currency: price.amount_in(currency) for currency in price.currencies}
    amounts = {
        currency: [(t.up_to, t.unit_amount or None, t.flat_amount or None) for t in amount.tiers]
        or amount.unit_amount
        for currency, amount in options.items()
        if amount
    }
    return (amounts, price.tiers_mode and str(price.tiers_mode))


def sold(bench: Bench) -> dict[str, tuple[Any, ...]]:
    """What Stripe sells, by lookup key, in the same form."""
    return {key: (dict(_amounts(price)), price["tiers_mode"]) for key, price in on_sale(bench).items()}


def _amounts(price: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for currency, option in price["currency_options"].items():
        tiers = [(t["up_to"], t["unit_amount"], t["flat_amount"]) for t in option.get("tiers") or ()]
        yield currency, tiers or option["unit_amount"]


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(offers(), offers())
def test_what_is_pushed_is_what_is_on_sale(first: str, second: str) -> None:
    """A, then B, then A again: exactly the prices of A are on sale, and none that was sold has changed."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/tiergate.db"
        upgrade(url)
        with open_bench(url) as bench:
            bought = bench.price("team")
            subscription_id = bench.subscribe()
            bench.deliver(*bench.webhooks())
            for text in (first, second, first):
                shown = {step.name for step in diff_plans(bench.context, text).steps}
                before = {price["id"]: price for price in at_stripe(bench, "prices")}
                pushed = push_plans(bench.context, text)
                assert sold(bench) == wanted(parse_catalog(text))
                after = {price["id"]: price for price in at_stripe(bench, "prices")}
                for price_id, price in before.items():
                    changed = {name for name in price if after[price_id][name] != price[name]}
                    assert changed <= CHANGEABLE
                assert set(pushed.created) <= shown
                assert diff_plans(bench.context, text).steps == ()
                assert diff_plans(bench.context, text).drift == ()
                assert pull_plans(bench.context, source="stripe").text == text
            row = bench.mirrored(subscription_id)
            assert (row.stripe_price_id, row.plan_key, row.catalog_version) == (bought, "team", 1)
            assert (
                push_plans(bench.context, northwind()).version
                == push_plans(bench.context, northwind()).version
            )
