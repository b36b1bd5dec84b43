"""The catalogue file: all that it can say, and where each key stands."""

from datetime import timedelta

import pytest

from tiergate.rules.catalog import Feature, FeatureKind, Plan, Price, Product, Trial
from tiergate.rules.catalog_file import CatalogError, parse_catalog, read_catalog
from tiergate.rules.policy import Afterwards, FirstCharge, OnCancelNow, OnUnknown, Policy
from tiergate.rules.toml_positions import line_of, positions_of

PRODUCT = '[product]\nname = "Acme"\n'

FULL = """
[product]
name = "Acme"
headline = "Simple"
tagline = "As it should be"
support_email = "help@acme.example"

[features.rows]
name = "Rows"
kind = "metered"
description = "Rows stored"
unit = "k"

[features."white label"]

[policy]
grace_days = 7
after_grace = "blocked"

[plans.max]
rank = 20
[plans.max.features]
rows = "unlimited"
"white label" = true
[plans.max.policy]
after_trial = "read_only"
after_grace = "read_only"
after_cancel = "blocked"
grace_days = 14
first_charge = "wait"
first_charge_grace_days = 2
max_unconfirmed_days = 5
on_unknown = "allow"
on_cancel_now = "keep_paid"
[[plans.max.prices]]
interval = "year"
currency = "EUR"
unit_amount = 99000
lookup_key = "acme_max"
[[plans.max.prices]]
currency = "jpy"
unit_amount = 12000

[plans.small_team]
rank = 10
name = "Small"
description = "For two"
highlight = true
trial = { days = 7, card = "required" }
"""


def test_everything_that_a_file_can_say() -> None:
    """Each key of the file arrives where the catalogue keeps it, and plans come by rank."""
    read = parse_catalog(FULL, version=3)
    assert read.product == Product("Acme", "Simple", "As it should be", "help@acme.example")
    assert dict(read.features) == {
        "rows": Feature("rows", "Rows", FeatureKind.METERED, "Rows stored", "k"),
        "white label": Feature("white label", "White label", FeatureKind.SWITCH),
    }
    assert read.version == 3
    small, biggest = read
    common = Policy(grace=timedelta(days=7), after_grace=Afterwards.BLOCKED)
    assert small == Plan(
        "small_team", "Small", 10, "For two", True, {}, (), Trial(7, card_required=True), common
    )
    assert biggest == Plan(
        "max",
        "Max",
        20,
        features={"rows": "unlimited", "white label": True},
        prices=(
            Price("acme_max", "year", "eur", 99_000),
            Price("max_monthly", "month", "jpy", 12_000),
        ),
        policy=Policy(
            after_trial=Afterwards.READ_ONLY,
            after_grace=Afterwards.READ_ONLY,
            after_cancel=Afterwards.BLOCKED,
            grace=timedelta(days=14),
            first_charge=FirstCharge.WAIT,
            first_charge_grace=timedelta(days=2),
            max_unconfirmed=timedelta(days=5),
            on_unknown=OnUnknown.ALLOW,
            on_cancel_now=OnCancelNow.KEEP_PAID,
        ),
    )


def test_the_smallest_file() -> None:
    """A name and one plan are enough; names are made from keys, and the order is the rank."""
    read = parse_catalog(
        PRODUCT + "[plans.small_team]\n[[plans.pro.prices]]\ncurrency='usd'\nunit_amount=1\n"
    )
    assert [(plan.key, plan.name, plan.rank) for plan in read] == [
        ("small_team", "Small team", 0),
        ("pro", "Pro", 1),
    ]
    assert read.product == Product("Acme")
    assert read.plan("pro").prices == (Price("pro_monthly", "month", "usd", 1),)


def test_one_plan_may_be_sold_in_several_currencies() -> None:
    """Each price at Stripe has a lookup key of its own, or the second would take it from the first."""
    prices = (
        '[[plans.pro.prices]]\ncurrency = "usd"\nunit_amount = 100\n'
        '[[plans.pro.prices]]\ncurrency = "eur"\nunit_amount = 100\n'
    )
    with pytest.raises(CatalogError, match="'pro_monthly' is taken by plan 'pro' per month"):
        parse_catalog(PRODUCT + "[plans.pro]\n" + prices)
    told_apart = PRODUCT + "[plans.pro]\n" + prices + 'lookup_key = "pro_monthly_eur"\n'
    assert [(price.currency, price.lookup_key) for price in parse_catalog(told_apart).plan("pro").prices] == [
        ("usd", "pro_monthly"),
        ("eur", "pro_monthly_eur"),
    ]


def test_a_currency_is_one_that_stripe_charges() -> None:
    """Three letters are not enough: xyz is no currency."""
    text = PRODUCT + '[plans.pro]\n[[plans.pro.prices]]\ncurrency = "xyz"\nunit_amount = 100\n'
    with pytest.raises(CatalogError, match="'xyz' is not a currency"):
        parse_catalog(text)


def test_a_document_without_a_text_is_read_too() -> None:
    """A document that comes from elsewhere has no lines, and its mistakes are shown at the first."""
    with pytest.raises(CatalogError, match=r"^billing\.toml, line 1: There are no plans"):
        read_catalog({"product": {"name": "Acme"}})
    assert read_catalog({"product": {"name": "Acme"}, "plans": {"free": {}}}).plan("free").is_free


def test_positions_of_every_form_of_key() -> None:
    """Tables, quoted and dotted keys and elements of lists are found where they stand."""
    text = (
        "top = 1\n"
        "[a . 'b c']  # comment\n"
        'x."y z" = 1\n'
        "[[list]]\n"
        "k = 1\n"
        "[[list]]\n"
        "k = 2\n"
        "  [list.inner]\n"
        "  deep = 1\n"
        "  [[list.more]]\n"
        "[plain]\n"
        "\n"
        "text = '''\n"
        "nothing of note\n"
        "'''\n"
    )
    assert positions_of(text) == {
        ("top",): 1,
        ("a", "b c"): 2,
        ("a", "b c", "x", "y z"): 3,
        ("list", 0): 4,
        ("list", 0, "k"): 5,
        ("list", 1): 6,
        ("list", 1, "k"): 7,
        ("list", 1, "inner"): 8,
        ("list", 1, "inner", "deep"): 9,
        ("list", 1, "more", 0): 10,
        ("plain",): 11,
        ("plain", "text"): 13,
    }


def test_what_has_no_line_is_shown_at_what_is_around_it() -> None:
    """A key that stands nowhere is shown at its table, and where that fails at the first line."""
    lines = positions_of("\n[a.b]\nc = { d = 1 }\n")
    assert line_of(("a", "b", "c", "d"), lines) == 3
    assert line_of(("a", "b", "missing"), lines) == 2
    assert line_of(("z",), lines) == 1
