"""The catalogue file: all that it can say, and where each key stands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tiergate.rules.billing_settings import BillingSettings
from tiergate.rules.catalog import AddOn, Feature, FeatureKind, Plan, Product, Question, Seats, Trial
from tiergate.rules.catalog_file import CatalogError, parse_catalog, read_catalog
from tiergate.rules.checkout_settings import CheckoutSettings
from tiergate.rules.policy import (
    Afterwards,
    FeaturePolicy,
    FewerSeats,
    FirstCharge,
    OnCancel,
    OnCancelNow,
    OnDuplicate,
    OnPauseCollection,
    OnUnknown,
    Policy,
    UpgradeInTrial,
)
from tiergate.rules.price import Price
from tiergate.rules.toml_positions import Position, position_of, positions_of

PRODUCT = '[product]\nname = "Acme"\n'

FULL = """
[product]
name = "Acme"
headline = "Simple"
tagline = "As it should be"
support_email = "help@acme.example"
currency = "EUR"

[features.rows]
name = "Rows"
kind = "metered"
description = "Rows stored"
unit = "k"

[features."white label"]

[features.gigabytes]
kind = "per_seat"

[policy]
grace_days = 7
after_grace = "blocked"
features.rows = { grace_days = 1, on_unknown = "allow" }

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
grace_read_only_days = 3
last_known_hours = 12
on_pause = "blocked"
on_pause_collection = "pause"
on_duplicate = "cancel"
upgrade_in_trial = "keep_trial"
cancel = "now"
fewer_seats_than_members = "at_renewal"
pause_days = 60
[plans.max.policy.features.rows]
grace_read_only_days = 4
last_known_hours = 6
[plans.max.policy.features."white label"]
grace_days = 0
on_unknown = "last_known"
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
public = false
contact_url = "mailto:sales@acme.example"
seats = { minimum = 2, maximum = 9 }
prices = [{ currency = "usd", unit_amount = 300 }]
trial = { days = 7, card = "required", features = { rows = 10, "white label" = false } }

[pricing_page]
tax_note = "Plus VAT."
faq = [{ question = "Why?", answer = "Because." }]

[addons.more_rows]
description = "For more rows"
features = { rows = 100 }
[[addons.more_rows.prices]]
currency = "usd"
unit_amount = 500

[addons.white]
name = "White label"
prices = [{ currency = "usd", unit_amount = 900, interval = "year" }]
"""


ROWS = FeaturePolicy(grace=timedelta(days=1), on_unknown=OnUnknown.ALLOW)
MAX_POLICY = Policy(
    after_trial=Afterwards.READ_ONLY,
    after_grace=Afterwards.READ_ONLY,
    after_cancel=Afterwards.BLOCKED,
    grace=timedelta(days=14),
    first_charge=FirstCharge.WAIT,
    first_charge_grace=timedelta(days=2),
    max_unconfirmed=timedelta(days=5),
    on_unknown=OnUnknown.ALLOW,
    on_cancel_now=OnCancelNow.KEEP_PAID,
    grace_read_only=timedelta(days=3),
    last_known_for=timedelta(hours=12),
    on_pause=Afterwards.BLOCKED,
    on_pause_collection=OnPauseCollection.PAUSE,
    on_duplicate=OnDuplicate.CANCEL,
    upgrade_in_trial=UpgradeInTrial.KEEP_TRIAL,
    cancel=OnCancel.NOW,
    fewer_seats_than_members=FewerSeats.AT_RENEWAL,
    pause=timedelta(days=60),
    features={
        "rows": replace(ROWS, grace_read_only=timedelta(days=4), last_known_for=timedelta(hours=6)),
        "white label": FeaturePolicy(grace=timedelta(0), on_unknown=OnUnknown.LAST_KNOWN),
    },
)
"""What the file says of Max, on top of what it says for all."""


def test_what_a_file_can_say_of_the_product() -> None:
    """Product, features, currencies and questions arrive where the catalogue keeps them."""
    read = parse_catalog(FULL, version=3)
    assert read.product == Product("Acme", "Simple", "As it should be", "help@acme.example", "eur")
    assert dict(read.features) == {
        "rows": Feature("rows", "Rows", FeatureKind.METERED, "Rows stored", "k"),
        "white label": Feature("white label", "White label", FeatureKind.SWITCH),
        "gigabytes": Feature("gigabytes", "Gigabytes", FeatureKind.PER_SEAT),
    }
    assert read.version == 3
    assert read.currencies == ("eur", "usd", "jpy")
    assert (read.faq, read.tax_note) == ((Question("Why?", "Because."),), "Plus VAT.")
    assert (read.checkout, read.billing) == (CheckoutSettings(), BillingSettings())


def test_what_a_file_can_say_of_plans() -> None:
    """Each key arrives where the catalogue keeps it, and plans come by rank."""
    read = parse_catalog(FULL, version=3)
    small, biggest = read
    common = Policy(grace=timedelta(days=7), after_grace=Afterwards.BLOCKED, features={"rows": ROWS})
    tried = Trial(7, card_required=True, features={"rows": 10, "white label": False})
    assert small == Plan(
        "small_team",
        "Small",
        10,
        "For two",
        True,
        {},
        (Price("small_team_monthly", "month", "usd", 300),),
        tried,
        common,
        Seats(2, 9),
        "mailto:sales@acme.example",
        is_public=False,
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
        policy=MAX_POLICY,
    )


def test_what_a_file_can_say_of_add_ons() -> None:
    """They come in the order of the file, with their prices."""
    assert list(parse_catalog(FULL).add_ons.values()) == [
        AddOn(
            "more_rows",
            "More rows",
            "For more rows",
            {"rows": 100},
            (Price("more_rows_monthly", "month", "usd", 500),),
        ),
        AddOn("white", "White label", prices=(Price("white_yearly", "year", "usd", 900),)),
    ]


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
    with pytest.raises(CatalogError, match=r"^billing\.toml, line 1, column 1: There are no plans"):
        read_catalog({"product": {"name": "Acme"}})
    assert read_catalog({"product": {"name": "Acme"}, "plans": {"free": {}}}).plan("free").is_free


def test_positions_of_every_form_of_key() -> None:
    """Tables, quoted and dotted keys, elements of lists and keys in braces are found where they stand."""
    text = (
        "top = 1\n"
        "[a . 'b c']  # comment\n"
        '  x."y \\u007a" = 1\n'
        "[[list]]\n"
        "k = 1\n"
        "[[list]]\n"
        "k = 2\n"
        "  [list.inner]\n"
        "  deep = 1979-05-27 07:32:00\n"
        "  [[list.more]]\n"
        "[plain]\n"
        "\n"
        "text = '''\n"
        "fake = 1\n"
        "'''\n"
        'braces = { a = "} # no", b = { c = true } }\n'
        "many = [\n"
        '  { d = """x"""" }, # ]\n'
        "  2,\n"
        "]\n"
    )
    assert positions_of(text) == {
        ("top",): (1, 1),
        ("a",): (2, 1),
        ("a", "b c"): (2, 1),
        ("a", "b c", "x"): (3, 3),
        ("a", "b c", "x", "y z"): (3, 3),
        ("list",): (4, 1),
        ("list", 0): (4, 1),
        ("list", 0, "k"): (5, 1),
        ("list", 1): (6, 1),
        ("list", 1, "k"): (7, 1),
        ("list", 1, "inner"): (8, 3),
        ("list", 1, "inner", "deep"): (9, 3),
        ("list", 1, "more"): (10, 3),
        ("list", 1, "more", 0): (10, 3),
        ("plain",): (11, 1),
        ("plain", "text"): (13, 1),
        ("plain", "braces"): (16, 1),
        ("plain", "braces", "a"): (16, 12),
        ("plain", "braces", "b"): (16, 26),
        ("plain", "braces", "b", "c"): (16, 32),
        ("plain", "many"): (17, 1),
        ("plain", "many", 0): (18, 3),
        ("plain", "many", 0, "d"): (18, 5),
        ("plain", "many", 1): (19, 3),
    }


def test_what_has_no_place_is_shown_at_what_is_around_it() -> None:
    """A key that stands nowhere is shown at its table, and where that fails at the first character."""
    positions = positions_of("\n[a.b]\nc = { d = 1 }\n[[a.e]]\n[a]\n")
    assert position_of(("a", "b", "c", "d"), positions) == Position(3, 7)
    assert position_of(("a", "b", "missing"), positions) == Position(2, 1)
    assert position_of(("a", "e"), positions) == Position(4, 1)
    assert position_of(("a",), positions) == Position(5, 1)
    assert position_of(("z",), positions) == Position(1, 1)


def test_a_feature_keeps_the_policy_of_the_file_where_its_plan_says_nothing() -> None:
    """For each feature: what its plan says of it, else what the file says of it, else what the plan says."""
    read = parse_catalog(FULL)
    rows = read.plan("max").policy.of_feature("rows")
    assert (rows.grace, rows.grace_read_only) == (timedelta(days=1), timedelta(days=4))
    assert (rows.on_unknown, rows.last_known_for) == (OnUnknown.ALLOW, timedelta(hours=6))
    white = read.plan("max").policy.of_feature("white label")
    assert (white.grace, white.grace_read_only) == (timedelta(0), timedelta(days=3))
    assert (white.on_unknown, white.last_known_for) == (OnUnknown.LAST_KNOWN, timedelta(hours=12))
    assert read.plan("max").policy.of_feature("gigabytes") == read.plan("max").policy
