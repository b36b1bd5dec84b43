"""Whatever is done to a catalogue file, it is read or refused with mistakes, and nothing else breaks."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.builders import NORTHWIND
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import CatalogError, parse_catalog, parse_document, read_catalog

FULL = (
    NORTHWIND.replace('card = "required" }', 'card = "required", features = { sso = false } }')
    + """
[features.storage]
kind = "per_seat"

[policy.features.api_calls]
grace_days = 1
grace_read_only_days = 2
on_unknown = "last_known"
last_known_hours = 6

[addons.calls]
name = "More calls"
features = { api_calls = 5000, storage = 3 }

[[addons.calls.prices]]
currency = "usd"
unit_amount = 500

[plans.scale.policy]
on_pause_collection = "pause"
upgrade_in_trial = "keep_trial"
"""
)
"""Northwind's file with every kind of table there is."""

JUNK = [
    "",
    "[",
    "[[",
    "]",
    "[plans.team]",
    "[[plans.team.prices]]",
    "[[plans]]",
    "[features]",
    "plans = 1",
    '"""',
    "'''",
    "{}",
    "= = =",
    "x.y.z = 1",
    "1979-05-27",
    "nan",
    "-0",
    "\u2028",
    "\x00",
    "\r",
]
lines = st.sampled_from(FULL.split("\n"))
junk = st.sampled_from(JUNK) | lines | st.text(max_size=8)
names = st.sampled_from(
    ["name", "days", "month", "prices", "features", "plans", "team", "rank", "free", "policy", "addons"]
)
keys = names | st.text(max_size=4)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates()
    | st.text(max_size=6)
    | st.sampled_from(["unlimited", "year", "usd"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


def outcome(read: Callable[[], Catalog]) -> Catalog | CatalogError:
    """Return what reading came to; anything but a catalogue or a ``CatalogError`` goes through."""
    try:
        return read()
    except CatalogError as error:
        return error


def assert_read_or_refused(result: Catalog | CatalogError, line_count: int) -> None:
    """Assert that a catalogue has plans, and that a refusal says where, what and what to do."""
    if isinstance(result, Catalog):
        assert list(result)
        return
    assert result.mistakes
    for mistake in result.mistakes:
        assert 1 <= mistake.line <= line_count
        assert mistake.message
        assert mistake.remedy


@st.composite
def changed_texts(draw: st.DrawFn) -> str:
    """Change the file in up to six places: something is cut, and something else put there."""
    text = FULL
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 10, 80, 1000])))
        text = text[:start] + draw(junk) + text[end:]
    return text


@st.composite
def changed_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Change the document in up to four places: some value becomes another, or is new."""
    document = parse_document(FULL)
    for _ in range(draw(st.integers(1, 4))):
        place: Any = document
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
            if draw(st.integers(0, 2)) == 0 or not isinstance(place[key], (dict, list)):
                place[key] = draw(values)
                break
            place = place[key]
        if isinstance(place, dict):
            place[draw(keys)] = draw(values)
    return document


def test_the_file_that_is_damaged_is_whole_at_first() -> None:
    """What the properties start from is a catalogue with every kind of table."""
    whole = parse_catalog(FULL)
    assert list(whole.add_ons) == ["calls"]
    assert list(whole.plan("team").policy.features) == ["api_calls"]


@settings(max_examples=300)
@given(changed_texts())
def test_a_changed_text_is_read_or_refused(text: str) -> None:
    """A file that was damaged anywhere raises nothing but ``CatalogError``."""
    assert_read_or_refused(outcome(lambda: parse_catalog(text)), text.count("\n") + 1)


@settings(max_examples=300)
@given(changed_documents())
def test_a_changed_document_is_read_or_refused(document: dict[str, Any]) -> None:
    """A document with any value at any place raises nothing but ``CatalogError``."""
    assert_read_or_refused(outcome(lambda: read_catalog(document)), 1)


@given(st.permutations(["free", "starter", "team", "scale"]))
def test_the_order_of_the_plans_is_their_rank(order: list[str]) -> None:
    """Plans without a rank are ranked as the file lists them."""
    document = parse_document(NORTHWIND)
    document["plans"] = {key: document["plans"][key] for key in order}
    assert [plan.key for plan in read_catalog(document)] == order
