"""The search query language, as far as fields, equality, substrings and comparisons with AND or OR go.

https://docs.stripe.com/search
"""

import re
from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.indexes import is_indexed, text_of
from tiergate_sandbox.world.params import Param, integer, required, string
from tiergate_sandbox.world.store import Table, decode

Obj = dict[str, Any]
Clause = dict[str, str | None]

SEARCH: dict[str, Param] = {"query": required(string()), "limit": integer(1, 100), "page": string()}

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-?)(?P<field>\w+)(?:\[["'](?P<key>[^"']+)["']\])?\s*(?P<operator>:|~|<=|>=|<|>)\s*"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w.-]+))\s*""",
)
_FIELDS = {
    "charge": "amount created currency customer disputed metadata refunded status",
    "customer": "created email metadata name phone",
    "invoice": "collection_method created currency customer metadata number receipt_number status total",
    "payment_intent": "amount created currency customer metadata status",
    "price": "active currency lookup_key metadata product type",
    "product": "active created description metadata name shippable url",
    "subscription": "canceled_at created metadata status",
}
"""The fields that can be searched, by kind of object (https://docs.stripe.com/search#query-fields)."""

_COMPARISONS = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}
_JOINER = re.compile(r"(AND|OR)\b", re.IGNORECASE)


def search(draft: Draft, kind: str, url: str, params: Obj) -> Obj:
    """Return the first matches of a query, the newest first."""
    clauses, joiner = _parsed(params["query"])
    for clause in clauses:
        _check_field(kind, clause)
    limit = params.get("limit") or 10
    skip = int(params.get("page") or 0)
    table = draft.state.table(kind)
    found: list[Obj] = []
    for place in reversed(_places(kind, table, clauses, joiner)):
        obj = decode(table.rows[table.id_of(place)])
        if not obj.get("deleted") and (any if joiner == "OR" else all)(
            _holds(clause, obj) for clause in clauses
        ):
            found.append(obj)
        if len(found) > skip + limit:
            break
    more = len(found) > skip + limit
    return {
        "object": "search_result",
        "data": found[skip : skip + limit],
        "has_more": more,
        "next_page": str(skip + limit) if more else None,
        "url": url,
    }


def _parsed(query: str) -> tuple[list[Clause], str]:
    clauses, joiners, position = [], set(), 0
    while True:
        match = _CLAUSE.match(query, position)
        if match is None:
            raise invalid(
                f"We were unable to parse your search query near '{query[position:]}'. "
                'Write clauses such as email:"jenny@example.com" and join them with AND or OR.',
                "query",
            )
        clauses.append(_checked(match.groupdict()))
        position = match.end()
        if position == len(query):
            break
        joiner = _JOINER.match(query, position)
        joiners.add(joiner[1].upper() if joiner else "AND")
        position = joiner.end() if joiner else position
    if len(joiners) > 1:
        raise invalid("A search query cannot mix AND and OR; use one of them.", "query")
    return clauses, next(iter(joiners), "AND")


def _check_field(kind: str, clause: Clause) -> None:
    field = clause["field"]
    if field not in _FIELDS[kind].split():
        message = f"Field `{field}` is an unsupported search field for resource `{kind}s`."
        raise invalid(message, "query")
    if (field == "metadata") != (clause["key"] is not None):
        raise invalid(f"Write metadata['key']:'value' for metadata, and {field} without a key.", "query")


def _places(kind: str, table: Table, clauses: list[Clause], joiner: str) -> list[int]:
    postings: list[list[int]] = []
    for clause in clauses:
        field = f"metadata.{clause['key']}" if clause["key"] else str(clause["field"])
        exact = clause["operator"] == ":" and not clause["negated"] and _wanted(clause) != "null"
        if exact and is_indexed(kind, field):
            postings.append(table.posting((field, _wanted(clause))))
    narrow = joiner == "AND" and postings
    return min(postings, key=len) if narrow else table.order


def _wanted(clause: Clause) -> str:
    return next(text for name in ("double", "single", "bare") if (text := clause[name]) is not None)


def _holds(clause: Clause, obj: Obj) -> bool:
    value = obj.get(clause["field"] or "")
    if clause["key"] is not None and isinstance(value, dict):
        value = value.get(clause["key"])
    wanted, operator = _wanted(clause), clause["operator"]
    if operator == "~":
        holds = wanted.lower() in text_of(value).lower()
    elif operator == ":":
        holds = value is None if wanted == "null" else text_of(value) == wanted
    else:
        holds = isinstance(value, int) and _COMPARISONS[operator or ""](value, int(wanted))
    return holds != bool(clause["negated"])


def _checked(clause: Clause) -> Clause:
    if clause["operator"] in _COMPARISONS and not _wanted(clause).isdigit():
        raise invalid(
            f"Compare with a number of seconds or of minor units, not with '{_wanted(clause)}'.", "query"
        )
    return clause
