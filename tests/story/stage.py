"""The stage of a story: a sandbox and an application, each served over real HTTP on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx2
import stripe
import uvicorn

from tests.support.ports import free_port
from tiergate.billing import Billing
from tiergate.real_time import now
from tiergate.settings import Settings
from tiergate.stripe_api.gateway import API_VERSION, Gateway
from tiergate.web.app import create_app
from tiergate_sandbox.testing import run_sandbox

KEY = "sk_test_the_story_of_acme"
ACCOUNT = "acme"


@dataclass(frozen=True)
class Stage:
    """One application with one account on a test clock of its own, and the Stripe it talks to."""

    billing: Billing
    gateway: Gateway
    sandbox_url: str
    app_url: str
    http: httpx2.Client
    test_clock: str
    webhook_secret: str
    starts_at: datetime

    def sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use one of the sandbox's own tools."""
        answer = self.http.request(method, f"{self.sandbox_url}/_sandbox{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def deliver(self, event_id: str) -> None:
        """Deliver an event to the application once more, signed anew."""
        body = self.http.get(f"{self.sandbox_url}/v1/events/{event_id}", headers=_authorization()).content
        signed_at = int(now().timestamp())
        signature = stripe.WebhookSignature.generate_signature_header(
            body.decode(), self.webhook_secret, signed_at
        )
        answer = self.http.post(
            f"{self.app_url}/webhooks/stripe", content=body, headers={"Stripe-Signature": signature}
        )
        answer.raise_for_status()

    def stripe_post(self, path: str, data: dict[str, Any]) -> Any:
        """Do something at Stripe that tiergate did not ask for, as a dashboard would."""
        answer = self.http.post(f"{self.sandbox_url}{path}", data=data, headers=_authorization())
        assert answer.status_code in (200, 402), answer.text
        return answer.json()

    def stripe_get(self, path: str, **params: Any) -> Any:
        """Look at Stripe."""
        answer = self.http.get(f"{self.sandbox_url}{path}", params=params, headers=_authorization())
        answer.raise_for_status()
        return answer.json()


@contextmanager
def stage(folder: Path, catalog: str | None = None, *, webhooks: bool = True) -> Iterator[Stage]:
    """Set a stage for one life; without ``webhooks`` Stripe has no endpoint to call."""
    port = free_port()
    app_url = f"http://127.0.0.1:{port}"
    with run_sandbox() as sandbox:
        gateway = Gateway(KEY, sandbox.base_url)
        starts_at = datetime(2027, 3, 1, 10, tzinfo=UTC)
        clock = gateway.create_test_clock(starts_at, "story", "clock").body["id"]
        secret = _endpoint(gateway, app_url) if webhooks else "whsec_nobody"
        settings = Settings(
            database_url=f"sqlite:///{folder / 'tiergate.db'}",
            stripe_secret_key=KEY,
            stripe_webhook_secrets=(secret,),
            stripe_api_base=sandbox.base_url,
            public_url=app_url,
            test_clock=clock,
        )
        with Billing(settings) as billing, _serve(billing, port), httpx2.Client(timeout=60) as http:
            billing.migrate()
            billing.push_plans(catalog or northwind())
            billing.register(ACCOUNT, email="ap@acme.test", name="Acme Inc.", signed_up_at=starts_at)
            yield Stage(billing, gateway, sandbox.base_url, app_url, http, clock, secret, starts_at)


def northwind() -> str:
    """Return the catalogue of the demo."""
    return (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")


def _endpoint(gateway: Gateway, app_url: str) -> str:
    params = {"url": f"{app_url}/webhooks/stripe", "enabled_events": ["*"], "api_version": API_VERSION}
    return str(gateway.create_webhook_endpoint(params, "endpoint").body["secret"])


@contextmanager
def _serve(billing: Billing, port: int) -> Iterator[None]:
    """Serve the application from a thread, until the story is told."""
    app = create_app(billing, account_of=lambda _request: ACCOUNT)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _wait_until_up(port)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _wait_until_up(port: int) -> None:
    transport = httpx2.HTTPTransport(retries=20)
    with httpx2.Client(transport=transport) as client:
        client.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()


def _authorization() -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}"}
