"""The search query language, as far as fields, equality, substrings and comparisons with AND or OR go.

https://docs.stripe.com/search
"""

import re
from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.params import Param, integer, required, string
from tiergate_sandbox.world.store import decode

Obj = dict[str, Any]

SEARCH: dict[str, Param] = {"query": required(string()), "limit": integer(1, 100), "page": string()}

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-?)(?P<field>\w+)(?:\[["'](?P<key>[^"']+)["']\])?\s*(?P<operator>:|~|<=|>=|<|>)\s*"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w.-]+))\s*""",
)
_JOINER = re.compile(r"(AND|OR)\b", re.IGNORECASE)


def search(draft: Draft, kind: str, url: str, params: Obj) -> Obj:
    """Return the first matches of a query, the newest first."""
    clauses, joiner = _parsed(params["query"])
    limit = params.get("limit") or 10
    skip = int(params.get("page") or 0)
    table = draft.state.table(kind)
    found: list[Obj] = []
    for place in reversed(_places(table, clauses, joiner)):
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


def _parsed(query: str) -> tuple[list[dict[str, str | None]], str]:
    clauses, joiners, position = [], set(), 0
    while True:
        match = _CLAUSE.match(query, position)
        if match is None:
            raise invalid(
                f"We were unable to parse your search query near '{query[position:]}'. "
                'Write clauses such as email:"jenny@example.com" and join them with AND or OR.',
                "query",
            )
        clauses.append(match.groupdict())
        position = match.end()
        if position == len(query):
            break
        joiner = _JOINER.match(query, position)
        joiners.add(joiner[1].upper() if joiner else "AND")
        position = joiner.end() if joiner else position
    if len(joiners) > 1:
        raise invalid("A search query cannot mix AND and OR; use one of them.", "query")
    return clauses, next(iter(joiners), "AND")


def _places(table: Any, clauses: list[dict[str, str | None]], joiner: str) -> list[int]:
    postings: list[list[int]] = []
    for clause in clauses:
        if (
            clause["operator"] == ":"
            and not clause["negated"]
            and clause["field"] in ("email", "status", "metadata")
        ):
            field = f"metadata.{clause['key']}" if clause["key"] else clause["field"]
            postings.append(table.posting((field, _wanted(clause))))
    narrow = joiner == "AND" and postings
    return min(postings, key=len) if narrow else table.order


def _wanted(clause: dict[str, str | None]) -> str:
    return next(text for name in ("double", "single", "bare") if (text := clause[name]) is not None)


def _holds(clause: dict[str, str | None], obj: Obj) -> bool:
    value = obj.get(clause["field"] or "")
    if clause["key"] is not None and isinstance(value, dict):
        value = value.get(clause["key"])
    wanted, operator = _wanted(clause), clause["operator"]
    if operator == "~":
        holds = wanted.lower() in str(value or "").lower()
    elif operator == ":":
        holds = value is None if wanted == "null" else str(value).lower() == wanted.lower()
    else:
        compare = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}[operator or ">"]
        holds = value is not None and bool(compare(int(value), int(wanted)))
    return holds != bool(clause["negated"])
