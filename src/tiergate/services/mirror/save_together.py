"""Saves objects that events brought together: what save_object does, in few statements for all of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiergate.rules.state import Customer, Invoice, Subscription
from tiergate.services.context import Context
from tiergate.services.mirror.sold_as import Prices, prices_in, sold_as
from tiergate.services.webhooks.apply_event import charged_customer
from tiergate.services.webhooks.delivery import Arrival
from tiergate.store import Transaction
from tiergate.store.catalog_rows import ask_for_prices
from tiergate.store.column_types import json_text
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
from tiergate.store.mirror_rows import sold_values
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


def may_be_plain(context: Context, arrival: Arrival) -> bool:
    """Whether the object of an event can perhaps be saved as it is, from what is known before it is read.

    ``read_plain`` has the last word; what is turned away here already spares the database a detour.
    """
    about = arrival.about
    on_clock = not context.livemode and about.test_clock is not None
    is_one = about.kind in _READERS and about.customer_id is not None
    return is_one and not on_clock and arrival.event.event_type != "customer.deleted"


def read_plain(context: Context, arrival: Arrival) -> Plain | None:
    """Read the object of an event, where it can be saved as it is; see ``plain_of``."""
    event = arrival.event
    sighting = Sighting(event.event_created_at, event.received_at, event.event_id)
    try:
        return plain_of(context, arrival.thing, sighting)
    except Exception:
        # What is wrong with it is noted when it is applied.
        return None


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


@dataclass(frozen=True, slots=True)
class Outline:
    """An object with the columns of its row, apart from what its account and our prices tell."""

    plain: Plain
    values: dict[str, Any]


def outline(plain: Plain, now: datetime) -> Outline:
    """Lay an object out in columns, as far as that takes nothing but the object."""
    values = _sighted(plain, now).values
    return Outline(plain, {**values, "raw": json_text(plain.raw)})


def ask_prices_of(tx: Transaction, outlines: Iterable[Outline]) -> Callable[[], Prices]:
    """Have the prices of objects looked up, and return what waits for the answer."""
    things = [one.plain.thing for one in outlines]
    sold = {price for thing in things if isinstance(thing, Subscription) for price in prices_in(thing)}
    return ask_for_prices(tx, sold)


def save_together(
    tx: Transaction, owned: Sequence[tuple[Outline, str]], erased: Collection[str], prices: Prices
) -> list[PlainOutcome]:
    """Save objects, each for its account, in the order given.

    The accounts were made due before, which locked them; nothing personal is saved of those that are
    ``erased``.
    """
    saved = save_all(tx, [_completed(one, owner, prices) for one, owner in owned], erased)
    things = [one.plain.thing for one, _ in owned]
    charged = [charged_customer(thing) if isinstance(thing, Subscription) else None for thing in things]
    known = mirrored_customers(tx, {customer_id for customer_id in charged if customer_id})
    return [
        PlainOutcome(outcome, customer_id is not None and customer_id not in known)
        for outcome, customer_id in zip(saved, charged, strict=True)
    ]


def _completed(one: Outline, owner: str, prices: Prices) -> Sighted:
    plain, told = one.plain, {"account_id": owner}
    seen = plain.sighting
    sighting = Sighting(seen.as_of, seen.seen_at, seen.event_id, owner)
    if not isinstance(plain.thing, Subscription):
        return Sighted(plain.kind, one.values | told, sighting)
    sold = sold_as(plain.thing, prices)
    columns = sold_values(sold.plan_key, sold.catalog_version, sold.items, sold.pending_update)
    return Sighted(plain.kind, one.values | told | columns, sighting, keeps_version=not sold.is_told)


def _sighted(plain: Plain, now: datetime) -> Sighted:
    match plain.thing:
        case Subscription():
            return subscription_sighted(plain.thing, plain.raw, plain.sighting, now)
        case Invoice():
            return invoice_sighted(plain.thing, plain.raw, plain.sighting, now)
        case Customer():
            return customer_sighted(plain.thing, plain.raw, plain.sighting, now)


_READERS: dict[str, Callable[[Mapping[str, Any]], Thing]] = {
    "customer": read_customer,
    "subscription": read_subscription,
    "invoice": read_invoice,
}
