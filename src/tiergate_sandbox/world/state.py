"""Everything the world is made of at one instant, and its form in bytes."""

from typing import Any

import msgspec

from tiergate_sandbox.world.indexes import Entry
from tiergate_sandbox.world.settings import Settings
from tiergate_sandbox.world.store import Obj, Table, decode, encode
from tiergate_sandbox.world.timers import Timers
from tiergate_sandbox.world.wishes import wishes_of

REAL_TIME = ""
"""The name of the flow of time that is nobody's test clock."""


class State:
    """The objects, the timers and the running number; only ``Draft.commit`` changes it."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.seed = seed
        self.settings = settings
        self.number = 1
        self.now = 0
        self.tables: dict[str, Table] = {}
        self.flows: dict[str, Timers] = {REAL_TIME: Timers()}
        self.advancing: dict[str, int] = {}
        self.listeners: list[frozenset[str]] = []
        self._awake: dict[str, tuple[str, tuple[str, ...]]] = {}

    def table(self, kind: str) -> Table:
        """Return the table of a kind of object."""
        table = self.tables.get(kind)
        if table is None:
            table = self.tables[kind] = Table()
        return table

    def row(self, kind: str, object_id: str) -> bytes | None:
        """Return an object as bytes."""
        return self.table(kind).rows.get(object_id)

    def posting(self, kind: str, entry: Entry) -> list[int]:
        """Return the places of the objects of a kind that have an indexed value."""
        return self.table(kind).posting(entry)

    def put(self, obj: Obj, row: bytes, number: int) -> None:
        """Keep an object and hear its wishes for wake-ups."""
        self.table(obj["object"]).put(obj, row, number)
        self._listen(obj, number)
        if obj["object"] == "webhook_endpoint":
            self.hear()
        elif obj["object"] == "test_helpers.test_clock":
            self._note_advance(obj)

    def drop(self, kind: str, object_id: str) -> None:
        """Forget an object and its wake-ups."""
        self.table(kind).drop(object_id)
        self._silence(object_id)
        if kind == "webhook_endpoint":
            self.hear()

    def configure(self, settings: Settings) -> None:
        """Take over other settings; whatever waits for something waits as they say."""
        self.settings = settings
        for kind, table in list(self.tables.items()):
            if kind != "event":
                for number, row in table.numbered():
                    self._listen(decode(row), number)

    def hear(self) -> None:
        """Note again which events the enabled endpoints want."""
        endpoints = [decode(row) for row in self.table("webhook_endpoint").rows.values()]
        self.listeners = [frozenset(one["enabled_events"]) for one in endpoints if one["status"] == "enabled"]

    def _note_advance(self, clock: Obj) -> None:
        if clock["status"] == "advancing":
            self.advancing[clock["id"]] = clock["status_details"]["advancing"]["target_frozen_time"]
        else:
            self.advancing.pop(clock["id"], None)

    def _listen(self, obj: Obj, number: int) -> None:
        wishes = wishes_of(obj, self.settings)
        if not wishes and obj["id"] not in self._awake:
            return
        flow = clock_of(obj) or REAL_TIME
        known_flow, known_names = self._awake.get(obj["id"], (flow, ()))
        if known_flow != flow:
            self._silence(obj["id"])
            known_names = ()
        timers = self.flows.setdefault(flow, Timers())
        for name in known_names:
            if name not in wishes:
                timers.wish(obj["id"], name, None, number)
        for name, due_at in wishes.items():
            timers.wish(obj["id"], name, due_at, number)
        self._awake[obj["id"]] = (flow, tuple(wishes))

    def _silence(self, object_id: str) -> None:
        flow, names = self._awake.pop(object_id, (REAL_TIME, ()))
        for name in names:
            self.flows[flow].wish(object_id, name, None, 0)

    def dump(self) -> bytes:
        """Return the whole state as bytes; equal states give equal bytes."""
        tables = {kind: list(table.numbered()) for kind, table in sorted(self.tables.items()) if table.rows}
        flows = {flow: timers.in_order() for flow, timers in sorted(self.flows.items())}
        image = {
            "seed": self.seed,
            "settings": msgspec.to_builtins(self.settings),
            "number": self.number,
            "now": self.now,
            "advancing": dict(sorted(self.advancing.items())),
            "tables": tables,
            "flows": {flow: timers for flow, timers in flows.items() if timers},
        }
        return encode(image)

    @classmethod
    def load(cls, image: bytes) -> "State":
        """Read a state back from the bytes of ``dump``."""
        found: dict[str, Any] = decode(image)
        state = cls(found["seed"], msgspec.convert(found["settings"], Settings))
        state.number, state.now, state.advancing = found["number"], found["now"], found["advancing"]
        for flow, timers in found["flows"].items():
            state.flows[flow] = Timers.restored(timers)
            for _, _, name, object_id in timers:
                names = state._awake.get(object_id, (flow, ()))[1]
                state._awake[object_id] = (flow, (*names, name))
        for kind, rows in found["tables"].items():
            for number, row in rows:
                state.table(kind).put(decode(row), row, number)
        state.hear()
        return state


def clock_of(obj: Obj) -> str | None:
    """Return the test clock that an object lives on."""
    clock = obj.get("test_clock")
    if clock is None and "_" in obj:
        clock = obj["_"].get("test_clock")
    return clock
