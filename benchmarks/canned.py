"""Serves canned answers over HTTP, at little cost, and tells when it was asked."""

import asyncio
import json
import time
from collections.abc import Callable
from email.utils import formatdate
from urllib.request import urlopen

Answer = Callable[[str], bytes | None]
"""Returns the JSON that a GET of a path with its query is answered with, ``None`` where there is nothing."""


def asked(base_url: str) -> list[float]:
    """Return when each request came, in seconds of the machine's monotonic clock."""
    with urlopen(f"{base_url}/asked") as answer:
        instants: list[float] = json.loads(answer.read())
    return instants


async def serve(answer: Answer) -> None:
    """Serve until killed, on a free port, which is printed first."""
    instants: list[float] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answer, instants), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class _Connection(asyncio.Protocol):
    """One connection. Requests have no body, so that the empty line ends them."""

    def __init__(self, answer: Answer, instants: list[float]) -> None:
        self._answer = answer
        self._instants = instants
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            target = self._received.split(b" ", 2)[1].decode()
            self._received = self._received[end + 4 :]
            self._transport.writelines(self._found(target))

    def _found(self, target: str) -> list[bytes]:
        if target == "/asked":
            return _http("200 OK", json.dumps(self._instants).encode())
        self._instants.append(time.monotonic())
        body = self._answer(target)
        if body is not None:
            return _http("200 OK", body)
        error = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such object"}
        return _http("404 Not Found", json.dumps({"error": error}).encode())


def _http(status: str, body: bytes) -> list[bytes]:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRequest-Id: req_benchmark\r\n"
        f"Date: {formatdate(usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return [head.encode(), body]
