"""Reads a request's body, up to a size: a stranger cannot fill the memory."""

from starlette.requests import ClientDisconnect, Request

from tiergate.rules.errors import TiergateError


class BodyTooLargeError(TiergateError):
    """The body of a request is larger than anything we are ever sent."""

    code = "body_too_large"


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Return the body, and stop reading where it goes on too long.

    Raises ``BodyTooLargeError``, and ``ClientDisconnect`` where it breaks off.
    """
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most_bytes:
            raise BodyTooLargeError("The request is too large.", f"Send {most_bytes} bytes at most.")
    return bytes(body)
