"""The JSON Schema that editors check the catalogue file by says what the reader says."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from tests.rules.builders import NORTHWIND
from tests.rules.catalog_schema import SCHEMA, VALIDATOR, allows, documents, everything, resolved
from tests.rules.test_catalog_mistakes import SLIPS, Slip
from tiergate.rules.catalog_file import CatalogError, parse_document, read_catalog
from tiergate.rules.document_reader import Reader
from tiergate.rules.money import CURRENCIES
from tiergate.rules.toml_positions import Path

CROSS_KEY = "|".join(
    [
        "There is no feature",
        "Whoever pauses would keep everything",
        "Feature .* cannot be",
        "Plans .* are both free",
        "Plans .* have the same rank",
        "Plans .* would both begin at sign-up",
        "Plan .* is not sold, so it has no",
        "The lookup key .* is taken by",
        "There are two prices per",
        "Nothing is sold in",
        "The price is in .* already",
        "The tiers do not cover every quantity once",
        "The tiers in .* have other steps",
        "seats are fewer than the minimum",
        "A reverse trial begins by itself",
        "Stripe charges [A-Z]{3} in steps",
        "'[a-z]{3}' is [0-9]+",
        "'[a-z]{3}' is \\[",
    ]
)
"""What is wrong only because of what stands elsewhere: no schema can tell."""


def test_the_schema_is_one() -> None:
    """It is valid in its own dialect, and accepts Northwind's file."""
    Draft202012Validator.check_schema(SCHEMA)
    assert list(VALIDATOR.iter_errors(parse_document(NORTHWIND))) == []


def test_every_key_is_described() -> None:
    """Each key says what it means in a sentence, and no table lets unknown keys pass."""
    found = dict(everything())
    assert len(found) > 80
    assert [path for path, key in found.items() if not key.get("description", "").endswith(".")] == []
    assert [path for path, key in found.items() if "properties" in key and key["additionalProperties"]] == []


def test_the_currencies_are_those_of_the_reader() -> None:
    """Each currency that Stripe charges is listed, in lower case."""
    assert set(SCHEMA["$defs"]["currency"]["enum"]) == CURRENCIES


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Every key that the reader asks for, with where it stands."""
    seen: set[Path] = set()
    take = Reader._take

    def noting(reader: Reader, key: str, required: bool) -> Any:
        seen.add((*reader._path, key))
        return take(reader, key, required)

    monkeypatch.setattr(Reader, "_take", noting)
    return seen


def outcome(document: dict[str, Any]) -> list[str]:
    """What the reader finds wrong with a document."""
    try:
        read_catalog(document)
    except CatalogError as error:
        return [mistake.message for mistake in error.mistakes]
    return []


def test_the_reader_asks_for_no_key_that_the_schema_lacks(asked: set[Path]) -> None:
    """Whatever the reader looks for in documents with every kind of table, the schema allows there."""

    @settings(max_examples=30, suppress_health_check=[*HealthCheck])
    @given(document=documents(whole=True))
    def read(document: dict[str, Any]) -> None:
        outcome(document)

    read()
    assert {"up_to", "minimum", "question", "last_known_hours"} <= {path[-1] for path in asked}
    assert [path for path in asked if not allows(path)] == []


@settings(max_examples=20, suppress_health_check=[*HealthCheck])
@given(document=documents(whole=True))
def test_the_reader_knows_every_key_that_the_schema_has(document: dict[str, Any]) -> None:
    """In a document that has all keys at once none is unknown."""
    assert [message for message in outcome(document) if message.startswith("There is no key")] == []


@settings(max_examples=300, suppress_health_check=[*HealthCheck])
@given(document=documents())
def test_what_the_schema_accepts_is_wrong_only_across_keys(document: dict[str, Any]) -> None:
    """A document that the schema accepts is read, or refused for what stands in several places."""
    assert list(VALIDATOR.iter_errors(document)) == []
    assert [message for message in outcome(document) if not re.search(CROSS_KEY, message)] == []


def structural(slips: list[Slip]) -> list[Slip]:
    """Choose the golden mistakes that concern one key alone, and that are TOML at all."""
    # To a schema 19.00 is the whole number 19.
    otherwise = f"{CROSS_KEY}|'unit_amount' is 19.0|This is not valid TOML|Plan .* is there twice"
    return [slip for slip in slips if not re.search(otherwise, slip.message)]


@pytest.mark.parametrize("slip", structural(SLIPS), ids=str)
def test_the_schema_refuses_what_the_reader_refuses(slip: Slip) -> None:
    """Whoever makes a mistake with one key sees it in the editor already."""
    document = parse_document(NORTHWIND.replace(slip.old, slip.new, 1))
    assert list(VALIDATOR.iter_errors(document)) != []


def test_most_mistakes_are_structural() -> None:
    """The golden mistakes that the schema is held to are not a handful."""
    assert len(structural(SLIPS)) > 40


FULL = """
[product]
name = "Acme"
[features.rows]
[policy]
[[plans.pro.prices]]
currency = "usd"
unit_amount = 100
[plans.pro.seats]
[plans.pro.trial]
days = 7
[checkout]
[billing]
[prompts]
[pricing_page]
[[addons.more.prices]]
currency = "usd"
tiers = [{ flat_amount = 5 }]
"""


def with_defaults(schema: Any, document: Any) -> Any:
    """Write out what is left out in a document, as the schema says it is meant."""
    whole = resolved(schema)
    if isinstance(document, list):
        return [with_defaults(whole["items"], each) for each in document]
    if not isinstance(document, dict):
        return document
    described = whole.get("properties", {})
    filled = {
        key: with_defaults(described.get(key, whole.get("additionalProperties")), value)
        for key, value in document.items()
    }
    left_out = {key: resolved(value) for key, value in described.items() if key not in document}
    if "tiers" in left_out:
        del left_out["tiers_mode"]
    return {**{key: value["default"] for key, value in left_out.items() if "default" in value}, **filled}


def test_what_is_left_out_means_what_the_schema_says() -> None:
    """A file that writes out every default of the schema is the same catalogue."""
    written = with_defaults(SCHEMA, parse_document(FULL))
    assert len(str(written)) > 3 * len(str(parse_document(FULL)))
    assert read_catalog(written) == read_catalog(parse_document(FULL))
