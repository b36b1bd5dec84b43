"""Faults that webhooks may suffer on their way, decided by a seed so that a run can be repeated."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated

import msgspec

from tiergate_sandbox.world.protocol import Emitted

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which faults are switched on; the default is none.

    ``drop`` and ``duplicate`` are the shares of deliveries that are lost or sent twice. ``reorder``
    shuffles events of the same second. A delivery waits up to ``delay_seconds`` before it is sent,
    and every API answer waits ``answer_delay_seconds`` before it is worked out.
    """

    drop: Share = 0.0
    duplicate: Share = 0.0
    reorder: bool = False
    delay_seconds: Seconds = 0.0
    answer_delay_seconds: Seconds = 0.0
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

    def _chance(self, key: str, purpose: str) -> float:
        digest = blake2b(f"{self.seed}/{purpose}/{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64
