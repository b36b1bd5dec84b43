"""A server on the loopback interface that answers as a test tells it, and notes what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DATE = "Sun, 01 Mar 2026 12:00:07 GMT"


@dataclass(frozen=True)
class Reply:
    """An answer: a status, a JSON body or any text, and the header ``Date``."""

    status: int = 200
    body: Mapping[str, Any] | str = field(default_factory=dict)
    date: str | None = DATE


@dataclass(frozen=True)
class Asked:
    """A request, as the server got it."""

    method: str
    path: str
    parameters: dict[str, str]
    headers: Message


@dataclass
class StripeDouble:
    """Answers with ``replies`` in turn, the last one again and again."""

    base_url: str
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[Asked] = field(default_factory=list)

    def next_reply(self) -> Reply:
        """The reply to the request noted last."""
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


def error(status: int, **fields: Any) -> Reply:
    """An error in Stripe's form."""
    return Reply(status, {"error": fields})


@contextmanager
def answering() -> Iterator[StripeDouble]:
    """Serve on a free port until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            address = urlsplit(self.path)
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parameters = dict(parse_qsl(f"{address.query}&{form}", keep_blank_values=True))
            double.asked.append(Asked(self.command, address.path, parameters, self.headers))
            reply = double.next_reply()
            content = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            self.send_response_only(reply.status)
            if reply.date:
                self.send_header("Date", reply.date)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what was asked is noted."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        double = StripeDouble(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield double
        finally:
            server.shutdown()
            thread.join()
