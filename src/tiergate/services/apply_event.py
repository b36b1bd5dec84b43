"""Applies a stored event to the mirror, or says what has to be read from Stripe instead."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from tiergate.rules.state import ENDED
from tiergate.services.context import Context
from tiergate.services.read_from_stripe import Need, read_object
from tiergate.services.refresh_account import refresh_account
from tiergate.services.save_object import Kind, save_object
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account, load_state
from tiergate.store.checkout_rows import set_checkout_status
from tiergate.store.event_rows import StoredEvent, close_event, postpone_event
from tiergate.store.mirror import Saved, Sighting, is_mirrored
from tiergate.store.test_clock_rows import saw_clock

Json = Mapping[str, Any]

log = logging.getLogger("tiergate")

_MIRRORED: frozenset[str] = frozenset(get_args(Kind))
_STRANGER = "a stranger's: no account"
_LONGEST_WAIT = timedelta(hours=6)
_MOST_ATTEMPTS = 20
"""About three and a half days, as long as Stripe itself would try."""


def apply_event(context: Context, tx: Transaction, event: StoredEvent) -> list[Need]:
    """Apply an event inside the transaction that stored it, without calling Stripe.

    Returns what has to be read first; the event stays ``received`` until ``finish_event`` has done so.
    An event that needs nothing is closed: as ``applied``, or as ``noted`` with the reason.
    """
    note = _why_ignored(context, event)
    if note:
        _close(context, tx, event, "noted", None, note)
        return []
    raw = json.loads(event.payload)["data"]["object"]
    if not context.livemode:
        _see_clock(context, tx, event, raw)
    needs, account_id = _HANDLERS.get(raw["object"], _save)(context, tx, event, raw)
    if account_id:
        refresh_account(context, tx, account_id, cause=f"event {event.event_id} {event.event_type}")
        needs = needs or _unknown_cards(tx, account_id)
    if raw["object"] not in _USED:
        _close(context, tx, event, "noted", None, "nothing here depends on it")
    elif not needs:
        note = None if account_id or raw["object"] not in _MIRRORED else _STRANGER
        _close(context, tx, event, "applied", account_id, note)
    return needs


def finish_event(context: Context, event: StoredEvent, needs: list[Need]) -> None:
    """Read what an event made uncertain, and close the event; a failure is noted and tried again later."""
    try:
        found = [
            read_object(context, need, cause=f"event {event.event_id} {event.event_type}") for need in needs
        ]
    except Exception as error:
        log.warning("webhook %s %s could not be finished", event.event_id, event.event_type, exc_info=error)
        postpone(context, event, error)
        return
    owners = {reading.account_id for reading in found if reading}
    owner = next((account_id for account_id in owners if account_id), None)
    note = "gone at Stripe" if None in found else None if owner else _STRANGER
    with context.database.write() as tx:
        _close_checkout(context, tx, json.loads(event.payload)["data"]["object"])
        _close(context, tx, event, "applied", owner, note)


def _close(
    context: Context,
    tx: Transaction,
    event: StoredEvent,
    state: str,
    account_id: str | None,
    note: str | None,
) -> None:
    close_event(tx, event.event_id, state, context.now(), account_id=account_id, note=note)
    log.info("webhook %s %s %s%s", event.event_id, event.event_type, state, f": {note}" if note else "")


def postpone(context: Context, event: StoredEvent, error: Exception) -> None:
    """Note a failure on the event's row, and try again later: after seconds first, then hours.

    After twenty attempts the event is closed as ``failed``; it is kept, and can be looked at.
    """
    wait = min(timedelta(seconds=5 * 4 ** min(event.attempts, 8)), _LONGEST_WAIT)
    told = f"{type(error).__name__}: {error}"
    with context.database.write() as tx:
        if event.attempts + 1 >= _MOST_ATTEMPTS:
            _close(context, tx, event, "failed", None, told)
        else:
            postpone_event(tx, event.event_id, told, context.now() + wait)


def _why_ignored(context: Context, event: StoredEvent) -> str | None:
    if event.livemode is not context.livemode:
        return "other mode: " + ("live" if event.livemode else "test")
    if event.object_id is None:
        return "has no object of its own"
    return None


def _see_clock(context: Context, tx: Transaction, event: StoredEvent, raw: Json) -> None:
    if raw["object"] == "test_helpers.test_clock":
        shown = datetime.fromtimestamp(raw["frozen_time"], UTC)
        deleted = event.event_type.endswith(".deleted")
        saw_clock(tx, raw["id"], shown, context.now(), status=raw["status"], deleted=deleted)
    elif isinstance(raw.get("test_clock"), str):
        saw_clock(tx, raw["test_clock"], event.event_created_at, context.now())


def _save(context: Context, tx: Transaction, event: StoredEvent, raw: Json) -> tuple[list[Need], str | None]:
    if raw["object"] not in _MIRRORED:
        return [], None
    kind: Kind = raw["object"]
    if event.event_type == "customer.deleted":
        raw = {**raw, "deleted": True}
    sighting = Sighting(event.event_created_at, event.received_at, event.event_id)
    outcome = save_object(context, tx, kind, raw, sighting)
    needs = [Need(kind, raw["id"])] if outcome.saved is Saved.STALE else []
    return needs, outcome.account_id


def _checkout(
    context: Context, tx: Transaction, event: StoredEvent, raw: Json
) -> tuple[list[Need], str | None]:
    """A session that is complete names a subscription, whose own event may be late or lost.

    Until that is mirrored the session counts as open, so that nobody is led to buy a second time.
    """
    subscription_id = raw.get("subscription")
    if isinstance(subscription_id, str) and not is_mirrored(tx, "subscription", subscription_id):
        return [Need("subscription", subscription_id)], None
    _close_checkout(context, tx, raw)
    return [], None


def _close_checkout(context: Context, tx: Transaction, raw: Json) -> None:
    if raw["object"] == "checkout.session" and raw["status"] != "open":
        set_checkout_status(tx, raw["id"], raw["status"], context.now())


def _detached(
    context: Context, tx: Transaction, event: StoredEvent, raw: Json
) -> tuple[list[Need], str | None]:
    """A card that was removed may have been the default one, which only the customer can tell."""
    before = json.loads(event.payload)["data"].get("previous_attributes") or {}
    customer_id = before.get("customer")
    if event.event_type != "payment_method.detached" or not isinstance(customer_id, str):
        return [], None
    if not is_mirrored(tx, "customer", customer_id):
        return [], None
    return [Need("customer", customer_id)], None


Handler = Callable[[Context, Transaction, StoredEvent, Json], tuple[list[Need], str | None]]

_HANDLERS: dict[str, Handler] = {"checkout.session": _checkout, "payment_method": _detached}
_USED = _MIRRORED | _HANDLERS.keys() | {"test_helpers.test_clock"}


def _unknown_cards(tx: Transaction, account_id: str) -> list[Need]:
    """A subscription whose card may be the customer's says nothing about it: look at the customer once."""
    account = find_account(tx, account_id)
    if account is None or account.stripe_customer_id is None:
        return []
    state = load_state(tx, account)
    running = (subscription for subscription in state.subscriptions if subscription.status not in ENDED)
    unknown = any(state.has_card(subscription) is None for subscription in running)
    return [Need("customer", account.stripe_customer_id)] if unknown else []
