"""What a push does at Stripe, step by step, and in what Stripe has drifted from what was published."""

from dataclasses import replace

import pytest

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.offer_at_stripe import OfferAtStripe, StripePrice, StripeProduct, differences
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.push_steps import KnownPrice, PushSteps, offers_of, plan_push
from tiergate.rules.stripe_drift import drift_of
from tiergate.rules.tiered_price import Tier, TiersMode

FILE = """
[product]
name = "Acme"
[plans.free]
[plans.pro]
prices = [{ currency = "usd", unit_amount = 1000 }]
[addons.more]
prices = [{ currency = "usd", unit_amount = 200 }]
"""
MINE = {"plan_key": "pro", "catalog_version": "1"}
PRODUCT = StripeProduct("acme_pro", "Acme Pro", metadata={"plan_key": "pro"})
MORE = StripeProduct("acme_addon_more", "Acme More", metadata={"add_on_key": "more"})
PRICE = StripePrice("price_1", "acme_pro", "month", "usd", 1000, "pro_monthly", metadata=MINE)
MORE_PRICE = StripePrice(
    "price_2", "acme_addon_more", "month", "usd", 200, "more_monthly",
    metadata={"add_on_key": "more", "catalog_version": "1"},
)  # fmt: skip
KNOWN = KnownPrice("price_1", "acme_pro", "plan_key", "pro")
KNOWN_MORE = KnownPrice("price_2", "acme_addon_more", "add_on_key", "more")


def catalog(text: str = FILE) -> Catalog:
    """Read a file."""
    return parse_catalog(text)


def at_stripe(*things: StripeProduct | StripePrice) -> OfferAtStripe:
    """Put together what is at Stripe."""
    return OfferAtStripe(
        {each.id: each for each in things if isinstance(each, StripeProduct)},
        {each.id: each for each in things if isinstance(each, StripePrice)},
    )


def steps(
    found: OfferAtStripe, *known: KnownPrice, text: str = FILE, given: dict[str, str] | None = None
) -> PushSteps:
    """Plan a push."""
    return plan_push(catalog(text), found, known, given)


def test_every_key_has_a_product_of_its_own() -> None:
    """Keys that would come to one id, in signs, in case or in other scripts, come to several that stay."""
    keys = ["pro", "pro_x", "pro-x", "pro.x", "Pro", "プロ", "プラン", "addon_more"]
    prices = '[{{ currency = "usd", unit_amount = 1000, lookup_key = "{}" }}]'
    plans = "".join(f'[plans."{key}"]\nprices = {prices.format(key)}\n' for key in keys)
    sold = offers_of(catalog(FILE.replace("[plans.pro]", "[plans.other]") + plans), at_stripe(), [])
    ids = {offer.key: offer.product_id for offer in sold}
    assert len(set(ids.values())) == len(sold) == len(keys) + 2
    assert (ids["pro"], ids["pro_x"], ids["more"]) == ("acme_pro", "acme_pro_x", "acme_addon_more")
    assert ids["pro-x"] == "acme_pro_x_abe5caed"


def told(planned: PushSteps) -> list[str]:
    """The steps in words, with what the publishing of the version stands between."""
    return [*map(str, planned.before), "publish", *map(str, planned.after)]


ALL = at_stripe(PRODUCT, MORE, PRICE, MORE_PRICE)
PRO_ALONE = FILE.partition("[addons")[0]
DEARER = FILE.replace("1000", "1500")
RENAMED = FILE.replace("[plans.pro]", '[plans.pro]\nname = "Expert"')
OTHER_KEY = FILE.replace("[plans.pro]", "[plans.expert]").replace(
    "unit_amount = 1000", 'unit_amount = 1000, lookup_key = "pro_monthly"'
)

GOLDEN: dict[str, tuple[PushSteps, list[str]]] = {
    "nothing is there": (
        steps(at_stripe()),
        [
            "create product acme_pro: new product 'Acme Pro'",
            "create price pro_monthly: new price per month",
            "create product acme_addon_more: new product 'Acme More'",
            "create price more_monthly: new price per month",
            "publish",
        ],
    ),
    "all is there": (steps(ALL, KNOWN, KNOWN_MORE), ["publish"]),
    "all is there, and the database is new": (steps(ALL), ["publish"]),
    "another amount": (
        steps(ALL, KNOWN, KNOWN_MORE, text=DEARER),
        [
            "create price pro_monthly: replaces price_1: its amount is 1000, not 1500",
            "publish",
            "archive price pro_monthly: not sold any more; who pays it goes on",
        ],
    ),
    "another amount, broken off before the old one was archived": (
        steps(
            at_stripe(
                PRODUCT, MORE, MORE_PRICE, replace(PRICE, lookup_key=None),
                replace(PRICE, id="price_3", unit_amount=1500),
            ),
            KNOWN, KNOWN_MORE, text=DEARER,
        ),
        ["publish", "archive price price_1: not sold any more; who pays it goes on"],
    ),
    "another name": (
        steps(ALL, KNOWN, KNOWN_MORE, text=RENAMED),
        ["rename product acme_pro: from 'Acme Pro' to 'Acme Expert'", "publish"],
    ),
    "another name of the product keeps the ids": (
        steps(ALL, KNOWN, KNOWN_MORE, text=FILE.replace("Acme", "Best")),
        [
            "rename product acme_pro: from 'Acme Pro' to 'Best Pro'",
            "rename product acme_addon_more: from 'Acme More' to 'Best More'",
            "publish",
        ],
    ),
    "a plan is gone": (
        steps(ALL, KNOWN, KNOWN_MORE, text=PRO_ALONE),
        [
            "publish",
            "archive price more_monthly: not sold any more; who pays it goes on",
            "archive product acme_addon_more: no price of it is sold any more",
        ],
    ),
    "a plan is gone, and the database is new": (
        steps(ALL, text=PRO_ALONE),
        [
            "publish",
            "archive price more_monthly: not sold any more; who pays it goes on",
            "archive product acme_addon_more: no price of it is sold any more",
        ],
    ),
    "a plan comes back": (
        steps(at_stripe(replace(PRODUCT, active=False), MORE, MORE_PRICE, replace(PRICE, active=False)),
              KNOWN, KNOWN_MORE),
        [
            "revive product acme_pro: sold again",
            "create price pro_monthly: replaces price_1: the one at Stripe is archived",
            "publish",
        ],
    ),
    "a product was archived by hand": (
        steps(at_stripe(replace(PRODUCT, active=False), MORE, MORE_PRICE, PRICE), KNOWN, KNOWN_MORE),
        ["revive product acme_pro: sold again", "publish"],
    ),
    "a plan gets another key, and not the subscribers of the old one": (
        steps(ALL, KNOWN, KNOWN_MORE, text=OTHER_KEY),
        [
            "create product acme_expert: new product 'Acme Expert'",
            "create price pro_monthly: replaces price_1: the lookup key belonged to another plan",
            "publish",
            "archive price pro_monthly: not sold any more; who pays it goes on",
            "archive product acme_pro: no price of it is sold any more",
        ],
    ),
    "the dashboard's price under our lookup key is used and left alone": (
        steps(at_stripe(StripePrice("price_x", "prod_x", "month", "usd", 1000, "pro_monthly")),
              text=PRO_ALONE),
        ["publish"],
    ),
    "one that was mapped to another plan is not": (
        steps(at_stripe(StripePrice("price_x", "prod_x", "month", "usd", 1000, "pro_monthly")),
              KnownPrice("price_x", "prod_x", "plan_key", "old"), text=PRO_ALONE),
        [
            "create product acme_pro: new product 'Acme Pro'",
            "create price pro_monthly: replaces price_x: the lookup key belonged to another plan",
            "publish",
        ],
    ),
    "strangers are left alone": (
        steps(
            at_stripe(
                PRODUCT, MORE, PRICE, MORE_PRICE,
                StripeProduct("prod_x", "T-shirt"),
                StripePrice("price_x", "prod_x", "month", "usd", 1),
                StripeProduct("other_gold", "Other Gold", metadata={"plan_key": "gold"}),
                StripePrice("price_y", "other_gold", "month", "usd", 1, "gold_monthly",
                            metadata={"plan_key": "gold", "catalog_version": "4"}),
                StripePrice("price_z", "acme_pro", "month", "usd", 7, metadata={"plan_key": "pro"}),
            ),
            KNOWN, KNOWN_MORE,
        ),
        ["publish"],
    ),
    "a product with a stranger's price stays": (
        steps(at_stripe(PRODUCT, MORE, PRICE, MORE_PRICE,
                        StripePrice("price_x", "acme_addon_more", "month", "usd", 1)),
              KNOWN, KNOWN_MORE, text=PRO_ALONE),
        ["publish", "archive price more_monthly: not sold any more; who pays it goes on"],
    ),
    "a price that the file named is used as it is, and never archived": (
        steps(at_stripe(MORE, MORE_PRICE, StripePrice("price_x", "prod_x", "month", "usd", 1000)),
              KNOWN_MORE, given={"pro_monthly": "price_x"}),
        ["publish"],
    ),
    "a product that a price of elsewhere took the place of is left alone": (
        steps(at_stripe(PRODUCT, MORE, MORE_PRICE, StripePrice("price_x", "prod_x", "month", "usd", 1000)),
              KNOWN, KNOWN_MORE, given={"pro_monthly": "price_x"}),
        ["publish"],
    ),
    "nor is one that it named once": (
        steps(at_stripe(MORE, PRODUCT, MORE_PRICE, PRICE), replace(KNOWN, is_given=True), KNOWN_MORE,
              text=FILE.replace('[plans.pro]\nprices = [{ currency = "usd", unit_amount = 1000 }]', "")),
        ["publish"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_the_steps_of_a_push(name: str) -> None:
    """Each situation has its list of steps, in order, and no other."""
    planned, lines = GOLDEN[name]
    assert told(planned) == lines
    assert planned.all == planned.before + planned.after


def test_what_is_kept_is_known_by_its_lookup_key() -> None:
    """So that it can be mapped to what it sells."""
    planned = steps(ALL, KNOWN, KNOWN_MORE)
    assert {key: price.id for key, price in planned.kept.items()} == {
        "pro_monthly": "price_1",
        "more_monthly": "price_2",
    }


TIERS = (Tier(5, 100), Tier(None, 50))
IN_TIERS = Price("p", "month", "usd", 100, {"eur": Amount("eur", 90, TIERS)}, TIERS, TiersMode.VOLUME)
TIERED = StripePrice(
    "price_1", "prod_1", "month", "usd", None, "p", True, {"eur": Amount("eur", 90, TIERS)}, TIERS, "volume"
)
PLAIN = Price("p", "month", "usd", 100, {"eur": Amount("eur", 90)}, tax_behavior=TaxBehavior.EXCLUSIVE)
FOUND = StripePrice(
    "price_1", "prod_1", "month", "usd", 100, "p", True, {"eur": Amount("eur", 90)}, tax_behavior="exclusive"
)


@pytest.mark.parametrize(
    ("price", "found", "lines"),
    [
        (PLAIN, FOUND, []),
        (IN_TIERS, TIERED, []),
        (IN_TIERS, replace(TIERED, currency_options={"eur": Amount("eur", 0)}), []),
        (replace(PLAIN, tax_behavior=TaxBehavior.UNSPECIFIED), FOUND, []),
        (PLAIN, replace(FOUND, interval="3 months"), ["it is charged per 3 months, not per month"]),
        (PLAIN, replace(FOUND, currency="gbp"), ["its currency is gbp, not usd"]),
        (PLAIN, replace(FOUND, unit_amount=101), ["its amount is 101, not 100"]),
        (PLAIN, replace(FOUND, tax_behavior="inclusive"), ["its tax behavior is inclusive, not exclusive"]),
        (PLAIN, replace(FOUND, currency_options={}), ["its amounts in other currencies differ"]),
        (
            PLAIN,
            replace(FOUND, currency_options={"eur": Amount("eur", 91)}),
            ["its amounts in other currencies differ"],
        ),
        (PLAIN, replace(TIERED, tax_behavior="exclusive"),
         ["its tiers are others", "its amounts in other currencies differ"]),
        (IN_TIERS, replace(TIERED, tiers_mode="graduated"), ["its tiers are others"]),
        (IN_TIERS, replace(TIERED, tiers=TIERS[1:]), ["its tiers are others"]),
    ],
)  # fmt: skip
def test_in_what_a_price_differs(price: Price, found: StripePrice, lines: list[str]) -> None:
    """Everything that customers would notice counts; what the file leaves open, Stripe may decide."""
    assert list(differences(price, found)) == lines


FOR_SALE = {"pro_monthly": "price_1", "more_monthly": "price_2"}

DRIFT: dict[str, tuple[OfferAtStripe, dict[str, str], list[str]]] = {
    "none": (ALL, FOR_SALE, []),
    "never created": (
        ALL,
        {"more_monthly": "price_2"},
        ["not_mapped pro_monthly: the price is published, but was never created at Stripe."],
    ),
    "missing": (
        at_stripe(PRODUCT, MORE, MORE_PRICE),
        FOR_SALE,
        ["missing pro_monthly: Stripe has no price price_1."],
    ),
    "archived, renamed": (
        at_stripe(
            replace(PRODUCT, name="Pro!", active=False), MORE, MORE_PRICE, replace(PRICE, active=False)
        ),
        FOR_SALE,
        [
            "renamed acme_pro: the product is called 'Pro!' at Stripe, and 'Acme Pro' here.",
            "product_archived acme_pro: the product is archived at Stripe: nobody can buy it.",
            "archived pro_monthly: price_1 is archived at Stripe: nobody can buy it.",
        ],
    ),
    "edited": (
        at_stripe(PRODUCT, MORE, MORE_PRICE, replace(PRICE, currency_options={"eur": Amount("eur", 1)})),
        FOR_SALE,
        ["differs pro_monthly: price_1 is another price at Stripe: its amounts in other currencies differ."],
    ),
    "the key moved": (
        at_stripe(PRODUCT, MORE, MORE_PRICE, replace(PRICE, lookup_key=None), replace(PRICE, id="price_9")),
        FOR_SALE,
        ["lookup_key_moved pro_monthly: the lookup key is no longer on price_1, but on price_9."],
    ),
    "the key is gone, and the product is a stranger's": (
        at_stripe(replace(PRODUCT, metadata={}, name="?"), MORE, MORE_PRICE, replace(PRICE, lookup_key=None)),
        FOR_SALE,
        ["lookup_key_moved pro_monthly: the lookup key is no longer on price_1, but on no price."],
    ),
}


@pytest.mark.parametrize("name", DRIFT)
def test_in_what_stripe_has_drifted(name: str) -> None:
    """Each difference from the version in force is named, with what it is about."""
    found, for_sale, lines = DRIFT[name]
    offers = offers_of(catalog(), found, [KNOWN, KNOWN_MORE])
    drift = drift_of(offers, found, for_sale)
    assert [f"{each.kind} {each}" for each in drift] == lines
    assert [each.keeps_from_buying for each in drift] == [
        each.kind not in ("differs", "renamed") for each in drift
    ]


def test_a_price_that_the_file_names_needs_no_lookup_key() -> None:
    """It belongs to somebody else, who may call it what they like."""
    given = FILE.replace("unit_amount = 1000", 'unit_amount = 1000, stripe_price = "price_1"')
    found = at_stripe(PRODUCT, MORE, MORE_PRICE, replace(PRICE, lookup_key=None))
    assert drift_of(offers_of(catalog(given), found, []), found, FOR_SALE) == ()
