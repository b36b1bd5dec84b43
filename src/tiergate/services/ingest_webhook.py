"""Takes a webhook in: verify, store, apply, and only then say that it was received."""

import logging
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from tiergate.rules.errors import TiergateError
from tiergate.services.apply_event import apply_event, finish_event, postpone
from tiergate.services.context import Context
from tiergate.services.read_from_stripe import Need
from tiergate.store.event_rows import StoredEvent, insert_event
from tiergate.stripe_api.verify_signature import verify_signature

log = logging.getLogger("tiergate")


_FAR_FUTURE_SECONDS = 2**36
_Id = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]+$", max_length=255)]
"""What Stripe calls things by: printable ASCII, which every database can hold."""


class UnreadableEventError(TiergateError):
    """The body is signed, but it is no event."""

    code = "event_unreadable"


def ingest_webhook(context: Context, body: bytes, signature: str | None) -> str:
    """Take in one delivery and return the event's id; a repeated one changes nothing.

    The event is committed before this returns. Applying it may need Stripe, and may fail: then it is
    stored all the same, and tried again later. Raises ``SignatureError`` and ``UnreadableEventError``, in
    which case nothing is stored.
    """
    verify_signature(body, signature, context.webhook_secrets, context.now())
    event = _read_event(body, context.now())
    needs: list[Need] = []
    failure: Exception | None = None
    with context.database.write() as tx:
        if not insert_event(tx, event):
            log.info("webhook %s %s was received again", event.event_id, event.event_type)
            return event.event_id
        log.info("webhook %s %s received", event.event_id, event.event_type)
        try:
            with tx.begin_nested():
                needs = apply_event(context, tx, event)
        except Exception as error:
            # What is stored stays stored: it is tried again, and never lost.
            failure = error
    _settle(context, event, needs, failure)
    return event.event_id


def apply_stored(context: Context, event: StoredEvent) -> None:
    """Apply an event that is stored but not applied yet, for instance after a failure."""
    needs: list[Need] = []
    failure: Exception | None = None
    try:
        with context.database.write() as tx:
            needs = apply_event(context, tx, event)
    except Exception as error:
        failure = error
    _settle(context, event, needs, failure)


def _settle(context: Context, event: StoredEvent, needs: list[Need], failure: Exception | None) -> None:
    if failure is not None:
        log.error("webhook %s %s could not be applied", event.event_id, event.event_type, exc_info=failure)
        postpone(context, event, failure)
    elif needs:
        finish_event(context, event, needs)


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Envelope(msgspec.Struct):
    """The part of an event that is stored in columns; everything else stays in the payload."""

    id: _Id
    type: _Id
    created: Annotated[int, msgspec.Meta(ge=0, le=_FAR_FUTURE_SECONDS)]
    livemode: bool
    data: _Data
    api_version: _Id | None = None


def _read_event(body: bytes, received_at: datetime) -> StoredEvent:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        object_id = msgspec.convert(envelope.data.object.get("id"), _Id | None)
        msgspec.convert(envelope.data.object.get("object"), str)
    except (ValueError, RecursionError) as error:
        raise UnreadableEventError(
            "The body is not an event of Stripe's snapshot kind.",
            "Let the endpoint send snapshot events, not thin ones.",
        ) from error
    return StoredEvent(
        event_id=envelope.id,
        event_type=envelope.type,
        object_id=object_id,
        livemode=envelope.livemode,
        api_version=envelope.api_version,
        event_created_at=datetime.fromtimestamp(envelope.created, UTC),
        received_at=received_at,
        payload=body.decode(),
    )
