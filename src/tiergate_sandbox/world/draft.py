"""One step of the world: what is read, changed and told while a call is answered or a timer is played.

Nothing outside sees a draft before ``commit``; a draft that is thrown away leaves no trace.
"""

from dataclasses import dataclass
from typing import Any

from tiergate_sandbox.world import ids
from tiergate_sandbox.world.errors import no_such
from tiergate_sandbox.world.events import (
    TELLS_THE_CHANGE,
    UPDATED,
    WITH_PREVIOUS,
    id_prefix,
    previous_attributes,
)
from tiergate_sandbox.world.indexes import index_entries
from tiergate_sandbox.world.protocol import Emitted
from tiergate_sandbox.world.render import rendered
from tiergate_sandbox.world.settings import Settings
from tiergate_sandbox.world.state import State, clock_of
from tiergate_sandbox.world.store import decode, encode

Obj = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused the step: an API request, or (all None) the passing of time."""

    request_id: str | None = None
    idempotency_key: str | None = None
    version: str | None = None


class Draft:
    """A unit of work over the state, at one instant."""

    def __init__(self, state: State, at: int, origin: Origin, clock: str | None = None) -> None:
        """``at`` is real time, or that of the test clock ``clock`` when one is being advanced."""
        self.state = state
        self.origin = origin
        self.aliases: dict[str, str] = {}
        self._at = at
        self._clock = clock
        self._number = state.number
        self._objects: dict[Key, Obj | None] = {}
        self._before: dict[Key, bytes | None] = {}
        self._places: dict[Key, int] = {}
        self._glances: dict[Key, Obj | None] = {}
        self._events: list[tuple[Obj, bytes]] = []
        self._told: set[Key] = set()
        self._again: list[Emitted] = []

    @property
    def settings(self) -> Settings:
        """The settings of the account."""
        return self.state.settings

    def fork(self) -> "Draft":
        """Return a copy of this draft, to try something out in it and throw it away."""
        other = Draft(self.state, self._at, self.origin, self._clock)
        other._number = self._number
        other._before = dict(self._before)
        other._objects = {
            key: None if obj is None else decode(encode(obj)) for key, obj in self._objects.items()
        }
        return other

    # reading

    def get(self, kind: str, object_id: str | None) -> Obj | None:
        """Return an object that may be changed, or None."""
        if object_id is None:
            return None
        key = (kind, object_id)
        if key not in self._objects:
            row = self.state.row(kind, object_id)
            self._before[key] = row
            self._objects[key] = None if row is None else decode(row)
        return self._objects[key]

    def need(self, kind: str, object_id: str, param: str = "id", status: int = 404) -> Obj:
        """Return an object that may be changed.

        Raises:
            StripeError: ``resource_missing`` when there is no such object.
        """
        obj = self.get(kind, object_id)
        if obj is None:
            raise no_such(kind, object_id, param, status)
        return obj

    def the(self, kind: str, object_id: str) -> Obj:
        """Return an object that another one names, and which therefore exists."""
        obj = self.get(kind, object_id)
        if obj is None:
            raise LookupError(f"the world lost {kind} {object_id}")
        return obj

    def glance(self, kind: str, object_id: str) -> Obj:
        """Return an object for reading only."""
        key = (kind, object_id)
        obj = self._objects.get(key) or self._glances.get(key)
        if obj is None:
            row = self.state.row(kind, object_id)
            if row is None:
                raise LookupError(f"the world lost {kind} {object_id}")
            obj = self._glances[key] = decode(row)
        return obj

    def find(self, kind: str, field: str, value: str) -> list[Obj]:
        """Return the objects that have an indexed value, the oldest first, this draft's changes included."""
        entry = (field, value)
        table = self.state.table(kind)
        found = dict.fromkeys(table.id_of(place) for place in table.posting(entry))
        found.update(dict.fromkeys(object_id for (its_kind, object_id) in self._objects if its_kind == kind))
        objects = [self.get(kind, object_id) for object_id in found]
        return [obj for obj in objects if obj is not None and entry in index_entries(obj)]

    def is_new(self, obj: Obj) -> bool:
        """Tell whether this very step made the object."""
        return self._before.get((obj["object"], obj["id"])) is None

    # time

    def now_on(self, clock: str | None) -> int:
        """Return the time of a test clock, or real time for None."""
        if clock is None or clock == self._clock:
            return self._at
        return int(self.glance("test_helpers.test_clock", clock)["frozen_time"])

    def now_for(self, obj: Obj) -> int:
        """Return the time in which an object lives."""
        return self.now_on(clock_of(obj))

    # writing

    def next_number(self) -> int:
        """Return the next running number."""
        number = self._number
        self._number += 1
        return number

    def new_id(self, prefix: str) -> str:
        """Return a new id."""
        return ids.derive(self.state.seed, self.next_number(), prefix)

    def add(self, obj: Obj) -> Obj:
        """Put a new object into the world."""
        key = (obj["object"], obj["id"])
        self._objects[key] = obj
        self._before[key] = None
        self._places[key] = self.next_number()
        return obj

    def remove(self, obj: Obj) -> None:
        """Take an object out of the world."""
        self.get(obj["object"], obj["id"])
        self._objects[(obj["object"], obj["id"])] = None

    # telling

    def emit(self, type: str, obj: Obj) -> None:
        """Record an event about an object as it is now."""
        key = (obj["object"], obj.get("id", ""))
        previous = self._previous(obj) if type in WITH_PREVIOUS else None
        if type in TELLS_THE_CHANGE:
            self._told.add(key)
        wanted = sum(1 for types in self.state.listeners if type in types or "*" in types)
        event: Obj = {
            "id": self.new_id(id_prefix(obj["object"])),
            "object": "event",
            "type": type,
            "created": self.now_for(obj),
            "data": rendered(self, obj),
            "previous": previous,
            "request": [self.origin.request_id, self.origin.idempotency_key],
            "pending_webhooks": wanted,
        }
        self._events.append((event, encode(event)))

    def send_again(self, event: Obj) -> None:
        """Deliver a recorded event once more."""
        self._again.append(Emitted(event["id"], event["type"], event["created"]))

    def keep_quiet(self, obj: Obj) -> None:
        """Tell nobody that an object changed."""
        self._told.add((obj["object"], obj["id"]))

    def _previous(self, obj: Obj) -> Obj:
        before = self._before[(obj["object"], obj["id"])]
        if before is None:
            return {}
        return previous_attributes(rendered(self, decode(before)), rendered(self, obj))

    def _tell_updates(self) -> None:
        for key, obj in list(self._objects.items()):
            before = self._before[key]
            if obj is None or before is None or key in self._told or key[0] not in UPDATED:
                continue
            if encode(obj) != before and self._previous(obj):
                self.emit(UPDATED[key[0]], obj)

    def commit(self) -> list[Emitted]:
        """Make the step come true, and return the events it recorded."""
        self._tell_updates()
        for key, obj in self._objects.items():
            before = self._before[key]
            if obj is None:
                if before is not None:
                    self.state.drop(*key)
                continue
            row = encode(obj)
            if row != before:
                self.state.put(obj, row, self._places.get(key, 0) or self.next_number())
        for event, row in self._events:
            self.state.put(event, row, self.next_number())
        self.state.number = self._number
        return [
            *self._again,
            *(Emitted(event["id"], event["type"], event["created"]) for event, _ in self._events),
        ]
