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

_CLOCK = "test_helpers.test_clock"


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
        self.showing: Draft | None = None
        """The fork in which the answer is to be looked up; it holds what a preview has made."""
        self._at = at
        self._clock = clock
        self._number = state.number
        self._objects: dict[Key, Obj | None] = {}
        self._before: dict[Key, bytes | None] = {}
        self._places: dict[Key, int] = {}
        self._glances: dict[Key, Obj | None] = {}
        self._events: list[tuple[Obj, bytes]] = []
        self._told: set[Key] = set()
        self._told_as: dict[Key, bytes] = {}
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

    def changes(self, kind: str) -> list[tuple[Obj | None, Obj]]:
        """Return the objects of a kind that this step has looked at, before it (None: new) and now."""
        found = []
        for key, obj in self._objects.items():
            if key[0] == kind and obj is not None:
                before = self._before[key]
                found.append((None if before is None else decode(before), obj))
        return found

    def is_new(self, obj: Obj) -> bool:
        """Tell whether this very step made the object."""
        return self._before.get((obj["object"], obj["id"])) is None

    # time

    def now_on(self, clock: str | None) -> int:
        """Return the time of a test clock, or real time for None and for a clock that was deleted."""
        if clock is None or clock == self._clock or self.state.row(_CLOCK, clock) is None:
            return self._at
        return int(self.glance(_CLOCK, clock)["frozen_time"])

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

    def emit(self, type: str, obj: Obj, previous: Obj | None = None) -> None:
        """Record an event about an object as it is now; ``previous`` is what changed where no row tells."""
        if type in TELLS_THE_CHANGE:
            self._told.add((obj["object"], obj["id"]))
        self._record(type, obj, self._previous(obj) if type in WITH_PREVIOUS else previous)

    def _record(self, type: str, obj: Obj, previous: Obj | None) -> None:
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

    def tell_from_here(self, obj: Obj) -> None:
        """Let the ``updated`` event of a new object tell what changes from now on, as if in a later step."""
        self._told_as[(obj["object"], obj["id"])] = encode(obj)

    def keep_quiet(self, obj: Obj) -> None:
        """Tell nobody that an object changed."""
        self._told.add((obj["object"], obj["id"]))

    def _previous(self, obj: Obj) -> Obj:
        key = (obj["object"], obj["id"])
        before = self._told_as.get(key) or self._before[key]
        if before is None:
            return {}
        return previous_attributes(rendered(self, decode(before)), rendered(self, obj))

    def _tell_updates(self, rows: dict[Key, bytes | None]) -> None:
        for key, row in rows.items():
            before, obj = self._told_as.get(key) or self._before[key], self._objects[key]
            if obj is None or before is None or key in self._told or key[0] not in UPDATED:
                continue
            if row == before:
                continue
            previous = self._previous(obj)
            if previous:
                self._record(UPDATED[key[0]], obj, previous)

    def commit(self) -> list[Emitted]:
        """Make the step come true, and return the events it recorded."""
        rows = {key: None if obj is None else encode(obj) for key, obj in self._objects.items()}
        self._tell_updates(rows)
        for key, row in rows.items():
            before, obj = self._before[key], self._objects[key]
            if obj is None or row is None:
                if before is not None:
                    self.state.drop(*key)
            elif row != before:
                self.state.put(obj, row, self._places.get(key, 0) or self.next_number())
        for event, row in self._events:
            self.state.put(event, row, self.next_number())
        self.state.number = self._number
        return [
            *self._again,
            *(Emitted(event["id"], event["type"], event["created"]) for event, _ in self._events),
        ]
