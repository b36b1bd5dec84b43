"""Faults that webhooks and API answers may suffer, decided by a seed so that a run can be repeated."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Annotated, Literal

import msgspec

from tiergate_sandbox.world.protocol import Emitted

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
PerSecond = Annotated[int, msgspec.Meta(ge=0)]


class AnswerFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong with API answers: an error of the server, a 429, or a connection that breaks.

    It hits a ``share`` of the requests whose ``method`` and ``path`` (``*`` stands for any text) fit, of
    the first ``times`` if that is set. With ``executed`` the request is carried out and its answer lost.
    """

    kind: Literal["error", "rate_limit", "reset"]
    share: Share = 1.0
    method: Literal["*", "GET", "POST", "DELETE"] = "*"
    path: str = "*"
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    executed: bool = False

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request is one of those it may hit."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which faults are switched on; the default is none.

    ``drop`` and ``duplicate`` are the shares of deliveries that are lost or sent twice. ``reorder``
    shuffles events of the same second. A delivery waits up to ``delay_seconds`` before it is sent,
    and every API answer waits ``answer_delay_seconds`` before it is worked out. ``answers`` are tried
    one after the other. More than ``reads_per_second`` or ``writes_per_second`` are refused with a 429
    (https://docs.stripe.com/rate-limits); 0 is no limit.
    """

    drop: Share = 0.0
    duplicate: Share = 0.0
    reorder: bool = False
    delay_seconds: Seconds = 0.0
    answer_delay_seconds: Seconds = 0.0
    answers: tuple[AnswerFault, ...] = ()
    reads_per_second: PerSecond = 0
    writes_per_second: PerSecond = 0
    seed: int = 0

    def copies(self, delivery_key: str) -> int:
        """Return how often a delivery is sent: 0 when it is dropped, 2 when it is duplicated, else 1."""
        if self._chance(delivery_key, "drop") < self.drop:
            return 0
        return 2 if self._chance(delivery_key, "duplicate") < self.duplicate else 1

    def wait_seconds(self, delivery_id: str) -> float:
        """Return how long a delivery is kept back before it is sent."""
        return self.delay_seconds and self.delay_seconds * self._chance(delivery_id, "delay")

    def ordered(self, events: Sequence[Emitted]) -> Sequence[Emitted]:
        """Return the events in the order in which they are sent."""
        if not self.reorder:
            return events
        return sorted(events, key=lambda event: (event.created, self._chance(event.event_id, "order")))

    def hits(self, index: int, request_number: int) -> bool:
        """Tell whether the answer fault at a place hits the n-th request that it fits."""
        fault = self.answers[index]
        if fault.times is not None and request_number > fault.times:
            return False
        return self._chance(f"{index}/{request_number}", "answer") < fault.share

    def _chance(self, key: str, purpose: str) -> float:
        digest = blake2b(f"{self.seed}/{purpose}/{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64
