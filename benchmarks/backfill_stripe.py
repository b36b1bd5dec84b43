"""A canned Stripe with any number of customers, each of whom pays for a plan.

``python -m benchmarks.backfill_stripe FILE COUNT`` serves copies of the objects in a JSON file, by the page
or by their ids; the first line that it prints is its port.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.canned import serve
from benchmarks.check_accounts import Json, Paying
from benchmarks.listening import listening

MOST_PAGES_KEPT = 1_000
SHOWN = {
    "customers": "customer",
    "subscriptions": "subscription",
    "payment_methods": "payment_method",
    "invoices": "invoice",
}
LISTED = SHOWN.keys() - {"invoices"}
"""Invoices are asked for where they wait to be paid: here none does."""
NUMBER = "0000000"
"""Stands for the number of a copy in ids."""


@contextmanager
def canned_stripe(paying: Paying, count: int) -> Iterator[str]:
    """Serve ``count`` copies of an account at Stripe until the end of the block; gives the base address."""
    objects = [paying.subscription, paying.customer, paying.invoice, paying.card]
    for_sale = {"prices": paying.prices, "products": paying.products}
    text = json.dumps({"for_sale": for_sale, "objects": objects})
    for thing in (*objects, *paying.subscription["items"]["data"]):
        text = text.replace(thing["id"], f"{thing['id'].partition('_')[0]}_{NUMBER}")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.backfill_stripe", file.name, str(count)]
        with listening(command) as server:
            yield f"http://127.0.0.1:{server.port}"


class Copies:
    """Answers requests with what is ``for_sale``, by the names of the lists, and copies of a few objects."""

    def __init__(self, for_sale: Mapping[str, list[Json]], objects: list[Json], count: int) -> None:
        self._for_sale = for_sale
        self._by_id = {str(thing["id"]): thing for thing in objects}
        self._by_kind = {str(thing["object"]): thing for thing in objects}
        self._count = count
        self._pages: dict[str, bytes] = {}

    def answer(self, target: str) -> bytes:
        """Return the body of the answer to a GET."""
        if target not in self._pages:
            body = self._answer(target)
            if len(self._pages) >= MOST_PAGES_KEPT:
                return body
            self._pages[target] = body
        return self._pages[target]

    def _answer(self, target: str) -> bytes:
        parts = urlsplit(target)
        path, query = parts.path.split("/")[2:], parse_qs(parts.query)
        expand = [path for key, paths in query.items() if key.startswith("expand") for path in paths]
        if path[-1] in self._for_sale:
            wanted = {key for name, keys in query.items() if name.startswith("lookup_keys") for key in keys}
            listed = self._for_sale[path[-1]]
            found = [one for one in listed if not wanted or one["lookup_key"] in wanted]
            return _list(parts.path, json.dumps(found).encode()[1:-1], more=False)
        if path[-1] in LISTED:
            return self._page(path, expand, {name: values[0] for name, values in query.items()})
        if path[-2:-1] and path[-2] in SHOWN:
            return self._copies(SHOWN[path[-2]], expand, range(_number(path[-1]), _number(path[-1]) + 1))
        return _list(parts.path, b"", more=False)

    def _page(self, path: list[str], expand: list[str], query: dict[str, str]) -> bytes:
        owner = query.get("customer") or (path[1] if len(path) > 1 else None)
        first = _number(query["starting_after"]) + 1 if "starting_after" in query else 0
        end = min(first + int(query.get("limit", "10")), self._count)
        numbers = range(_number(owner), _number(owner) + 1) if owner else range(first, end)
        entries = self._copies(SHOWN[path[-1]], expand, numbers)
        return _list("/v1/" + "/".join(path), entries, more=not owner and end < self._count)

    def _copies(self, kind: str, expand: list[str], numbers: range) -> bytes:
        thing = self._by_kind[kind]
        for path in expand:
            thing = self._expanded(thing, path.removeprefix("data.").split("."))
        template = json.dumps(thing, separators=(",", ":")).encode()
        return b",".join(template.replace(NUMBER.encode(), b"%07d" % number) for number in numbers)

    def _expanded(self, thing: Json, path: list[str]) -> Json:
        name, *rest = path
        inner: Any = thing.get(name)
        if isinstance(inner, str):
            inner = self._by_id.get(inner, inner)
        return {**thing, name: self._expanded(inner, rest) if rest and isinstance(inner, dict) else inner}


def _number(object_id: str) -> int:
    return int(object_id[-len(NUMBER) :])


def _list(url: str, entries: bytes, *, more: bool) -> bytes:
    tail = json.dumps({"has_more": more, "url": url}).encode()
    return b'{"object":"list","data":[' + entries + b"]," + tail[1:]


def main(file: Path, count: int) -> None:
    """Serve until killed."""
    canned = json.loads(file.read_text())
    asyncio.run(serve(Copies(canned["for_sale"], canned["objects"], count).answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
