"""What a form can say of an order: it knows no null, and what it leaves empty it does not say.

It bears a token besides.
"""

from typing import Any

from tiergate.web.read_order import FORM_TOKEN

_NULL = {"type": "null"}
_EMPTY = {"const": ""}
_TOKEN = {
    "type": "string",
    "description": "What a form of our own pages bears; none is needed with a token in a header.",
}

Schema = dict[str, Any]


def form_schema(schema: Schema) -> Schema:
    """Return the schema of a form, from that of the same order in JSON."""
    plain = {**_plain(schema, schema.get("required", [])), **_alternatives(schema)}
    return {**plain, "properties": {**plain["properties"], FORM_TOKEN: _TOKEN}}


def _alternatives(schema: Schema) -> Schema:
    if "oneOf" not in schema:
        return {}
    return {"oneOf": [_plain(each, each["required"]) for each in schema["oneOf"]]}


def _plain(schema: Schema, required: list[str]) -> Schema:
    fields = {
        name: _said(field) if name in required else _optional(field)
        for name, field in schema["properties"].items()
    }
    return {**schema, "properties": fields}


def _said(field: Schema) -> Schema:
    is_text = field.get("type") == "string" and "enum" not in field
    return {"minLength": 1, **field} if is_text else field


def _optional(field: Schema) -> Schema:
    told: Schema = {name: field[name] for name in ("title", "description") if name in field}
    bounds: Schema = {name: field[name] for name in ("minimum", "maximum") if name in field}
    kinds = field.get("anyOf") or [{name: value for name, value in field.items() if name not in told}]
    said: list[Schema] = [{**kind, **bounds} for kind in kinds if kind != _NULL]
    return told | {"anyOf": [*said, _EMPTY]}
