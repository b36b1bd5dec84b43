"""Stripe, as far as the contestants ask it anything: it shows each object as it is in the end.

``python -m benchmarks.ingest_stripe <file>`` serves the objects in a JSON file; the first line that it prints
is its port.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.canned import asked, serve
from benchmarks.ingest_events import Events, Json
from benchmarks.listening import listening


@contextmanager
def canned_stripe(events: Events) -> Iterator[str]:
    """Serve all that the events are about until the end of the block; gives the base address."""
    objects = [
        thing
        for number in range(events.subscriptions)
        for thing in (
            events.object("customer", number, 0),
            events.object("payment_method", number, 0),
            events.object("invoice", number, 0),
            events.newest(number),
        )
    ]
    objects += events.others
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(objects, file)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.ingest_stripe", file.name]
        with listening(command) as server:
            yield f"http://127.0.0.1:{server.port}"


def times_asked(base_url: str) -> int:
    """Return how many requests a canned Stripe has answered."""
    return len(asked(base_url))


class Objects:
    """All that there is, one by one and by customer."""

    def __init__(self, objects: list[Json]) -> None:
        self._bodies = {str(one["id"]): json.dumps(one, indent=2).encode() for one in objects}
        self._owned: dict[tuple[str, str], list[Json]] = {}
        for one in objects:
            self._owned.setdefault((one["object"], one.get("customer", "")), []).append(one)

    def answer(self, target: str) -> bytes | None:
        """Return an object, or a list of those that a customer has."""
        path, query = urlsplit(target).path.strip("/").split("/"), parse_qs(urlsplit(target).query)
        owner = query.get("customer", path[2:3])
        if path[-1].endswith("s") and owner:
            data = self._owned.get((path[-1].removesuffix("s"), owner[0]), [])
            return json.dumps({"object": "list", "data": data, "has_more": False, "url": target}).encode()
        return self._bodies.get(path[-1])


def main(file: Path) -> None:
    """Serve until killed."""
    asyncio.run(serve(Objects(json.loads(file.read_text())).answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
