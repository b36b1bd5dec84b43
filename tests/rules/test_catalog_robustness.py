"""Whatever is done to a catalogue file, it is read or refused with mistakes, and nothing else breaks."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
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

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "catalogs").glob("*.toml"))
SOURCES = [FULL, *(path.read_text(encoding="utf-8") for path in EXAMPLES)]
DOCUMENTS = [parse_document(source) for source in SOURCES]
HUGE = [10**30, -(10**30), 2**63, 10**400, 1e308]

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
lines = st.sampled_from([line for source in SOURCES for line in source.split("\n")])
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
    | st.sampled_from(HUGE)
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
    """Change a file in up to six places: something is cut, and something else put there."""
    text = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 10, 80, 1000])))
        text = text[:start] + draw(junk) + text[end:]
    return text


@st.composite
def changed_bytes(draw: st.DrawFn) -> bytes:
    """Change up to six bytes of a file, wherever they are, as a bad disk does."""
    body = bytearray(draw(st.sampled_from(SOURCES)).encode())
    for _ in range(draw(st.integers(1, 6))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body)


@st.composite
def changed_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Change a document in up to four places: a value becomes another, is new, gone, doubled or misnamed."""
    document: dict[str, Any] = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = document
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
            if draw(st.integers(0, 2)) == 0 or not isinstance(place[key], (dict, list)):
                draw(st.sampled_from([replaced, deleted, doubled, renamed]))(draw, place, key)
                break
            place = place[key]
        if isinstance(place, dict) and draw(st.booleans()):
            place[draw(keys)] = draw(values)
    return document


def replaced(draw: st.DrawFn, place: Any, key: Any) -> None:
    """Put any value in place of one."""
    place[key] = draw(values)


def deleted(_draw: st.DrawFn, place: Any, key: Any) -> None:
    """Leave a value out."""
    del place[key]


def doubled(draw: st.DrawFn, place: Any, key: Any) -> None:
    """Have a value twice: in its list, or under another name."""
    twin = deepcopy(place[key])
    if isinstance(place, list):
        place.append(twin)
    else:
        place[draw(keys)] = twin


def renamed(draw: st.DrawFn, place: Any, key: Any) -> None:
    """Misspell a key, or move an entry of a list to its end."""
    if isinstance(place, list):
        place.append(place.pop(key))
    else:
        place[draw(keys | st.just(f"{key}s"))] = place.pop(key)


def test_the_file_that_is_damaged_is_whole_at_first() -> None:
    """What the properties start from is a catalogue with every kind of table."""
    whole = parse_catalog(FULL)
    assert list(whole.add_ons) == ["calls"]
    assert list(whole.plan("team").policy.features) == ["api_calls"]
    assert [len(parse_catalog(source).plans) for source in SOURCES] == [4, 3, 4, 4, 4, 4]


@settings(max_examples=500)
@given(changed_texts())
def test_a_changed_text_is_read_or_refused(text: str) -> None:
    """A file that was damaged anywhere raises nothing but ``CatalogError``."""
    assert_read_or_refused(outcome(lambda: parse_catalog(text)), text.count("\n") + 1)


@settings(max_examples=500)
@given(changed_bytes())
def test_a_file_with_broken_bytes_is_read_or_refused(body: bytes) -> None:
    """Whatever bytes become text: it is a catalogue, or mistakes with their lines."""
    text = body.decode(errors="replace")
    assert_read_or_refused(outcome(lambda: parse_catalog(text)), text.count("\n") + 1)


@settings(max_examples=500)
@given(changed_documents())
def test_a_changed_document_is_read_or_refused(document: dict[str, Any]) -> None:
    """A document with any value at any place raises nothing but ``CatalogError``."""
    assert_read_or_refused(outcome(lambda: read_catalog(document)), 1)


@settings(max_examples=100)
@given(st.integers(1, 2000), st.sampled_from(["{ a = ", "["]), st.sampled_from(["plans", "prompts", "x"]))
def test_nesting_without_end_is_read_or_refused(depth: int, opening: str, key: str) -> None:
    """However deep the junk is that stands under a key, it is refused in words."""
    closing = " }" if opening.startswith("{") else "]"
    text = f"{key} = {opening * depth}1{closing * depth}\n"
    assert_read_or_refused(outcome(lambda: parse_catalog(text)), 2)


VALUE = re.compile(r"(?m)^(\w+) = (?!\[$).+$")
"""A key with its value on one line."""


@settings(max_examples=500)
@given(st.data())
def test_every_mistake_is_told_and_not_only_the_first(data: st.DataObject) -> None:
    """However many keys are given a value that none can have, each is reported at its own line."""
    text = data.draw(st.sampled_from(SOURCES))
    found = list(VALUE.finditer(text))
    chosen = data.draw(st.lists(st.sampled_from(range(len(found))), min_size=1, max_size=12, unique=True))
    broken = set()
    for index in sorted(chosen, reverse=True):
        key = found[index]
        text = f"{text[: key.start()]}{key[1]} = 1.5{text[key.end() :]}"
        broken.add(text.count("\n", 0, key.start()) + 1)
    result = outcome(lambda: parse_catalog(text))
    assert isinstance(result, CatalogError)
    assert broken <= {mistake.line for mistake in result.mistakes}
    assert len(result.mistakes) >= len(broken)


@given(st.permutations(["free", "starter", "team", "scale"]))
def test_the_order_of_the_plans_is_their_rank(order: list[str]) -> None:
    """Plans without a rank are ranked as the file lists them."""
    document = parse_document(NORTHWIND)
    document["plans"] = {key: document["plans"][key] for key in order}
    assert [plan.key for plan in read_catalog(document)] == order
