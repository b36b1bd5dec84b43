"""The events Stripe sent: stored first, each once, and kept for good."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import events


@dataclass(frozen=True, slots=True)
class StoredEvent:
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


def insert_event(tx: Transaction, event: StoredEvent) -> bool:
    """Store an event; returns false when it is known already."""
    values = {name: getattr(event, name) for name in StoredEvent.__dataclass_fields__}
    statement = insert_into(tx, events).values(**values, state="received", next_attempt_at=event.received_at)
    return tx.execute(statement.on_conflict_do_nothing().returning(events.c.event_id)).first() is not None


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
    tx.execute(
        update(events)
        .where(events.c.event_id == event_id)
        .values(state=state, note=note, account_id=account_id, processed_at=at, next_attempt_at=None)
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
    columns = [events.c[name] for name in StoredEvent.__dataclass_fields__]
    query = (
        select(*columns)
        .where(events.c.state == "received", events.c.next_attempt_at <= at)
        .order_by(events.c.received_at, events.c.event_id)
        .limit(limit)
    )
    return [StoredEvent(*row) for row in tx.execute(query)]
