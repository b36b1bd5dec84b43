"""What differs between two versions of the offer, and what a move from one to the other means."""

import pytest

from tests.rules.builders import PLAIN_NORTHWIND
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_diff import (
    CatalogDiff,
    FieldChange,
    OfferChange,
    PriceChange,
    compare_catalogs,
    compare_floor,
    compare_plan,
)
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier

ADD_ON = '[addons.seats]\nfeatures = { seats = 1 }\nprices = [{ currency = "usd", unit_amount = 500 }]\n'


def read(*changes: tuple[str, str], more: str = "") -> Catalog:
    """Read Northwind's file with some changes."""
    text = PLAIN_NORTHWIND
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_catalog(f"{text}\n{more}")


BEFORE = read()


def shown(diff: CatalogDiff) -> list[str]:
    """Write a difference as lines of a golden table."""
    lines = []
    for each in diff.offers:
        what = "new" if each.is_new else "gone" if each.is_gone else "changed"
        lines.append(f"{each.kind} {each.key} {what}")
        lines += [f"  {f.effect} {f.key} {f.before}>{f.after}" for f in each.features]
        lines += [f"  {p.interval} {p.currency} {cost(p.before)}>{cost(p.after)}" for p in each.prices]
        lines += [f"  {o.name} {o.before}>{o.after}" for o in each.others]
    return [*lines, *(f"{o.name} {o.before}>{o.after}" for o in diff.settings)]


def cost(amount: Amount | None) -> str:
    """Write an amount."""
    return "-" if amount is None else f"{amount.unit_amount}{'+' if amount.tiers else ''}"


GOLDEN: dict[str, tuple[Catalog, list[str]]] = {
    "nothing but a comment": (read(more="# a word"), []),
    "what is lacked can be said or left out": (read(("seats = 3, ", "seats = 3, sso = false, ")), []),
    "features": (
        read(
            (
                'custom_domain = true\nroles = true\naudit_log = "90 days"',
                'custom_domain = true\nsso = true\naudit_log = "30 days"',
            ),
            ("projects = 5, api_calls = 20000", 'projects = "unlimited", api_calls = 10000'),
        ),
        [
            "plan starter changed",
            "  raised projects 5>unlimited",
            "  lowered api_calls 20000>10000",
            "plan team changed",
            "  gained sso False>True",
            "  changed audit_log 90 days>30 days",
            "  lost roles True>False",
        ],
    ),
    "prices": (
        read(
            ("unit_amount = 4900\n", "unit_amount = 5900\ncurrency_options = { eur = 5500 }\n"),
            ('[[plans.scale.prices]]\ninterval = "year"\ncurrency = "usd"\nunit_amount = 142800\n', ""),
            ("unit_amount = 1900", "tiers = [{ unit_amount = 1900 }]"),
        ),
        [
            "plan starter changed",
            "  month usd 1900>1900+",
            "plan team changed",
            "  month usd 4900>5900",
            "  month eur ->5500",
            "plan scale changed",
            "  year usd 142800>-",
        ],
    ),
    "everything else of a plan": (
        read(
            ('trial = { days = 14, card = "required" }', "seats = { minimum = 2 }\npublic = false"),
            ('name = "Starter"', 'name = "Solo"\nrank = 1'),
            (
                'trial = { days = 14, card = "not_required" }\nfeatures',
                "trial = { days = 7, features = { seats = 9 } }\nfeatures",
            ),
        ),
        [
            "plan starter changed",
            "  name Starter>Solo",
            "  trial.days 14>7",
            "  trial.features none>{'seats': 9}",
            "plan scale changed",
            "  is_public yes>no",
            "  trial days 14, card_required yes, features none, model free_trial>none",
            "  seats none>minimum 2, maximum none",
        ],
    ),
    "policy and settings": (
        read(
            ("grace_days = 3", "grace_days = 5\ngrace_read_only_days = 1\nlast_known_hours = 25"),
            ('tagline = "Start', 'currency = "usd"\ntagline = "Start'),
            more="[billing]\nretry_after_days = [1]\n[checkout]\nhosted = false\n"
            '[pricing_page]\ntax_note = "VAT"\n[[pricing_page.faq]]\nquestion = "Why?"\nanswer = "So."\n'
            "[policy.features.seats]\ngrace_days = 1\n",
        ),
        [
            *(
                line
                for key in ("free", "starter", "team", "scale")
                for line in (
                    f"plan {key} changed",
                    "  policy.grace 3 days>5 days",
                    "  policy.grace_read_only 0 days>1 day",
                    "  policy.last_known_for 1 day>25 hours",
                    "  policy.features.seats none>grace 1 day, grace_read_only none, on_unknown none, "
                    "last_known_for none",
                )
            ),
            "product.currency none>usd",
            "checkout.hosted yes>no",
            "billing.retry_after_days 3, 5, 7>1",
            "tax_note none>VAT",
            "faq 0 questions>1 question",
        ],
    ),
    "plans and add-ons come and go": (
        read(
            ("[plans.scale]", "[plans.vast]"),
            ("[plans.scale.features]", "[plans.vast.features]"),
            ("[[plans.scale.prices]]", "[[plans.vast.prices]]"),
            more=ADD_ON,
        ),
        ["plan vast new", "plan scale gone", "add_on seats new"],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_differs(name: str) -> None:
    """Each difference is told, and nothing else."""
    after, lines = GOLDEN[name]
    assert shown(compare_catalogs(BEFORE, after)) == lines
    assert compare_catalogs(BEFORE, after).is_empty == (not lines)
    assert compare_catalogs(after, after).is_empty


def test_a_first_version_is_new_in_everything() -> None:
    """Before it there was nothing: every plan and add-on is new, and no setting has changed."""
    diff = compare_catalogs(None, read(more=ADD_ON))
    assert [(each.key, each.is_new) for each in diff.offers] == [
        *((key, True) for key in ("free", "starter", "team", "scale")),
        ("seats", True),
    ]
    assert diff.settings == ()


def test_an_add_on_that_changes_or_goes() -> None:
    """Its features, prices, name and description are compared as those of a plan."""
    before = read(more=ADD_ON)
    after = read(more=ADD_ON.replace("seats = 1", "seats = 2") + 'name = "More seats"\n')
    assert shown(compare_catalogs(before, after)) == [
        "add_on seats changed",
        "  raised seats 1>2",
        "  name Seats>More seats",
    ]
    assert shown(compare_catalogs(before, BEFORE)) == ["add_on seats gone"]


def test_a_value_of_another_type_is_another_value() -> None:
    """A setting that becomes a number has changed, although Python takes 1 for true."""
    before = read(('support = "Community"', "support = 1"))
    (change,) = compare_plan("free", before, BEFORE).features
    assert (change.effect, change.before, change.after) == ("raised", 1, "Community")


def test_what_a_move_takes_away() -> None:
    """Lost and lowered features are what somebody would miss; a feature that is gone keeps its name."""
    after = read(
        ('[features.roles]\nname = "Roles & permissions"\n', ""),
        ("roles = true\n", ""),
        ("seats = 10", "seats = 8"),
        ("api_calls = 100000\n", "api_calls = 200000\n"),
    )
    change = compare_plan("team", BEFORE, after)
    assert [(each.name, each.effect) for each in change.takes_away] == [
        ("Seats", "lowered"),
        ("Roles & permissions", "lost"),
    ]
    assert not change.changes_nothing


def test_a_plan_that_is_gone_can_be_moved_nowhere() -> None:
    """It is told as gone, under the name it had; one that never was changes nothing."""
    after = parse_catalog('[product]\nname = "N"\n[plans.free]\n')
    assert compare_plan("team", BEFORE, after) == OfferChange("plan", "team", "Team", False, True)
    assert compare_plan("nope", BEFORE, after).changes_nothing


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('[plans.free]\nname = "Free"', '[plans.basic]\nname = "Basic"', ("basic", "Basic", False, False)),
        ("[plans.free]", '[plans.talk]\ncontact_url = "/talk"', ("free", "Free", False, True)),
        ('[plans.talk]\ncontact_url = "/talk"', "[plans.free]", ("free", "Free", True, False)),
        ('[plans.talk]\ncontact_url = "/talk"', '[plans.talk]\ncontact_url = "/talk"', None),
    ],
    ids=["renamed", "gone", "new", "never"],
)
def test_who_has_bought_nothing_moves_from_free_plan_to_free_plan(
    before: str, after: str, told: tuple[object, ...] | None
) -> None:
    """Whatever the free plans are called; where there was or will be none, that is what changes."""
    old, new = (parse_catalog(f'[product]\nname = "N"\n{text}\n') for text in (before, after))
    found = compare_floor(old, new)
    assert (found and (found.key, found.name, found.is_new, found.is_gone)) == told


def test_a_price_by_other_tiers_is_another_price() -> None:
    """The steps and the way they apply count, not only what the first unit costs."""
    price = 'interval = "month"\ncurrency = "usd"\nunit_amount = 1900'
    graduated = price.replace(
        "unit_amount = 1900", "tiers = [{ up_to = 5, unit_amount = 1900 }, { unit_amount = 1 }]"
    )
    volume = f'{graduated}\ntiers_mode = "volume"'
    (change,) = compare_plan("starter", read((price, graduated)), read((price, volume))).prices
    amount = Amount("usd", 1900, (Tier(5, 1900), Tier(None, 1)))
    assert change == PriceChange("month", "usd", amount, amount)


def test_what_is_the_same_is_not_told() -> None:
    """A dictionary of policies is gone into key by key."""
    more = "[policy.features.{}]\ngrace_days = {}\n"
    both = more.format("seats", 1) + more.format("roles", 1)
    before, after = (read(more=both.replace("grace_days = 1", f"grace_days = {n}", 1)) for n in (1, 2))
    assert compare_plan("free", before, after).others == (
        FieldChange("policy.features.seats.grace", "1 day", "2 days"),
    )
