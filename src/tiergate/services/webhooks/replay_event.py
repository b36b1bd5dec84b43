"""Applies an event once more: one that failed, or one that somebody doubts."""

from msgspec.structs import replace

from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.services.webhooks.ingest_webhook import apply_stored
from tiergate.store.event_log import LoggedEvent, find_logged_event, find_stored_event, reopen_event


class UnknownEventError(TiergateError):
    """No event of this id was ever received."""

    code = "unknown_event"


def show_event(context: Context, event_id: str) -> tuple[LoggedEvent, str]:
    """Return what became of an event, and its payload. Raises ``UnknownEventError``."""
    with context.database.read() as tx:
        logged, stored = find_logged_event(tx, event_id), find_stored_event(tx, event_id)
    if logged is None or stored is None:
        raise UnknownEventError(
            f"There is no event {event_id!r}.",
            "Look at `tiergate events list`; Stripe sends one again with `stripe events resend`.",
        )
    return logged, stored.payload


def replay_event(context: Context, event_id: str) -> LoggedEvent:
    """Apply an event again, now, and return what became of it. Raises ``UnknownEventError``.

    It is safe at any time: an event older than what is mirrored makes Stripe be asked, and changes nothing.
    """
    show_event(context, event_id)
    with context.database.write() as tx:
        reopen_event(tx, event_id, context.now())
        event = find_stored_event(tx, event_id)
    if event is not None:
        apply_stored(context, [replace(event, attempts=0)])
    return show_event(context, event_id)[0]
