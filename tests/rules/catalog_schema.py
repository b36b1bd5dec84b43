"""The JSON Schema of the catalogue file, as tests walk through it and make documents from it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import tiergate
from tiergate.rules.toml_positions import Path as Place

Schema = Mapping[str, Any]

SCHEMA: Schema = json.loads((Path(tiergate.__path__[0]) / "billing.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

NAMES = ("projects", "calls", "free", "pro", "team seats")
"""Keys of plans, features and add-ons: few, so that they are often the same."""


def resolved(schema: Schema) -> Schema:
    """Follow a reference, keeping what is said beside it."""
    if "$ref" in schema:
        found = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def everything(schema: Schema = SCHEMA, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Go through every key that the schema describes, with where it stands."""
    whole = resolved(schema)
    for key, value in whole.get("properties", {}).items():
        yield f"{path}.{key}", resolved(value)
        yield from everything(value, f"{path}.{key}")
    inner = whole.get("additionalProperties")
    if isinstance(inner, Mapping):
        yield from everything(inner, f"{path}.*")
    for item in [whole["items"]] if "items" in whole else whole.get("anyOf", ()):
        yield from everything(item, f"{path}[]")


def allows(place: Place) -> bool:
    """Whether a key may stand at a place of the document."""
    here: list[Schema] = [SCHEMA]
    for part in place:
        here = [resolved(below) for schema in here for below in _below(schema, part)]
    return bool(here)


def _below(schema: Schema, part: str | int) -> Iterator[Schema]:
    for each in (schema, *(resolved(either) for either in schema.get("anyOf", ()))):
        inner = each.get("additionalProperties")
        if isinstance(part, int) and "items" in each:
            yield each["items"]
        elif part in each.get("properties", {}):
            yield each["properties"][part]
        elif isinstance(part, str) and isinstance(inner, Mapping):
            yield inner


def documents(schema: Schema = SCHEMA, *, whole: bool = False) -> st.SearchStrategy[Any]:
    """Make values that a schema accepts; ``whole``: with every key that may be there."""
    here = resolved(schema)
    if "enum" in here:
        return st.sampled_from(here["enum"])
    if "properties" in here:
        return _tables(here, whole)
    if "anyOf" in here:
        return st.one_of(*(documents(each, whole=whole) for each in here["anyOf"]))
    if here["type"] == "object":
        keys = documents(here["propertyNames"]) if "propertyNames" in here else st.sampled_from(NAMES)
        return st.dictionaries(
            keys,
            documents(here["additionalProperties"], whole=whole),
            min_size=max(here.get("minProperties", 0), int(whole)),
            max_size=2,
        )
    return _leaves(here, whole)


def _tables(schema: Schema, whole: bool) -> st.SearchStrategy[Any]:
    values = {key: documents(value, whole=whole) for key, value in schema["properties"].items()}
    needed = values if whole else {key: values[key] for key in schema.get("required", ())}
    optional = {key: value for key, value in values.items() if key not in needed}
    if whole and "oneOf" in schema:
        return st.one_of(*(st.fixed_dictionaries(_without(values, either)) for either in _others(schema)))
    made = st.fixed_dictionaries(needed, optional=optional)
    validator = Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
    return made.filter(validator.is_valid) if {"oneOf", "anyOf"} & schema.keys() else made


def _others(schema: Schema) -> Iterator[set[str]]:
    """For each way to be right, the keys that go with another one."""
    for chosen in schema["oneOf"]:
        others = {key for either in schema["oneOf"] for key in either["required"]} - set(chosen["required"])
        yield others | {key for key, needs in schema["dependentRequired"].items() if others & set(needs)}


def _without(values: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


def _leaves(schema: Schema, whole: bool) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "string":
            return (
                st.from_regex(schema["pattern"], fullmatch=True)
                if "pattern" in schema
                else st.text(max_size=8)
            )
        case _:
            return st.lists(
                documents(schema["items"], whole=whole),
                min_size=max(schema.get("minItems", 0), int(whole)),
                max_size=min(schema.get("maxItems", 3), 3),
                unique=schema.get("uniqueItems", False),
            )
