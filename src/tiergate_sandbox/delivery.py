"""Webhook deliveries: who gets which event, in which order, how often, and how it went.

Events start on their way in the order in which they were emitted, but a slow receiver may be overtaken, as
Stripe promises no order either (https://docs.stripe.com/webhooks#event-ordering). Only a 2xx answer is a
success. A failed delivery is tried again after 1, 5 and 30 seconds (Stripe's test mode tries three times over
a few hours), each time with its own timestamp and signature.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from tiergate_sandbox.busy import Busy
from tiergate_sandbox.faults import Faults
from tiergate_sandbox.lane import Lane
from tiergate_sandbox.world.protocol import Emitted

RETRY_AFTER_SECONDS: tuple[float, ...] = (1, 5, 30)
KEPT_SETTLED = 2000
MOST_OPEN = 250_000

Status = Literal["waiting", "held", "in_flight", "retrying", "delivered", "failed", "dropped"]

log = logging.getLogger(__name__)


class Outcome(msgspec.Struct, frozen=True):
    """How one attempt went: the receiver's HTTP status, or the reason why there is none."""

    status: int | None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took the event: any 2xx and nothing else."""
        return self.status is not None and 200 <= self.status < 300


class Attempt(msgspec.Struct, frozen=True):
    """One attempt: the unix second when it began, and how it went."""

    at: int
    status: int | None
    error: str | None


class Delivery(msgspec.Struct):
    """One event on its way to one destination."""

    id: str
    event_id: str
    event_type: str
    destination_id: str
    url: str
    status: Status = "waiting"
    attempts: tuple[Attempt, ...] = ()


class Destination(Protocol):
    """A receiver of events: a webhook endpoint, or a ``stripe listen``."""

    @property
    def id(self) -> str:
        """The id that deliveries carry."""

    @property
    def url(self) -> str:
        """Where the events go, for people to read."""

    def wants(self, event_type: str) -> bool:
        """Whether events of this type are sent here."""

    async def send(self, event_id: str) -> Outcome:
        """Make one attempt."""


class Courier:
    """Brings events to their destinations.

    It takes events at any time and begins to send when it is started (within a running event loop).
    ``tried`` is told of every delivery that is tried again, ``settled`` the id of every one that is not. What
    is in flight or waiting to be sent is noted in ``busy``; held deliveries and later retries are not.
    """

    def __init__(
        self,
        destinations: Callable[[], Iterable[Destination]],
        at: Callable[[], int],
        settled: Callable[[str], None],
        busy: Busy,
        retry_after_seconds: Sequence[float] = RETRY_AFTER_SECONDS,
        tried: Callable[[Delivery], None] = lambda _: None,
    ) -> None:
        self.faults = Faults()
        self.holding = False
        self._destinations = destinations
        self._at = at
        self._tried = tried
        self._settled = settled
        self._busy = busy
        self._retry_after_seconds = retry_after_seconds
        self._deliveries: dict[str, Delivery] = {}
        self._settled_ids: deque[str] = deque()
        self._lanes: dict[str, Lane[Delivery]] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._started = False
        self._was_full = False

    def deliveries(self) -> list[Delivery]:
        """Return the deliveries still known, oldest first: all open ones and the latest settled ones."""
        return list(self._deliveries.values())

    def accept(self, events: Sequence[Emitted]) -> None:
        """Take events that the world has emitted."""
        destinations = list(self._destinations())
        for event in self.faults.ordered(events) if destinations else ():
            for destination in destinations:
                if destination.wants(event.type):
                    self._plan(event, destination)

    def resend(self, event_id: str, event_type: str, destination: Destination) -> None:
        """Send an event once more to one destination, whatever the faults and the hold."""
        self._enqueue(self._new(event_id, event_type, destination))

    def restore(self, delivery: Delivery) -> None:
        """Take over a delivery that was not settled when a snapshot was made."""
        self._deliveries[delivery.id] = delivery
        self._enqueue(delivery)

    def forget(self, delivery_id: str) -> None:
        """Drop a delivery that was settled before the process ended; to be called before ``start``."""
        delivery = self._deliveries.pop(delivery_id, None)
        if delivery is not None:
            delivery.status = "delivered"

    def remember(self, delivery_id: str, attempt: Attempt) -> None:
        """Count an attempt that was made before the process ended; to be called before ``start``."""
        delivery = self._deliveries.get(delivery_id)
        if delivery is not None:
            delivery.attempts = (*delivery.attempts, attempt)

    def release(self, ids: Sequence[str] | None = None) -> list[Delivery]:
        """Send held deliveries and return them.

        ``ids`` (of deliveries or of events) are sent in the order given, and holding goes on. Without
        ``ids`` all are sent in the order in which they were emitted, and holding ends.

        Raises:
            KeyError: an id is not among the held deliveries; nothing is sent then.
        """
        held = [delivery for delivery in self._deliveries.values() if delivery.status == "held"]
        chosen = held if ids is None else [entry for wanted in ids for entry in _named(wanted, held)]
        self.holding = self.holding and ids is not None
        for delivery in chosen:
            self._enqueue(delivery)
        return chosen

    def start(self) -> None:
        """Begin to send; to be called in the event loop that will carry the deliveries."""
        self._started = True
        for lane in self._lanes.values():
            lane.start()

    def clear(self) -> None:
        """Forget every delivery, stop every attempt, and switch faults and holding off."""
        for timer in self._timers:
            timer.cancel()
        for lane in self._lanes.values():
            lane.stop()
        for collection in (self._timers, self._lanes, self._deliveries, self._settled_ids, self._busy):
            collection.clear()
        self.faults = Faults()
        self.holding = False

    def _plan(self, event: Emitted, destination: Destination) -> None:
        copies = self.faults.copies(f"{event.event_id}/{destination.id}")
        for _ in range(max(copies, 1)):
            delivery = self._new(event.event_id, event.type, destination)
            wait_seconds = self.faults.wait_seconds(delivery.id)
            if not copies or self._is_full():
                self._settle(delivery, "dropped")
            elif self.holding:
                delivery.status = "held"
            elif wait_seconds:
                self._busy.add(delivery.id)
                self._enqueue_after(wait_seconds, delivery)
            else:
                self._enqueue(delivery)

    def _is_full(self) -> bool:
        """Tell whether too many deliveries are open to take more; a log line says when that begins."""
        full = len(self._deliveries) - len(self._settled_ids) > MOST_OPEN
        if full and not self._was_full:
            log.warning("%d webhooks wait to be delivered; further ones are dropped", MOST_OPEN)
        self._was_full = full
        return full

    def _new(self, event_id: str, event_type: str, destination: Destination) -> Delivery:
        copy = 1
        while (delivery_id := f"dlv_{event_id}_{destination.id}_{copy}") in self._deliveries:
            copy += 1
        delivery = Delivery(delivery_id, event_id, event_type, destination.id, destination.url)
        self._deliveries[delivery_id] = delivery
        return delivery

    def _enqueue(self, delivery: Delivery) -> None:
        delivery.status = "waiting"
        self._busy.add(delivery.id)
        lane = self._lanes.get(delivery.destination_id)
        if lane is None:
            lane = self._lanes[delivery.destination_id] = Lane(self._attempt)
        lane.put(delivery)
        if self._started:
            lane.start()

    def _enqueue_after(self, seconds: float, delivery: Delivery) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            self._enqueue(delivery)

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    async def _attempt(self, delivery: Delivery) -> None:
        if delivery.status == "waiting":
            delivery.status = "in_flight"
            at = self._at()
            outcome = await self._send(delivery)
            delivery.attempts = (*delivery.attempts, Attempt(at, outcome.status, outcome.error))
            log_attempt(delivery)
            self._conclude(delivery, outcome)
        self._busy.discard(delivery.id)

    def _conclude(self, delivery: Delivery, outcome: Outcome) -> None:
        number = len(delivery.attempts)
        if outcome.succeeded:
            self._settle(delivery, "delivered")
        elif number <= len(self._retry_after_seconds):
            delivery.status = "retrying"
            self._tried(delivery)
            self._enqueue_after(self._retry_after_seconds[number - 1], delivery)
        else:
            self._settle(delivery, "failed")

    async def _send(self, delivery: Delivery) -> Outcome:
        for destination in self._destinations():
            if destination.id == delivery.destination_id:
                return await destination.send(delivery.event_id)
        return Outcome(None, "the endpoint was deleted or disabled")

    def _settle(self, delivery: Delivery, status: Status) -> None:
        delivery.status = status
        self._settled(delivery.id)
        self._settled_ids.append(delivery.id)
        if len(self._settled_ids) > KEPT_SETTLED:
            self._deliveries.pop(self._settled_ids.popleft(), None)


def _named(wanted: str, held: list[Delivery]) -> list[Delivery]:
    found = [delivery for delivery in held if wanted in (delivery.id, delivery.event_id)]
    if not found:
        raise KeyError(wanted)
    return found


def log_attempt(delivery: Delivery) -> None:
    """Write one line on the latest attempt; the query of the address may hold secrets and is left out."""
    attempt = delivery.attempts[-1]
    log.info(
        "%s %s to %s: %s (attempt %d)",
        delivery.event_type,
        delivery.event_id,
        delivery.url.partition("?")[0],
        attempt.error or attempt.status,
        len(delivery.attempts),
    )
