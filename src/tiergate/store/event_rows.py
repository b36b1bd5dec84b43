"""The events Stripe sent: stored first, each once, and kept for good."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Text, bindparam, select, update

from tiergate.store.account_rows import accounts_of_customers
from tiergate.store.engine import Transaction
from tiergate.store.insert_rows import InsertRows
from tiergate.store.prepared import Prepared
from tiergate.store.tables import accounts, events


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it arrived. ``payload`` is the body, byte for byte."""

    event_id: str
    event_type: str
    object_id: str | None
    livemode: bool
    api_version: str | None
    event_created_at: datetime
    received_at: datetime
    payload: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What an event is stored as: ``received`` where it waits, else ``applied`` or ``noted`` with the reason.

    ``customer_id`` is the Stripe customer whose account it concerns.
    """

    state: str = "received"
    note: str | None = None
    customer_id: str | None = None


def insert_events(
    tx: Transaction, arrived: Sequence[StoredEvent], fates: Mapping[str, Fate] | None = None
) -> dict[str, str | None]:
    """Store events, and return those that were not known yet, each with the account of its customer.

    An event without a fate waits to be applied.
    """
    return send_events(tx, arrived, fates or {})()


def send_events(
    tx: Transaction, arrived: Sequence[StoredEvent], fates: Mapping[str, Fate]
) -> Callable[[], dict[str, str | None]]:
    """Have events stored, and return what waits for the outcome, as ``insert_events`` has it."""
    waiting = Fate()
    rows = [_row(event, fates.get(event.event_id, waiting)) for event in arrived]
    inserted = _INSERT.send(tx, rows)
    return lambda: dict(inserted())


def insert_event(tx: Transaction, event: StoredEvent) -> bool:
    """Store an event that waits to be applied; returns false when it is known already."""
    return event.event_id in insert_events(tx, [event])


def _row(event: StoredEvent, fate: Fate) -> dict[str, Any]:
    is_waiting = fate.state == "received"
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "api_version": event.api_version,
        "event_created_at": event.event_created_at,
        "received_at": event.received_at,
        "payload": event.payload,
        "customer_id": fate.customer_id,
        "state": fate.state,
        "note": fate.note,
        "next_attempt_at": event.received_at if is_waiting else None,
        "processed_at": None if is_waiting else event.received_at,
    }


def _owner(given: Mapping[str, ColumnElement[Any]]) -> Mapping[str, ColumnElement[Any]]:
    owner = select(accounts.c.account_id).where(accounts.c.stripe_customer_id == given["customer_id"])
    return {"account_id": owner.scalar_subquery()}


_OWN = (
    *("event_id", "event_type", "object_id", "livemode", "api_version", "event_created_at", "received_at"),
    *("payload", "state", "note", "next_attempt_at", "processed_at"),
)
_INSERT = InsertRows(
    events,
    [*(events.c[name] for name in _OWN), Column("customer_id", Text)],
    lambda insert: insert.on_conflict_do_nothing().returning(events.c.event_id, events.c.account_id),
    _owner,
)


def wait_again(tx: Transaction, event_ids: Collection[str], at: datetime) -> None:
    """Let events that were stored as dealt with wait after all, to be applied from ``at`` on."""
    if event_ids:
        _WAIT.send(tx, {"ids": sorted(event_ids), "at": at})


_WAIT = Prepared(
    lambda ids: (
        update(events)
        .where(events.c.event_id.in_(ids))
        .values(state="received", account_id=None, processed_at=None, next_attempt_at=bindparam("at"))
    )
)


def claim_events(tx: Transaction, customers: Mapping[str, str | None]) -> dict[str, str | None]:
    """Lock those of some waiting events that still wait and that nobody else is at.

    ``customers`` names the customer of each event; returned is the account of the customer.
    """
    query = (
        select(events.c.event_id)
        .where(events.c.event_id.in_(sorted(customers)), events.c.state == "received")
        .order_by(events.c.event_id)
        .with_for_update(skip_locked=True)
    )
    claimed = list(tx.execute(query).scalars())
    wanted = {customer for event_id in claimed if (customer := customers[event_id])}
    owners = accounts_of_customers(tx, wanted)
    return {event_id: owners.get(customers[event_id] or "") for event_id in claimed}


def close_events(tx: Transaction, ends: Sequence[tuple[str, str | None, str | None]], at: datetime) -> None:
    """Note that events are dealt with: the id of each, its account, and the reason if nothing followed."""
    for event_id, account_id, why in ends:
        state = "noted" if why else "applied"
        close_event(tx, event_id, state, at, account_id=account_id, note=why)


def close_event(
    tx: Transaction,
    event_id: str,
    state: str,
    at: datetime,
    *,
    account_id: str | None = None,
    note: str | None = None,
) -> None:
    """Note that an event is dealt with: ``applied``, or ``noted`` with the reason why nothing followed."""
    _CLOSE.send(tx, {"event": event_id, "state": state, "note": note, "owner": account_id, "at": at})


_CLOSE = Prepared(
    update(events)
    .where(events.c.event_id == bindparam("event"))
    .values(
        state=bindparam("state"),
        note=bindparam("note"),
        account_id=bindparam("owner"),
        processed_at=bindparam("at"),
        next_attempt_at=None,
    )
)


def postpone_event(tx: Transaction, event_id: str, error: str, until: datetime) -> None:
    """Note that applying an event failed, and when it is tried again."""
    tx.execute(
        update(events)
        .where(events.c.event_id == event_id)
        .values(note=error, attempts=events.c.attempts + 1, next_attempt_at=until)
    )


def waiting_events(tx: Transaction, at: datetime, limit: int) -> list[StoredEvent]:
    """Return events that are still to be applied, the oldest first."""
    columns = [events.c[name] for name in StoredEvent.__struct_fields__]
    query = (
        select(*columns)
        .where(events.c.state == "received", events.c.next_attempt_at <= at)
        .order_by(events.c.received_at, events.c.event_id)
        .limit(limit)
    )
    return [StoredEvent(*row) for row in tx.execute(query)]
