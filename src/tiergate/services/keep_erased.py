"""Keeps what is personal out of events that arrive after their account was erased."""

from collections.abc import Sequence

import msgspec

from tiergate.services.delivery import Arrival
from tiergate.store import Transaction
from tiergate.store.erased_rows import erased_customers, without_personal_payload
from tiergate.store.event_rows import StoredEvent
from tiergate.stripe_api.storable_json import read_json


def storable_events(tx: Transaction, arrivals: Sequence[Arrival]) -> list[StoredEvent]:
    """Return events as they may be stored: with less in them where their account was erased."""
    concerned = [_customers_of(arrival) for arrival in arrivals]
    erased = erased_customers(tx, {name for names in concerned for name in names})
    return [
        _bare(arrival.event) if erased & names else arrival.event
        for arrival, names in zip(arrivals, concerned, strict=True)
    ]


def _bare(event: StoredEvent) -> StoredEvent:
    return msgspec.structs.replace(event, payload=without_personal_payload(event.payload))


def _customers_of(arrival: Arrival) -> set[str]:
    """Return the customer that an event is about, also the one that a card was taken from."""
    try:
        thing = arrival.thing
        customer = thing.get("id") if thing["object"] == "customer" else thing.get("customer")
        if customer is None:
            before = read_json(arrival.event.payload)["data"].get("previous_attributes") or {}
            customer = before.get("customer")
    except Exception:
        return set()  # what is wrong with it is noted when it is applied
    return {customer} if isinstance(customer, str) else set()
