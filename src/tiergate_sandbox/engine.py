"""The engine drives a world: gives it the time, asks it, and tells others what it has emitted.

One engine owns one world, and is used by one thread at a time; whoever serves several threads holds a
lock around it.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal, cast

import msgspec

from tiergate_sandbox.idempotency import IdempotencyKeys, Result, fingerprint, is_kept
from tiergate_sandbox.journal import Called, Entry, Passed
from tiergate_sandbox.real_time import RealTime
from tiergate_sandbox.world import Call, Emitted, World

Method = Literal["GET", "POST", "DELETE"]
METHODS: frozenset[str] = frozenset({"GET", "POST", "DELETE"})


class Reply(msgspec.Struct, frozen=True):
    """The answer to one request: HTTP status, JSON body, and what its headers tell."""

    status: int
    body: bytes
    request_id: str
    replayed: bool = False

    def json(self) -> dict[str, Any]:
        """Return the body, decoded."""
        return cast(dict[str, Any], msgspec.json.decode(self.body))


class Engine:
    """A world in motion.

    ``record`` is given every change before its answer is returned, ``announce`` the events it caused.
    """

    def __init__(
        self,
        world: World,
        now: RealTime,
        *,
        announce: Callable[[Sequence[Emitted]], None],
        record: Callable[[Entry], None],
    ) -> None:
        self.world = world
        self.keys = IdempotencyKeys()
        self.request_count = 0
        self._now = now
        self._announce = announce
        self._record = record

    def now(self) -> float:
        """Return the present instant in unix seconds."""
        return self._now()

    def at(self) -> int:
        """Return the present unix second."""
        return int(self._now())

    def begin(self, world: World, keys: IdempotencyKeys, request_count: int) -> None:
        """Go on with another world, in the state of a snapshot."""
        self.world = world
        self.keys = keys
        self.request_count = request_count

    def new_request_id(self) -> str:
        """Return the id of the next request, shaped like Stripe's (``req_`` and 14 characters)."""
        self.request_count += 1
        return "req_" + blake2b(self.request_count.to_bytes(8, "big"), digest_size=7).hexdigest()

    def catch_up(self) -> None:
        """Play what has become due."""
        self._catch_up_to(self._instant())

    def ask(
        self,
        method: Method,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        idempotency_key: str | None = None,
    ) -> Reply:
        """Carry out one request now and return its answer, errors included."""
        at = self._instant()
        self._catch_up_to(at)
        call = Call(
            method=method,
            path=path,
            params=params or {},
            version=version or self.world.account_default_version,
            pinned=version is not None,
            request_id=self.new_request_id(),
            idempotency_key=idempotency_key,
        )
        return self._carry_out(call, at)

    def replay(self, entry: Called | Passed) -> None:
        """Make a recorded change once more, at its own instant."""
        if isinstance(entry, Passed):
            self._pass_time(entry.at)
            return
        self.request_count = entry.request_count
        call = Call(
            method=cast(Method, entry.method),
            path=entry.path,
            params=entry.params,
            version=entry.version,
            pinned=entry.pinned,
            request_id=entry.request_id,
            idempotency_key=entry.idempotency_key,
        )
        self._carry_out(call, entry.at)

    def _instant(self) -> int:
        """Return the present second in the world's eyes, which do not see the machine's clock put back."""
        return max(self.at(), self.world.now)

    def _catch_up_to(self, at: int) -> None:
        due_at = self.world.next_due_at()
        if due_at is not None and due_at <= at:
            self._pass_time(at)

    def _carry_out(self, call: Call, at: int) -> Reply:
        answer, events = self.world.call(call, at)
        reply = Reply(answer.status, msgspec.json.encode(answer.body), call.request_id or "")
        if call.idempotency_key and is_kept(reply.status):
            asked = fingerprint(call.method, call.path, call.params)
            result = Result(asked, reply.status, reply.body, reply.request_id, at)
            self.keys.keep(call.idempotency_key, result)
        if call.method != "GET" or events:
            self._settle(called(call, at, self.request_count), events)
        return reply

    def _pass_time(self, at: int) -> None:
        events = self.world.run_until(at)
        self._settle(Passed(at), events)

    def _settle(self, entry: Called | Passed, events: Sequence[Emitted]) -> None:
        """Record a change, and announce what came of it even when it could not be recorded."""
        try:
            self._record(entry)
        finally:
            if events:
                self._announce(events)


def called(call: Call, at: int, request_count: int) -> Called:
    """Return the journal's entry for a call that was carried out."""
    return Called(
        at=at,
        method=call.method,
        path=call.path,
        params=dict(call.params),
        version=call.version,
        request_count=request_count,
        request_id=call.request_id or "",
        idempotency_key=call.idempotency_key,
        pinned=call.pinned,
    )
