"""Edits of a catalogue's text: exactly what was edited is different, and every comment is still there."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.bench import northwind
from tiergate.rules.catalog_file import parse_catalog
from tiergate.services.plans.edit_catalog import (
    EditError,
    move_plan,
    plans_by_rank,
    read_table,
    remove_feature,
    remove_plan,
    set_feature,
    set_plan,
    set_settings,
)
from tiergate.services.plans.rewrite_toml import UnwritableError, rewrite, same
from tiergate.services.plans.toml_blocks import blocks_of, joined

COMMENTED = '''# The offer of a product that is well documented.
[product]
name = "Commented"   # as customers know it

# What may be used.
[features.seats]
kind = "limit"
# Sold since 2024.
[features.sso]

[plans.free]     # the floor
features = { seats = 1 }   # one person

# What most take.
[plans.team]
name = "Team"
# The trial was longer once.
trial = { days = 14, card = "not_required" }  # two weeks
description = """
[plans.nothing]   # this is text
"""

# All they get.
[plans.team.features]
seats = 10 # ten

[[plans.team.prices]]
interval = "month"
currency = "usd"   # for now
unit_amount = 4_900

# The year is cheaper.
[[plans.team.prices]]
interval = "year"
currency = "usd"
unit_amount = 46_800

[policy]
grace_days = 3   # three

# For large customers.
[plans."large one"]
contact_url = "/contact"
prices = [ { interval = "month", currency = "usd", unit_amount = 1 } ] # in one line
trial.days = 3
# The end.
'''
TEXTS = [
    COMMENTED,
    northwind(),
    'product.name = "Flat"\nplans.free.name = "Free"',
    "",
    "plans = { a = {} }\n",
]

KEYS = st.sampled_from(["team", "free", "large one", "new", "né.w", 'quo"te', "name", "features"])
SCALARS = (
    st.booleans()
    | st.integers(0, 9)
    | st.text(alphabet="a\"\\\n'é#[]", max_size=6)
    | st.lists(st.integers(0, 9))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(KEYS, inner, max_size=5)
        | st.lists(st.dictionaries(KEYS, inner, min_size=1, max_size=4), min_size=1, max_size=3)
    ),
    max_leaves=12,
)
PLANS = st.dictionaries(KEYS | st.sampled_from(["prices", "trial", "rank"]), VALUES, max_size=5)


def comments(text: str) -> list[str]:
    """Every comment of a text, those in strings left out."""
    return re.findall(r"#[^\n]*", re.sub(r'"""(?s:.*?)"""', "", text))


@pytest.mark.parametrize("text", TEXTS)
def test_blocks_lose_nothing(text: str) -> None:
    """Cut into blocks and put together again, a text is the same."""
    assert joined(blocks_of(text)) == text


def test_comments_above_a_header_belong_to_it() -> None:
    """What stands directly above a table describes that table, and not the one before."""
    above = {block.path: block.above for block in blocks_of(COMMENTED)}
    assert above["plans", "team"] == "# What most take.\n"
    assert above["plans", "team", "prices", 1] == "# The year is cheaper.\n"
    assert above["policy",] == ""


@pytest.mark.parametrize("text", TEXTS)
@given(key=KEYS, plan=PLANS)
def test_a_plan_is_exactly_as_given(text: str, key: str, plan: dict[str, Any]) -> None:
    """Whatever a plan is set to is read again, and everything else is as it was."""
    before = tomllib.loads(text)
    is_new = key not in before.get("plans", {})
    expected = {**before, "plans": {**before.get("plans", {}), key: plan}}
    assert same(tomllib.loads(set_plan(text, key, plan, new=is_new)), expected)


@given(before=PLANS, after=PLANS)
def test_whatever_was_written_can_be_written_anew(before: dict[str, Any], after: dict[str, Any]) -> None:
    """A text that an edit has made can be edited further."""
    once = set_plan(COMMENTED, "team", before)
    again = set_plan(once, "team", after)
    assert same(tomllib.loads(again)["plans"]["team"], after)


@given(
    days=st.integers(1, 700),
    amount=st.integers(1, 10**6),
    seats=st.integers(0, 99),
    name=st.text("ab#é", min_size=1),
)
def test_no_comment_is_lost(days: int, amount: int, seats: int, name: str) -> None:
    """Changed values keep the comments beside, above and below them; the other lines stay to the letter."""
    plan = tomllib.loads(COMMENTED)["plans"]["team"]
    plan["name"] = name
    plan["trial"]["days"] = days
    plan["features"]["seats"] = seats
    plan["prices"][0]["unit_amount"] = amount
    plan["prices"].append({"interval": "month", "currency": "eur", "unit_amount": amount})
    edited = set_plan(COMMENTED, "team", plan)
    kept = re.sub(r'"""(?s:.*?)"""|name = "[ab#é]*"', "", edited)
    assert re.findall(r"#[^\n]*", kept) == comments(COMMENTED)
    untouched = set(COMMENTED.splitlines()) - set(edited.splitlines())
    assert len(untouched) <= 4


def test_a_removed_plan_takes_only_its_own_comments() -> None:
    """What stands above the next table stays there."""
    edited = remove_plan(COMMENTED, "team")
    assert "What most take" not in edited
    assert "The year is cheaper" not in edited
    assert '# For large customers.\n[plans."large one"]' in edited
    assert "grace_days = 3   # three" in edited
    assert set(tomllib.loads(edited)["plans"]) == {"free", "large one"}


def test_a_removed_price_leaves_the_others_with_their_comments() -> None:
    """Without the first price, the second keeps the words above it."""
    plan = tomllib.loads(COMMENTED)["plans"]["team"]
    del plan["prices"][0]
    edited = set_plan(COMMENTED, "team", plan)
    assert '# The year is cheaper.\n[[plans.team.prices]]\ninterval = "year"' in edited
    assert "for now" not in edited


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
@pytest.mark.parametrize("key", ["free", "starter", "team", "scale"])
def test_moving_changes_the_order_and_nothing_else(key: str, by: int) -> None:
    """A moved plan stands where it was moved to; apart from ranks the catalogue is the same."""
    order = ["free", "starter", "team", "scale"]
    order.insert(max(0, order.index(key) + by), order.pop(order.index(key)))
    moved = move_plan(northwind(), key, by)
    catalog = parse_catalog(moved)
    assert list(catalog.plans) == order == list(plans_by_rank(moved))
    told = tomllib.loads(moved)
    for plan in told["plans"].values():
        plan.pop("rank", None)
    assert same(told, tomllib.loads(northwind()))


def test_moving_back_restores_the_text() -> None:
    """Two moves that undo each other leave no rank behind."""
    assert move_plan(move_plan(northwind(), "team", -1), "team", 1) == northwind()


def test_removing_a_plan_keeps_the_ranks_apart() -> None:
    """Ranks that would collide once the places in the file shift are written anew in the old order."""
    moved = move_plan(northwind(), "scale", -2)
    edited = remove_plan(moved, "free")
    assert list(parse_catalog(edited).plans) == ["scale", "starter", "team"]


def test_ranks_of_ones_own_are_left_alone() -> None:
    """Who has numbered the plans by tens keeps the numbers of those that are left."""
    text = northwind()
    for rank, key in enumerate(["free", "starter", "team", "scale"], start=1):
        text = text.replace(f"[plans.{key}]\n", f"[plans.{key}]\nrank = {rank}0\n")
    left = tomllib.loads(remove_plan(text, "starter"))["plans"]
    assert {key: plan["rank"] for key, plan in left.items()} == {"free": 10, "team": 30, "scale": 40}


def test_a_removed_feature_leaves_no_value_behind() -> None:
    """Plans, partial trials, add-ons and policies forget it, and the catalogue is still one."""
    text = northwind() + (
        "\n[plans.team.policy.features.seats]\ngrace_days = 9\n"
        '[addons.more]\nfeatures = { seats = 5 }\n[[addons.more.prices]]\ncurrency = "usd"\nunit_amount = 5\n'
    )
    edited = remove_feature(text, "seats")
    assert "seats" not in edited
    assert "seats" not in parse_catalog(edited).features


def test_features_and_settings_are_set() -> None:
    """A new feature stands after the others, settings get a table, and empty settings lose it again."""
    text = set_feature(COMMENTED, "storage", {"kind": "limit", "unit": "GB"}, new=True)
    assert list(tomllib.loads(text)["features"]) == ["seats", "sso", "storage"]
    with_billing = set_settings(text, "billing", {"auto_charge": False, "retry_after_days": [1, 2]})
    assert read_table(with_billing, "billing") == {"auto_charge": False, "retry_after_days": [1, 2]}
    assert tomllib.loads(set_settings(with_billing, "billing", {})) == tomllib.loads(text)


def test_what_is_not_there_is_refused() -> None:
    """A plan that somebody has removed meanwhile does not come back by an edit, nor is one made twice."""
    with pytest.raises(EditError, match="no 'pro' any more"):
        set_plan(COMMENTED, "pro", {})
    with pytest.raises(EditError, match="'team' already"):
        set_plan(COMMENTED, "team", {}, new=True)
    for edit in (remove_plan, remove_feature):
        with pytest.raises(EditError):
            edit(COMMENTED, "pro")


def test_what_cannot_be_kept_is_refused_rather_than_broken() -> None:
    """What TOML has no way to say is not written in part either."""
    with pytest.raises(UnwritableError):
        rewrite(COMMENTED, {"product": {"name": None}})
