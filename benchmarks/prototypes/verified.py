"""What the prototypes share: the signature, the few fields that matter, and asking Stripe."""

import asyncio
import hashlib
import hmac
import os
import time
from collections.abc import Awaitable, Callable

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "").encode()
_TOLERANCE_SECONDS = 300


class Item(msgspec.Struct):
    id: str
    quantity: int
    current_period_end: int


class Items(msgspec.Struct):
    data: list[Item]


class Subscription(msgspec.Struct):
    id: str
    customer: str
    status: str
    items: Items


class Data(msgspec.Struct):
    object: Subscription


class Event(msgspec.Struct):
    id: str
    type: str
    created: int
    data: Data


_EVENT = msgspec.json.Decoder(Event)
_SUBSCRIPTION = msgspec.json.Decoder(Subscription)


def verified(body: bytes, header: str, secret: bytes = SECRET) -> Event:
    """Check the signature of a body, and read it. Raises ``PermissionError``."""
    timestamp, _, signature = header.removeprefix("t=").partition(",v1=")
    expected = hmac.digest(secret, b"%b.%b" % (timestamp.encode(), body), hashlib.sha256).hex()
    if not hmac.compare_digest(expected, signature) or time.time() - int(timestamp) > _TOLERANCE_SECONDS:
        raise PermissionError
    return _EVENT.decode(body)


async def fetched(subscription_id: str) -> Subscription:
    """Ask Stripe for a subscription."""
    host, _, port = os.environ["STRIPE_API_BASE"].removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /v1/subscriptions/{subscription_id} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    writer.close()
    return _SUBSCRIPTION.decode(body)


def webhook(take_in: Callable[[Event, bytes], Awaitable[object]]) -> ASGIApp:
    """Return an application that verifies every request, and answers once ``take_in`` is through."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        header = next(value for name, value in scope["headers"] if name == b"stripe-signature")
        await take_in(verified(body, header.decode()), body)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app
