"""Saves objects that events brought together: what save_object does, in few statements for all of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tiergate.rules.state import Customer, Invoice, Subscription
from tiergate.services.apply_event import charged_customer
from tiergate.services.context import Context
from tiergate.services.delivery import Arrival
from tiergate.services.sold_as import Prices, prices_in, sold_as
from tiergate.store import Transaction
from tiergate.store.catalog_rows import find_prices
from tiergate.store.mirror import (
    Kind,
    Saved,
    Sighted,
    Sighting,
    customer_sighted,
    invoice_sighted,
    mirrored_customers,
    save_all,
    subscription_sighted,
)
from tiergate.stripe_api.read_shapes import has_all_items, read_customer, read_invoice, read_subscription

Thing = Customer | Subscription | Invoice


@dataclass(frozen=True, slots=True)
class Plain:
    """An object that is saved as an event shows it, for the account of its customer."""

    kind: Kind
    thing: Thing
    customer_id: str
    raw: Mapping[str, Any]
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class PlainOutcome:
    """What became of it; ``is_card_unknown`` where the customer that is charged was never seen."""

    saved: Saved
    is_card_unknown: bool


def read_plain(context: Context, arrival: Arrival) -> Plain | None:
    """Read the object of an event, where it can be saved as it is; see ``plain_of``."""
    event = arrival.event
    if event.event_type == "customer.deleted":
        return None
    sighting = Sighting(event.event_created_at, event.received_at, event.event_id)
    return plain_of(context, arrival.thing, sighting)


def plain_of(context: Context, thing: Mapping[str, Any], sighting: Sighting) -> Plain | None:
    """Read an object, where it can be saved as it is.

    Not so what lives on a test clock, which an event moves on; what was deleted, of which Stripe shows
    nothing but the id; what has more items than it shows; and what cannot be read, the reason for which
    is noted when it is saved alone.
    """
    read = _READERS.get(thing["object"])
    on_clock = not context.livemode and thing.get("test_clock") is not None
    if read is None or on_clock or thing.get("deleted") or not has_all_items(thing):
        return None
    try:
        found = read(thing)
    except Exception:
        return None
    customer_id = found.id if isinstance(found, Customer) else found.customer_id
    return Plain(thing["object"], found, customer_id, thing, sighting) if customer_id else None


def save_together(
    context: Context, tx: Transaction, owned: Sequence[tuple[Plain, str]], erased: Collection[str]
) -> list[PlainOutcome]:
    """Save objects, each for its account, in the order given; the accounts are locked by the caller.

    ``erased`` are those of the accounts of which nothing personal is saved again.
    """
    prices = find_prices(
        tx,
        {price for one, _ in owned if isinstance(one.thing, Subscription) for price in prices_in(one.thing)},
    )
    saved = save_all(tx, [_sighted(context, one, owner, prices) for one, owner in owned], erased)
    charged = [
        charged_customer(one.thing) if isinstance(one.thing, Subscription) else None for one, _ in owned
    ]
    known = mirrored_customers(tx, {customer_id for customer_id in charged if customer_id})
    return [
        PlainOutcome(outcome, customer_id is not None and customer_id not in known)
        for outcome, customer_id in zip(saved, charged, strict=True)
    ]


def _sighted(context: Context, one: Plain, owner: str, prices: Prices) -> Sighted:
    sighting, now = replace(one.sighting, account_id=owner), context.now()
    match one.thing:
        case Subscription():
            sold = sold_as(one.thing, prices)
            return subscription_sighted(
                sold.subscription, one.raw, sighting, now, keeps_version=not sold.is_told
            )
        case Invoice():
            return invoice_sighted(one.thing, one.raw, sighting, now)
        case Customer():
            return customer_sighted(one.thing, one.raw, sighting, now)


_READERS: dict[str, Callable[[Mapping[str, Any]], Thing]] = {
    "customer": read_customer,
    "subscription": read_subscription,
    "invoice": read_invoice,
}
