"""Writes ``docs/billing-toml.md``, the reference of the catalogue file, from its JSON Schema.

Run from the top of the repository: ``.venv/bin/python -m tools.catalog_page``.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs" / "billing-toml.md"
SCHEMA = REPOSITORY / "src" / "tiergate" / "billing.schema.json"

OPENING = """\
# billing.toml, key by key

Everything that you sell stands in one file. `tiergate init` writes a first one, `tiergate plans push`
publishes it, and what is wrong with it is told with its line and what to write instead.
[Northwind's](../src/tiergate/demo/northwind.toml) is a whole one, and
[the examples](../examples/catalogs/) model what five well-known products sell.

`tiergate plans schema` prints the JSON Schema that this page is made from. An editor that knows TOML
(Taplo, Even Better TOML) completes and checks the file while you type, when its first line says where
the schema is:

```toml
#:schema ./billing.schema.json
```

What depends on several keys at once the schema cannot say, for instance that a plan names only features
that are declared: the commands do.
"""


def page(schema: Schema) -> str:
    """Return the page that a schema makes."""
    return "\n".join([OPENING, *_sections(schema)])


def _sections(schema: Schema) -> Iterator[str]:
    seen: list[str] = []
    waiting = [
        (_of_all(value), table) for value in schema["properties"].values() for table in _tables(schema, value)
    ]
    while waiting:
        opening, table = waiting.pop(0)
        if table["title"] in seen:
            continue
        seen.append(table["title"])
        yield _section(schema, table, opening)
        below = [("", each) for value in table["properties"].values() for each in _tables(schema, value)]
        waiting = [*below, *waiting]


def _of_all(value: Schema) -> str:
    """Return what is said of all tables under a key together, as of the plans."""
    return str(value["description"]) if value.get("additionalProperties") else ""


def _section(schema: Schema, table: Schema, opening: str) -> str:
    title = table["title"]
    heading = ", ".join(f"`{each}`" for each in title.split(", ")) if title.startswith("[") else title
    rows = [_row(schema, table, key) for key in table["properties"]]
    keys = ["| key | what it can be | if left out | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([f"## {heading}\n", f"{opening or table['description']}\n", *keys, ""])


def _row(schema: Schema, table: Schema, key: str) -> str:
    value = table["properties"][key]
    resolved = _resolved(schema, value)
    default = _shown(value["default"]) if "default" in value else ""
    if key in table.get("required", ()):
        default = "*needed*"
    return f"| `{key}` | {_kind(schema, resolved)} | {default} | {value['description']} |"


def _resolved(schema: Schema, value: Schema) -> Schema:
    if "$ref" in value:
        found: Schema = schema["$defs"][value["$ref"].rpartition("/")[2]]
        return found
    return value


def _tables(schema: Schema, value: Schema) -> Iterator[Schema]:
    """Return the tables that are described below a value: it itself, its entries, or those of its list."""
    resolved = _resolved(schema, value)
    if "properties" in resolved:
        yield resolved
    for inner in (resolved.get("items"), resolved.get("additionalProperties"), *resolved.get("anyOf", ())):
        if isinstance(inner, Mapping):
            yield from _tables(schema, inner)


def _kind(schema: Schema, value: Schema) -> str:
    if len(value.get("enum", ())) > 10:
        return "a currency: `usd`, `eur`, `jpy`, …"
    if "enum" in value:
        return ", ".join(_shown(word) for word in value["enum"])
    if value["type"] == "array":
        items = _resolved(schema, value["items"])
        return "a list of tables" if "properties" in items else f"a list: each {_kind(schema, items)}"
    if value["type"] == "object":
        return "a table"
    if value["type"] == "integer":
        return _range(value)
    return {"boolean": "`true`, `false`", "string": "a text"}[value["type"]]


def _range(value: Schema) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if low is None:
        return "a whole number"
    return f"{low} or more" if high is None else f"{low} to {high}"


def _shown(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value != "" else ""


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")
