"""Applies one event to the mirror, or says what has to be read from Stripe instead."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tiergate.rules.state import ENDED, Subscription
from tiergate.services.context import Context
from tiergate.services.mirror.save_object import save_object
from tiergate.services.webhooks.delivery import Arrival, Need
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.checkout_rows import confirm_checkout, find_checkout, set_checkout_status
from tiergate.store.due_rows import make_due
from tiergate.store.erased_rows import erase_event
from tiergate.store.event_rows import StoredEvent, close_event
from tiergate.store.mirror import TABLES, Kind, Saved, Sighting, is_mirrored
from tiergate.store.test_clock_rows import saw_clock
from tiergate.stripe_api.read_shapes import read_subscription
from tiergate.stripe_api.storable_json import read_json

Json = Mapping[str, Any]

log = logging.getLogger("tiergate")

STRANGER = "a stranger's: no account"
_MIRRORED: frozenset[str] = frozenset(TABLES)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an event led to: what has to be read from Stripe, and the account it concerns."""

    needs: tuple[Need, ...] = ()
    account_id: str | None = None


def apply_event(context: Context, tx: Transaction, arrival: Arrival) -> Applied:
    """Apply an event inside a transaction, without calling Stripe; the account it concerns becomes due.

    As long as something has to be read first, the event stays ``received``. Otherwise it is closed: as
    ``applied``, or as ``noted`` with the reason.
    """
    event, thing = arrival.event, arrival.thing
    reason = why_noted(context, arrival)
    if reason:
        close(context, tx, event, "noted", note=reason)
        return Applied()
    if not context.livemode:
        _see_clock(context, tx, event, thing)
    applied = _HANDLERS.get(thing["object"], _save)(context, tx, event, thing)
    if applied.account_id and make_due(tx, [applied.account_id]):
        erase_event(tx, event.event_id, event.payload)
    if not applied.needs:
        stranger = thing["object"] in _MIRRORED and applied.account_id is None
        note = STRANGER if stranger else None
        close(context, tx, event, "applied", account_id=applied.account_id, note=note)
    return applied


def why_noted(context: Context, arrival: Arrival) -> str | None:
    """Return why an event changes nothing here; ``None`` for one that has to be applied."""
    event, about = arrival.event, arrival.about
    if event.livemode is not context.livemode:
        return "other mode: " + ("live" if event.livemode else "test")
    if event.object_id is None:
        return "has no object of its own"
    tells_time = not context.livemode and isinstance(about.test_clock, str)
    return None if about.kind in _USED or tells_time else "nothing here depends on it"


def close(
    context: Context,
    tx: Transaction,
    event: StoredEvent,
    state: str,
    *,
    account_id: str | None = None,
    note: str | None = None,
) -> None:
    """Note that an event is dealt with, in the database and in the log."""
    close_event(tx, event.event_id, state, context.now(), account_id=account_id, note=note)
    log.info("webhook %s %s %s%s", event.event_id, event.event_type, state, f": {note}" if note else "")


def close_checkout(context: Context, tx: Transaction, thing: Json) -> None:
    """Note the end of a checkout session, where the object of an event is one that has ended.

    One that has saved a card is not at its end: what it was for is still to be done.
    """
    if thing["object"] == "checkout.session" and thing["status"] != "open" and not _saved_card(thing):
        set_checkout_status(tx, thing["id"], thing["status"], context.now())


def _saved_card(session: Json) -> bool:
    return session.get("mode") == "setup" and session["status"] == "complete"


def _see_clock(context: Context, tx: Transaction, event: StoredEvent, thing: Json) -> None:
    if thing["object"] == "test_helpers.test_clock":
        shown = datetime.fromtimestamp(thing["frozen_time"], UTC)
        deleted = event.event_type.endswith(".deleted")
        saw_clock(tx, thing["id"], shown, context.now(), status=thing["status"], deleted=deleted)
    elif isinstance(thing.get("test_clock"), str):
        saw_clock(tx, thing["test_clock"], event.event_created_at, context.now())


def _save(context: Context, tx: Transaction, event: StoredEvent, thing: Json) -> Applied:
    if thing["object"] not in _MIRRORED:
        return Applied()
    kind: Kind = thing["object"]
    if event.event_type == "customer.deleted":
        thing = {**thing, "deleted": True}
    sighting = Sighting(event.event_created_at, event.received_at, event.event_id)
    outcome = save_object(context, tx, kind, thing, sighting)
    if outcome.saved is Saved.STALE:
        return Applied((Need(kind, thing["id"]),), outcome.account_id)
    customer_id = charged_customer(read_subscription(thing)) if kind == "subscription" else None
    if customer_id and outcome.account_id and not is_mirrored(tx, "customer", customer_id):
        return Applied((Need("customer", customer_id),), outcome.account_id)
    return Applied((), outcome.account_id)


def charged_customer(subscription: Subscription) -> str | None:
    """Return the customer whose default card a running subscription is charged to: it must be known."""
    if subscription.status in ENDED or subscription.default_payment_method is not None:
        return None
    return subscription.customer_id


def _checkout(context: Context, tx: Transaction, event: StoredEvent, thing: Json) -> Applied:
    """A session that is complete names a subscription, whose own event may be late or lost.

    Until that is mirrored the session counts as open, so that nobody is led to buy a second time.
    """
    if _saved_card(thing):
        checkout = find_checkout(tx, thing["id"])
        if checkout is None:
            return Applied()
        find_account(tx, checkout.account_id, lock=True)
        confirm_checkout(tx, thing["id"], context.now())
        return Applied((), checkout.account_id)
    subscription_id = thing.get("subscription")
    if isinstance(subscription_id, str) and not is_mirrored(tx, "subscription", subscription_id):
        return Applied((Need("subscription", subscription_id),))
    close_checkout(context, tx, thing)
    return Applied()


def _payment_method(context: Context, tx: Transaction, event: StoredEvent, thing: Json) -> Applied:
    """A card that was removed may have been the default one, which only the customer can tell."""
    applied = _save(context, tx, event, thing)
    before = read_json(event.payload)["data"].get("previous_attributes") or {}
    customer_id = before.get("customer")
    if event.event_type != "payment_method.detached" or not isinstance(customer_id, str):
        return applied
    if not is_mirrored(tx, "customer", customer_id):
        return applied
    return Applied((*applied.needs, Need("customer", customer_id)), applied.account_id)


Handler = Callable[[Context, Transaction, StoredEvent, Json], Applied]

_HANDLERS: dict[str, Handler] = {"checkout.session": _checkout, "payment_method": _payment_method}
_USED = _MIRRORED | _HANDLERS.keys() | {"test_helpers.test_clock"}
