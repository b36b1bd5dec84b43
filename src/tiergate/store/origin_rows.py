"""Where what is known of an account came from: the event, the reading or the hand behind each object."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, select

from tiergate.store.engine import Transaction
from tiergate.store.tables import events, grants, invoices, subscription_schedules, subscriptions


@dataclass(frozen=True, slots=True)
class Origin:
    """What told us of an object last: ``event evt_1 invoice.paid``, for instance."""

    object_id: str
    cause: str
    fetched_at: datetime | None
    """When it was last read from Stripe, if ever."""


def origins_of(tx: Transaction, account_id: str) -> dict[str, Origin]:
    """Return the origins of an account's subscriptions, invoices, schedules and grants, by their ids."""
    found: dict[str, Origin] = {}
    for table in (subscriptions, invoices, subscription_schedules):
        for object_id, event_id, event_type, fetched_at in tx.execute(_told(table, account_id)):
            cause = f"event {event_id} {event_type or ''}".rstrip() if event_id else "read from Stripe"
            found[object_id] = Origin(object_id, cause, fetched_at)
    given = select(grants.c.grant_id, grants.c.granted_by).where(grants.c.account_id == account_id)
    for grant_id, granted_by in tx.execute(given):
        found[grant_id] = Origin(grant_id, f"granted by {granted_by}" if granted_by else "granted", None)
    return found


def _told(table: Table, account_id: str) -> Select[Any]:
    (key,) = table.primary_key
    told_by: ColumnElement[bool] = events.c.event_id == table.c.last_event_id
    return (
        select(key, table.c.last_event_id, events.c.event_type, table.c.fetched_at)
        .select_from(table.outerjoin(events, told_by))
        .where(table.c.account_id == account_id)
    )
