"""A small HTTP server that takes webhooks and answers as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

import stripe


@dataclass(frozen=True)
class Received:
    """One webhook as it arrived."""

    body: bytes
    signature: str
    user_agent: str

    def verified(self, secret: str) -> stripe.Event:
        """The event, checked by the SDK against a secret."""
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.signature, secret)
        return event


@dataclass
class Receiver:
    """What arrived so far; ``statuses`` are used up first to last, then every answer is 200."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def wait_for(self, count: int) -> list[Received]:
        """Return what arrived as soon as there are ``count`` webhooks."""
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self.received) >= count, timeout=20)
            assert arrived, f"only {len(self.received)} of {count} webhooks arrived"
            return list(self.received)


class Handler(BaseHTTPRequestHandler):
    """Notes every POST."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note one webhook and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived = Received(body, self.headers["Stripe-Signature"], self.headers["User-Agent"])
        with self.receiver.changed:
            self.receiver.received.append(arrived)
            status = self.receiver.statuses.pop(0) if self.receiver.statuses else 200
            self.receiver.changed.notify_all()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver on a free port for as long as the context lasts."""
    handler: type[Handler] = type("Handler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/webhooks/stripe")
    handler.receiver = receiver
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
