"""The world's objects, each kept as bytes, and the indexes that find them without looking at the others.

An object is decoded when it is wanted and encoded when it is put back, so nobody can change a stored object
by accident, and a refused call has nothing to undo.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import msgspec

from tiergate_sandbox.world.indexes import Entry, index_entries

Obj = dict[str, Any]

encode = msgspec.msgpack.Encoder().encode
decode: Any = msgspec.msgpack.Decoder().decode


class Table:
    """All objects of one kind, in the order of their creation."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.order: list[int] = []
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._postings: dict[Entry, list[int]] = {}

    def put(self, obj: Obj, row: bytes, number: int) -> None:
        """Insert or replace an object; ``number`` is its place in the order of creation if it is new."""
        object_id = obj["id"]
        if object_id not in self.rows:
            self._numbers[object_id] = number
            self._ids[number] = object_id
            _insert(self.order, number)
        self.rows[object_id] = row
        self._reindex(object_id, index_entries(obj))

    def drop(self, object_id: str) -> None:
        """Forget an object."""
        del self.rows[object_id]
        self._reindex(object_id, ())
        number = self._numbers.pop(object_id)
        del self._ids[number]
        _remove(self.order, number)

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """Walk through all objects with their place in the order of creation."""
        return ((number, self.rows[self._ids[number]]) for number in self.order)

    def id_of(self, number: int) -> str:
        """Return the id of the object at a place."""
        return self._ids[number]

    def number_of(self, object_id: str) -> int | None:
        """Return the place of an object."""
        return self._numbers.get(object_id)

    def posting(self, entry: Entry) -> list[int]:
        """Return the places of the objects that have this value; not to be changed by the caller."""
        return self._postings.get(entry, [])

    def _reindex(self, object_id: str, entries: tuple[Entry, ...]) -> None:
        known = self._entries.get(object_id, ())
        if known == entries:
            return
        number = self._numbers[object_id]
        for entry in known:
            if entry not in entries:
                _remove(self._postings[entry], number)
                if not self._postings[entry]:
                    del self._postings[entry]
        for entry in entries:
            if entry not in known:
                _insert(self._postings.setdefault(entry, []), number)
        self._entries[object_id] = entries


def _insert(places: list[int], number: int) -> None:
    if not places or places[-1] < number:
        places.append(number)
    else:
        places.insert(bisect_left(places, number), number)


def _remove(places: list[int], number: int) -> None:
    del places[bisect_left(places, number)]
