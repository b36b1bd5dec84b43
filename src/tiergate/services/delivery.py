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


@dataclass(slots=True, eq=False)
class Arrival:
    """An event that is to be applied."""

    event: StoredEvent
    _thing: Mapping[str, Any] | None = None

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
