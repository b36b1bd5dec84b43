"""What passes between the steps of taking a webhook in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiergate.store.event_rows import StoredEvent
from tiergate.store.mirror import Kind
from tiergate.stripe_api.storable_json import read_json


@dataclass(frozen=True, slots=True)
class Need:
    """An object that has to be read from Stripe."""

    kind: Kind
    object_id: str


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, as far as that is known before all of it is read.

    ``kind`` is Stripe's own word in ``object``; ``customer_id`` names the customer that the object is, or
    belongs to; ``test_clock`` is what stands in that field.
    """

    kind: str
    customer_id: str | None
    test_clock: object = None


def about(kind: str, object_id: object, customer: object, test_clock: object) -> About:
    """Say what an event is about, from fields of its object; a customer may be expanded."""
    named = object_id if kind == "customer" else customer
    if isinstance(named, Mapping):
        named = named.get("id")
    is_id = isinstance(named, str) and named.isascii() and named.isprintable()
    return About(kind, str(named) if is_id else None, test_clock)


@dataclass(slots=True, eq=False)
class Arrival:
    """An event that is to be applied."""

    event: StoredEvent
    _about: About | None = None
    _thing: Mapping[str, Any] | None = None

    @property
    def about(self) -> About:
        """What it is about."""
        if self._about is None:
            thing = self.thing
            self._about = about(
                thing["object"], thing.get("id"), thing.get("customer"), thing.get("test_clock")
            )
        return self._about

    @property
    def thing(self) -> Mapping[str, Any]:
        """The object that it carries, as every database can hold it; read when it is first asked for."""
        if self._thing is None:
            self._thing = read_json(self.event.payload)["data"]["object"]
        return self._thing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an arrival.

    ``account_id`` is whose mirror changed, and who therefore has to be told. ``needs`` have to be read from
    Stripe before the event is finished. ``is_known``: it was stored before, and nothing was done.
    ``is_left``: it is stored, and still has to be applied. ``error``: it could not even be stored.
    """

    arrival: Arrival
    account_id: str | None = None
    needs: Sequence[Need] = ()
    is_known: bool = False
    is_left: bool = False
    error: Exception | None = None


def cause_of(event: StoredEvent) -> str:
    """Name an event for the journal, as what led to something."""
    return f"event {event.event_id} {event.event_type}"
