"""Calling an ASGI application in process: no socket, no event loop, no thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the application answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def call_app(app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
    """Run an application for one request.

    API and pages never wait for anything, so that their coroutine runs through in one go.

    Raises:
        ConnectionResetError: the application did not answer, as a fault has it.
        RuntimeError: the application did wait, which only fault delays, static files and ``quiesce`` do.
    """
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    steps = app(http_scope(method, url, headers), receive, send).__await__()
    try:
        next(steps)
    except StopIteration:
        if not sent:
            raise ConnectionResetError("the connection broke off before there was an answer") from None
        start = next(message for message in sent if message["type"] == "http.response.start")
        return HttpAnswer(
            status=start["status"],
            headers={name.decode(): value.decode() for name, value in start["headers"]},
            body=b"".join(message.get("body", b"") for message in sent),
        )
    raise RuntimeError("This route waits for other things; serve the sandbox with run_sandbox to use it.")


def http_scope(method: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the ASGI scope of a request from this machine."""
    parts = urlsplit(url)
    named = {"host": "127.0.0.1"} | {name.lower(): value for name, value in headers.items()}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
