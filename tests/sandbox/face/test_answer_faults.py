"""Faults of API answers and the rate limit, as the real SDK meets them."""

from typing import Any

import pytest
import stripe

from tests.sandbox.face.conftest import Tool, sdk
from tiergate_sandbox.faults import AnswerFault, Faults
from tiergate_sandbox.obstacles import Obstacles
from tiergate_sandbox.testing import Sandbox, ServedSandbox


def answer_faults(**fault: Any) -> dict[str, Any]:
    """Return the body that switches one answer fault on."""
    return {"answers": [fault]}


def test_none_by_default(client: stripe.StripeClient) -> None:
    """Without faults and limits a hundred requests in a row all succeed."""
    assert [client.v1.customers.list().data for _ in range(100)] == [[]] * 100


def test_a_server_error_is_retried_with_the_same_key(served: ServedSandbox, tool: Tool) -> None:
    """The first answer is a 500; the SDK's retry succeeds, and one customer was made."""
    tool("faults", **answer_faults(kind="error", method="POST", path="/v1/customers", times=1))
    client = sdk(served.base_url, max_network_retries=1)
    made = client.v1.customers.create({"email": "a@example.com"})
    assert [one.id for one in client.v1.customers.list().data] == [made.id]


@pytest.mark.parametrize("kind", ["error", "reset"])
def test_an_answer_that_is_lost(served: ServedSandbox, tool: Tool, kind: str) -> None:
    """The request was carried out and its answer lost; the retry gets that answer and makes nothing new."""
    tool("faults", **answer_faults(kind=kind, method="POST", times=1, executed=True))
    client = sdk(served.base_url, max_network_retries=1)
    made = client.v1.customers.create({"email": "a@example.com"})
    assert made.last_response is not None
    assert made.last_response.headers["Idempotent-Replayed"] == "true"
    assert [one.id for one in client.v1.customers.list().data] == [made.id]


def test_a_broken_connection(client: stripe.StripeClient, tool: Tool) -> None:
    """Without a retry the SDK reports a connection error, and nothing was made."""
    tool("faults", **answer_faults(kind="reset", path="/v1/customers"))
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({})
    tool("faults")
    assert client.v1.customers.list().data == []


def test_too_many_requests(client: stripe.StripeClient, tool: Tool) -> None:
    """A 429 has Stripe's type and code; other routes are not hit."""
    tool("faults", **answer_faults(kind="rate_limit", path="/v1/customers*"))
    with pytest.raises(stripe.RateLimitError) as caught:
        client.v1.customers.create({})
    error = caught.value.error
    assert error is not None
    assert (caught.value.http_status, error.type, error.code) == (429, "invalid_request_error", "rate_limit")
    assert client.v1.products.list().data == []


def test_the_rate_limit(served: ServedSandbox) -> None:
    """Reads and writes are counted apart, anew in every second."""
    now = [1_800_000_000.0]
    faults = Faults(reads_per_second=2, writes_per_second=1)
    obstacles = Obstacles(lambda: faults, lambda: now[0])

    def asked(*methods: str) -> list[bool]:
        return [obstacles.next_for(method, "/v1/customers") is not None for method in methods]

    assert asked("GET", "POST", "GET", "POST", "GET") == [False, False, False, True, True]
    now[0] += 1
    assert asked("GET", "DELETE") == [False, False]


def test_a_share_is_decided_by_the_seed() -> None:
    """About the share of the requests is hit, the same ones for the same seed, others for another."""

    def hit(seed: int) -> list[int]:
        faults = Faults(answers=(AnswerFault("error", share=0.3),), seed=seed)
        obstacles = Obstacles(lambda: faults, lambda: 0.0)
        return [n for n in range(500) if obstacles.next_for("GET", "/v1/customers")]

    assert hit(1) == hit(1) != hit(2)
    assert 100 < len(hit(1)) < 200


def test_switching_counts_anew(client: stripe.StripeClient, tool: Tool) -> None:
    """The same faults switched on again hit the first requests again."""
    for _ in range(2):
        tool("faults", **answer_faults(kind="error", times=1))
        with pytest.raises(stripe.APIError):
            client.v1.customers.list()
        assert client.v1.customers.list().data == []


def test_in_process() -> None:
    """A sandbox without a socket breaks connections as well."""
    sandbox = Sandbox(now=lambda: 1_800_000_000)
    sandbox.service.courier.faults = Faults(answers=(AnswerFault("reset", times=1),))
    client = stripe.StripeClient("sk_test_x1y", http_client=sandbox.http_client(), max_network_retries=0)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.list()
    assert client.v1.customers.list().data == []


@pytest.mark.parametrize(
    "fault", [{"kind": "earthquake"}, {"kind": "error", "share": 2}, {"kind": "error", "sort": 1}]
)
def test_faults_that_make_no_sense(tool: Tool, fault: dict[str, Any]) -> None:
    """A fault that the sandbox does not know is refused, not ignored."""
    assert "does not fit" in tool("faults", expect=400, answers=[fault])["error"]["message"]


def test_what_is_not_emulated_is_in_the_log(
    client: stripe.StripeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An unknown route or parameter gets Stripe's error, and a line that says what is missing here."""
    for path, params in (("/v1/terminal/readers", {}), ("/v1/customers", {"colour": "red"})):
        with pytest.raises(stripe.InvalidRequestError):
            client.raw_request("post", path, **params)
    lines = [record.getMessage() for record in caplog.records if record.name == "tiergate_sandbox.api"]
    assert lines == [
        "not emulated: POST /v1/terminal/readers",
        "not emulated: parameter colour of POST /v1/customers",
    ]
