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
        self._latest_at = 0
        self._announce = announce
        self._record = record

    def at(self) -> int:
        """Return the present unix second; it never goes back, even when the clock of the machine does."""
        self._latest_at = max(self._latest_at, int(self._now()))
        return self._latest_at

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
        at = self.at()
        due_at = self.world.next_due_at()
        if due_at is not None and due_at <= at:
            self._pass_time(at)

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
        self.catch_up()
        at = self.at()
        call = Call(
            method=method,
            path=path,
            params=params or {},
            version=version or self.world.account_default_version,
            request_id=self.new_request_id(),
            idempotency_key=idempotency_key,
        )
        return self._carry_out(call, at)

    def replay(self, entry: Called | Passed) -> None:
        """Make a recorded change once more, at its own instant."""
        self._latest_at = entry.at
        if isinstance(entry, Passed):
            self._pass_time(entry.at)
            return
        self.request_count = entry.request_count
        call = Call(
            method=cast(Method, entry.method),
            path=entry.path,
            params=entry.params,
            version=entry.version,
            request_id=entry.request_id,
            idempotency_key=entry.idempotency_key,
        )
        self._carry_out(call, entry.at)

    def _carry_out(self, call: Call, at: int) -> Reply:
        answer, events = self.world.call(call, at)
        reply = Reply(answer.status, msgspec.json.encode(answer.body), call.request_id or "")
        if call.method != "GET":
            self._record(called(call, at, self.request_count))
        if call.idempotency_key and is_kept(reply.status):
            asked = fingerprint(call.method, call.path, call.params)
            result = Result(asked, reply.status, reply.body, reply.request_id, at)
            self.keys.keep(call.idempotency_key, result)
        if events:
            self._announce(events)
        return reply

    def _pass_time(self, at: int) -> None:
        events = self.world.run_until(at)
        self._record(Passed(at))
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
    )
