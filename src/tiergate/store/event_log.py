"""The log of Stripe's events, as people look at it: what came, what became of it, and what failed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from tiergate.store.engine import Transaction
from tiergate.store.event_rows import StoredEvent
from tiergate.store.tables import events


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event without its payload. ``note`` is the reason or the error; instants are real time."""

    event_id: str
    event_type: str
    account_id: str | None
    object_id: str | None
    livemode: bool
    api_version: str | None
    event_created_at: datetime
    received_at: datetime
    state: str
    """``received``, ``applied``, ``noted`` or ``failed``."""
    note: str | None
    attempts: int
    next_attempt_at: datetime | None
    processed_at: datetime | None


_LOGGED = select(*(events.c[name] for name in LoggedEvent.__dataclass_fields__))
_STORED = select(*(events.c[name] for name in StoredEvent.__struct_fields__))


def logged_events(
    tx: Transaction,
    *,
    state: str | None = None,
    event_type: str | None = None,
    account_id: str | None = None,
    limit: int = 50,
) -> list[LoggedEvent]:
    """Return the newest events that fit, the newest first."""
    wanted = {"state": state, "event_type": event_type, "account_id": account_id}
    query = _LOGGED.order_by(events.c.received_at.desc(), events.c.event_id).limit(limit)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(events.c[column] == value)
    return [LoggedEvent(*row) for row in tx.execute(query)]


def find_logged_event(tx: Transaction, event_id: str) -> LoggedEvent | None:
    """Return one event."""
    row = tx.execute(_LOGGED.where(events.c.event_id == event_id)).first()
    return LoggedEvent(*row) if row else None


def find_stored_event(tx: Transaction, event_id: str) -> StoredEvent | None:
    """Return one event with its payload."""
    row = tx.execute(_STORED.where(events.c.event_id == event_id)).first()
    return StoredEvent(*row) if row else None


def reopen_event(tx: Transaction, event_id: str, now: datetime) -> None:
    """Let an event wait to be applied once more, with all its attempts before it."""
    waiting = {"state": "received", "note": None, "attempts": 0, "next_attempt_at": now}
    tx.execute(update(events).where(events.c.event_id == event_id).values(**waiting))
