"""Reads a webhook's body: is it an event, and what is it about?"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from tiergate.rules.errors import TiergateError
from tiergate.services.webhooks.delivery import About, Arrival, about
from tiergate.store.event_rows import StoredEvent
from tiergate.stripe_api.storable_json import read_json

_FAR_FUTURE_SECONDS = 2**36
_Id = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]+$", max_length=255)]
"""What Stripe calls things by: printable ASCII, which every database can hold."""


class UnreadableEventError(TiergateError):
    """The body is signed, but it is no event."""

    code = "event_unreadable"


_NOTHING = msgspec.Raw(b"null")


class _Identity(msgspec.Struct):
    object: str
    id: _Id | None = None
    customer: msgspec.Raw = _NOTHING
    test_clock: msgspec.Raw = _NOTHING


class _Data(msgspec.Struct):
    object: _Identity


class _Envelope(msgspec.Struct):
    """The part of an event that is stored in columns; everything else is read when it is applied."""

    id: _Id
    type: _Id
    created: Annotated[int, msgspec.Meta(ge=0, le=_FAR_FUTURE_SECONDS)]
    livemode: bool
    data: _Data
    api_version: _Id | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def read_event(body: bytes, received_at: datetime) -> Arrival:
    """Read the body of a webhook. Raises ``UnreadableEventError``."""
    try:
        text = body.decode()
        envelope = _decode(body, text)
    except (ValueError, RecursionError) as error:
        raise UnreadableEventError(
            "The body is not an event of Stripe's snapshot kind.",
            "Let the endpoint send snapshot events, not thin ones.",
        ) from error
    thing = envelope.data.object
    event = StoredEvent(
        event_id=envelope.id,
        event_type=envelope.type,
        object_id=thing.id,
        livemode=envelope.livemode,
        api_version=envelope.api_version,
        event_created_at=datetime.fromtimestamp(envelope.created, UTC),
        received_at=received_at,
        payload=text,
    )
    return Arrival(event, _about(thing))


def _about(thing: _Identity) -> About | None:
    """Say what an event is about; ``None`` where its fields are odd, and all of it has to be read."""
    try:
        customer, test_clock = msgspec.json.decode(thing.customer), msgspec.json.decode(thing.test_clock)
    except msgspec.DecodeError:
        return None
    return about(thing.object, thing.id, customer, test_clock)


def _decode(body: bytes, text: str) -> _Envelope:
    try:
        return _ENVELOPE.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # The typed decoder takes UTF-8 alone.
        return _ENVELOPE.decode(msgspec.json.encode(read_json(text)))
