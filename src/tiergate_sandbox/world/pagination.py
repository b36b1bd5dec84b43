"""Lists and searches: newest first, by cursor, found through the narrowest index.

https://docs.stripe.com/api/pagination
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import no_such
from tiergate_sandbox.world.indexes import Entry, index_entries, text_of
from tiergate_sandbox.world.params import Param, hash_of, integer, ref, timestamp
from tiergate_sandbox.world.render import list_object
from tiergate_sandbox.world.store import decode

Obj = dict[str, Any]
Test = Callable[[Obj], bool]

PAGE: dict[str, Param] = {
    "limit": integer(1, 100),
    "starting_after": ref(),
    "ending_before": ref(),
}


def range_of() -> Param:
    """Declare a filter on an instant: exactly, or ``gt``, ``gte``, ``lt``, ``lte``."""
    exact = timestamp()
    between = hash_of(gt=timestamp(), gte=timestamp(), lt=timestamp(), lte=timestamp())
    return Param(lambda value, path: (between if isinstance(value, dict) else exact).parse(value, path))


def in_range(value: int | None, wanted: Any) -> bool:
    """Tell whether an instant lies where a ``range_of`` wants it."""
    if value is None:
        return False
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    tests = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(tests[name](bound) for name, bound in wanted.items())


def page_of(
    draft: Draft, kind: str, url: str, params: Obj, *, by: Obj | None = None, test: Test | None = None
) -> Obj:
    """Return one page of the objects that have all the indexed values of ``by`` and pass the ``test``."""
    entries = [(field, text_of(value)) for field, value in (by or {}).items()]
    created = params.get("created")
    limit = params.get("limit") or 10
    backwards = params.get("ending_before") is not None
    found: list[Obj] = []
    for obj in _walk(draft, kind, entries, params):
        if created is not None and not in_range(obj["created"], created):
            continue
        if test is None or test(obj):
            found.append(obj)
        if len(found) > limit:
            break
    more = len(found) > limit
    data = found[:limit]
    return list_object(data[::-1] if backwards else data, url, has_more=more)


def part_of(items: list[Obj], url: str, params: Obj) -> Obj:
    """Return one page of a list that is at hand as a whole, in its own order.

    Raises:
        StripeError: ``resource_missing`` when a cursor names nothing in it.
    """
    limit = params.get("limit") or 10
    ids = [one["id"] for one in items]
    for name in ("starting_after", "ending_before"):
        if params.get(name) is not None and params[name] not in ids:
            raise no_such("object", params[name], name)
    if params.get("ending_before") is not None:
        before = items[: ids.index(params["ending_before"])]
        return list_object(before[-limit:], url, has_more=len(before) > limit)
    first = ids.index(params["starting_after"]) + 1 if params.get("starting_after") is not None else 0
    return list_object(items[first : first + limit], url, has_more=len(items) > first + limit)


def _walk(draft: Draft, kind: str, entries: list[Entry], params: Obj) -> Iterator[Obj]:
    table = draft.state.table(kind)
    places = min((table.posting(entry) for entry in entries), key=len) if entries else table.order
    others = set(entries) if len(entries) > 1 else None
    for place in _from_cursor(draft, kind, places, params):
        obj = decode(table.rows[table.id_of(place)])
        if obj.get("deleted") or (others and not others.issubset(index_entries(obj))):
            continue
        yield obj


def _from_cursor(draft: Draft, kind: str, places: list[int], params: Obj) -> Iterator[int]:
    table = draft.state.table(kind)
    for name in ("starting_after", "ending_before"):
        cursor = params.get(name)
        if cursor is None:
            continue
        number = table.number_of(cursor)
        if number is None:
            raise no_such(kind, cursor, name)
        if name == "ending_before":
            return (places[index] for index in range(bisect_right(places, number), len(places)))
        return (places[index] for index in range(bisect_left(places, number) - 1, -1, -1))
    return reversed(places)
