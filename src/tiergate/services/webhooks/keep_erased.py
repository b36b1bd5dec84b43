"""Keeps what is personal out of events that arrive after their account was erased."""

from collections.abc import Sequence

from tiergate.services.webhooks.delivery import Arrival
from tiergate.store import Transaction
from tiergate.store.erased_rows import erase_event, erased_customers
from tiergate.stripe_api.storable_json import read_json


def keep_erased(tx: Transaction, stored: Sequence[Arrival]) -> None:
    """Take out of events that were just stored what is personal, where their account was erased."""
    concerned = [(arrival.event, _customers_of(arrival)) for arrival in stored]
    erased = erased_customers(tx, {name for _, names in concerned for name in names})
    for event, names in concerned:
        if erased & names:
            erase_event(tx, event.event_id, event.payload)


def _customers_of(arrival: Arrival) -> set[str]:
    """Return the customer that an event is about, also the one that a card was taken from."""
    try:
        customer = arrival.about.customer_id
        if customer is None:
            before = read_json(arrival.event.payload)["data"].get("previous_attributes") or {}
            customer = before.get("customer")
    except Exception:
        return set()  # what is wrong with it is noted when it is applied
    return {customer} if isinstance(customer, str) else set()
