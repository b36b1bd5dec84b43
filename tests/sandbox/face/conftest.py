"""A served sandbox, the SDK pointed at it, a receiver of webhooks, and the official Stripe CLI."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from tests.sandbox.face.receiver import Receiver, receiving
from tiergate_sandbox.testing import ServedSandbox, run_sandbox

REPOSITORY = Path(__file__).parents[3]
API_KEY = "sk_test_emulator0001"

Tool = Callable[..., Any]


@pytest.fixture
def served() -> Iterator[ServedSandbox]:
    """A sandbox on a free port; failed webhooks are tried again after 50 ms, twice."""
    with run_sandbox(retry_after_seconds=(0.05, 0.05)) as sandbox:
        yield sandbox


@pytest.fixture
def client(served: ServedSandbox) -> stripe.StripeClient:
    """The real SDK, talking to the served sandbox."""
    return sdk(served.base_url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An HTTP server that notes what webhooks it gets."""
    with receiving() as server:
        yield server


@pytest.fixture
def tool(served: ServedSandbox) -> Tool:
    """Call one of the sandbox's own routes: ``tool("faults", drop=1)``."""

    def call(
        route: str,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        expect: int = 200,
        **body: Any,
    ) -> Any:
        return call_tool(served.base_url, route, body, method, headers, expect)

    return call


@pytest.fixture(scope="session")
def stripe_cli() -> Path:
    """The official Stripe CLI. Fails the test where it is not, and says what to run."""
    path = Path(os.environ.get("STRIPE_CLI", REPOSITORY / "node_modules" / ".bin" / "stripe"))
    if not path.exists():
        pytest.fail(f"no Stripe CLI at {path}: run `make setup`, or name another one in STRIPE_CLI")
    return path


def sdk(base_url: str, **options: Any) -> stripe.StripeClient:
    """The SDK's client for a sandbox at an address."""
    return stripe.StripeClient(
        API_KEY, base_addresses={"api": base_url}, http_client=stripe.RequestsClient(), **options
    )


def call_tool(
    base_url: str,
    route: str,
    body: dict[str, Any],
    method: str = "POST",
    headers: dict[str, str] | None = None,
    expect: int = 200,
) -> Any:
    """Call ``/_sandbox/route`` and return the answer, decoded when it is JSON."""
    host = urlsplit(base_url).netloc
    connection = HTTPConnection(host, timeout=40)
    with closing(connection):
        content = json.dumps(body) if method == "POST" else None
        connection.request(method, f"/_sandbox/{route}", content, {"Host": host} | (headers or {}))
        response = connection.getresponse()
        text = response.read().decode()
    assert response.status == expect, text
    return json.loads(text) if text.startswith("{") else text
