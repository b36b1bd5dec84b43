"""The sandbox inside a test: in process and without a socket, or served from a thread.

In process::

    sandbox = Sandbox(now=lambda: 1_800_000_000)
    client = stripe.StripeClient("sk_test_x", http_client=sandbox.http_client())
    client.v1.customers.create({"email": "ada@example.com"})
    for webhook in sandbox.take_webhooks():
        app.post("/webhooks/stripe", webhook.body, webhook.headers)

Served::

    with run_sandbox() as sandbox:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": sandbox.base_url})
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import stripe

from tiergate_sandbox.app import sandbox_app
from tiergate_sandbox.delivery import RETRY_AFTER_SECONDS
from tiergate_sandbox.in_process import HttpAnswer, call_app
from tiergate_sandbox.real_time import RealTime, real_time
from tiergate_sandbox.server import Options, serve_in_thread
from tiergate_sandbox.service import Service
from tiergate_sandbox.signing import webhook_headers
from tiergate_sandbox.world import Emitted, Settings, World


@dataclass(frozen=True, slots=True)
class Webhook:
    """One event as a webhook would bring it: the raw body and its headers, signed when it was taken."""

    event_id: str
    type: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class ServedSandbox:
    """A sandbox that listens on a socket of this process."""

    base_url: str
    service: Service


class Sandbox:
    """A sandbox in this process. Real time is whatever ``now`` answers; assign another at will."""

    def __init__(self, *, now: RealTime = real_time, seed: int = 0, settings: Settings | None = None) -> None:
        self.now = now
        self._lock = RLock()
        self._emitted: list[Emitted] = []
        self.service = Service(
            lambda: World(seed=seed, settings=settings or Settings()),
            self._present,
            announce=self._emitted.extend,
        )
        self._app = sandbox_app(self.service)

    def _present(self) -> float:
        return self.now()

    @property
    def world(self) -> World:
        """The world, as it is at this moment."""
        return self.service.engine.world

    @property
    def webhook_secret(self) -> str:
        """The secret that signs the webhooks of ``take_webhooks``."""
        return self.world.listen_secret

    def http_client(self) -> stripe.HTTPClient:
        """Return an HTTP client for ``stripe.StripeClient`` that calls this sandbox without a socket."""
        return InProcessClient(self)

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        """Make one HTTP request to the sandbox's application and return its answer."""
        with self._lock:
            return call_app(self._app, method, url, headers, body)

    def catch_up(self) -> None:
        """Let the time that has passed in ``now`` take effect, as the ticker of a served sandbox does."""
        with self._lock:
            self.service.engine.catch_up()

    def take_webhooks(self, version: str | None = None) -> list[Webhook]:
        """Return the events since the last call, in emitted order, as signed webhooks.

        ``version`` is the API version of the payloads (default: the account's).
        """
        with self._lock:
            taken, self._emitted[:] = list(self._emitted), []
            return [self._webhook(event, version) for event in taken]

    def _webhook(self, event: Emitted, version: str | None) -> Webhook:
        body = self.service.render(event.event_id, version)
        headers = webhook_headers(body, [self.webhook_secret], int(self.now()))
        return Webhook(event.event_id, event.type, body, headers)


class InProcessClient(stripe.HTTPClient):
    """What the Stripe SDK sends requests with, when they go to a sandbox in the same process."""

    name = "tiergate-sandbox"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Make one request."""
        body = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            answer = self._sandbox.request(method, url, headers or {}, body)
        except ConnectionResetError as error:
            # The SDK does not annotate its errors.
            raise stripe.APIConnectionError(str(error), should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.body.decode(), answer.status, answer.headers

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one request; it does not wait, so nothing is gained over ``request``."""
        content, status, answered = self.request(method, url, headers, post_data)
        return content.encode(), status, answered

    def close(self) -> None:
        """There is nothing to close."""

    async def close_async(self) -> None:
        """There is nothing to close."""


@contextmanager
def run_sandbox(
    port: int = 0,
    *,
    seed: int = 0,
    settings: Settings | None = None,
    retry_after_seconds: Sequence[float] = RETRY_AFTER_SECONDS,
    now: RealTime = real_time,
) -> Iterator[ServedSandbox]:
    """Serve a sandbox from a thread for as long as the context lasts; port 0 takes a free one."""
    options = Options(
        port=port,
        seed=seed,
        settings=settings or Settings(),
        retry_after_seconds=retry_after_seconds,
        now=now,
    )
    with serve_in_thread(options) as (url, service):
        yield ServedSandbox(url, service)
