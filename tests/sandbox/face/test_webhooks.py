"""Webhooks from a served sandbox to a real receiver, checked by the SDK."""

import json
from typing import Any

import pytest
import stripe

from tests.sandbox.face.conftest import Tool, call_tool, sdk
from tests.sandbox.face.receiver import Receiver
from tiergate_sandbox.testing import ServedSandbox, run_sandbox


def endpoint(client: stripe.StripeClient, receiver: Receiver, *types: str) -> stripe.WebhookEndpoint:
    """Register the receiver for some types."""
    params: Any = {"url": receiver.url, "enabled_events": types, "api_version": "2026-10-28.endive"}
    return client.v1.webhook_endpoints.create(params)


def types_of(receiver: Receiver) -> list[str]:
    """The types of the events that arrived, in order."""
    return [json.loads(webhook.body)["type"] for webhook in receiver.received]


def test_signed_delivery(client: stripe.StripeClient, receiver: Receiver) -> None:
    """A webhook passes the SDK's verification with the endpoint's secret and tells the whole event."""
    secret = endpoint(client, receiver, "customer.created").secret
    assert secret is not None
    customer = client.v1.customers.create({"email": "ada@example.com"})
    (webhook,) = receiver.wait_for(1)
    event = webhook.verified(secret)
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    assert webhook.user_agent == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    with pytest.raises(stripe.SignatureVerificationError):
        webhook.verified("whsec_other")


def test_only_enabled_types(client: stripe.StripeClient, receiver: Receiver, tool: Tool) -> None:
    """An endpoint is not told what it has not enabled."""
    endpoint(client, receiver, "customer.deleted")
    customer = client.v1.customers.create({})
    client.v1.customers.delete(customer.id)
    tool("quiesce")
    assert types_of(receiver) == ["customer.deleted"]


def test_payload_in_the_version_of_the_endpoint(
    client: stripe.StripeClient, receiver: Receiver, tool: Tool
) -> None:
    """The payload has the shapes of the version that the endpoint was made with."""
    client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.created"], "api_version": "2024-06-20"}
    )
    client.v1.customers.create({})
    (webhook,) = receiver.wait_for(1)
    assert json.loads(webhook.body)["api_version"] == "2024-06-20"


@pytest.mark.parametrize("status", [500, 302, 404])
def test_retries(client: stripe.StripeClient, receiver: Receiver, tool: Tool, status: int) -> None:
    """A receiver that fails or redirects gets the event again, signed anew, until it takes it."""
    secret = endpoint(client, receiver, "customer.created").secret
    assert secret is not None
    receiver.statuses = [status, status]
    client.v1.customers.create({})
    webhooks = receiver.wait_for(3)
    assert len({webhook.verified(secret).id for webhook in webhooks}) == 1
    tool("quiesce")
    (delivery,) = deliveries(tool)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status, status, 200]
    assert delivery["status"] == "delivered"


def deliveries(tool: Tool) -> list[dict[str, Any]]:
    """The deliveries that the sandbox knows of."""
    return list(tool("deliveries", method="GET")["data"])


def test_receiver_that_is_down(client: stripe.StripeClient, tool: Tool) -> None:
    """A connection that is refused is a failed attempt with a reason, not a crash."""
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
    client.v1.customers.create({})
    tool("quiesce")
    statuses = {str(delivery["status"]) for delivery in deliveries(tool)}
    assert statuses <= {"retrying", "failed"}
    assert client.v1.customers.create({}).id


def test_rolled_secret(client: stripe.StripeClient, receiver: Receiver, tool: Tool) -> None:
    """After a roll deliveries verify with the new secret and still with the old one."""
    made = endpoint(client, receiver, "customer.created")
    assert made.secret is not None
    new = tool(f"webhook_endpoints/{made.id}/roll_secret")["secret"]
    client.v1.customers.create({})
    (webhook,) = receiver.wait_for(1)
    assert webhook.signature.count("v1=") == 2
    assert webhook.verified(new).id == webhook.verified(made.secret).id


def test_time_passes_by_itself(receiver: Receiver) -> None:
    """What becomes due in real time is played and delivered without any request."""
    present = [1_900_000_000]
    with run_sandbox(now=lambda: present[0]) as sandbox:
        client = sdk(sandbox.base_url)
        endpoint(client, receiver, "checkout.session.expired")
        made: Any = {"mode": "setup", "currency": "usd", "success_url": "http://localhost:8000/done"}
        client.v1.checkout.sessions.create(made)
        present[0] += 86_400
        (webhook,) = receiver.wait_for(1)
    assert json.loads(webhook.body)["created"] == 1_900_000_000 + 86_400
    assert webhook.signature.startswith(f"t={present[0]},")


def test_hold_and_release(client: stripe.StripeClient, receiver: Receiver, tool: Tool) -> None:
    """Held events arrive in whatever order they are released."""
    endpoint(client, receiver, "customer.created", "customer.updated", "customer.deleted")
    tool("deliveries/hold")
    customer = client.v1.customers.create({})
    client.v1.customers.update(customer.id, {"name": "Ada"})
    client.v1.customers.delete(customer.id)
    held = tool("quiesce")["held"]
    assert (held, receiver.received) == (3, [])
    ids = [str(delivery["event_id"]) for delivery in deliveries(tool)]
    tool("deliveries/release", ids=[ids[2], ids[0]])
    tool("quiesce")
    assert types_of(receiver) == ["customer.deleted", "customer.created"]
    tool("deliveries/release")
    tool("quiesce")
    assert types_of(receiver)[2:] == ["customer.updated"]


def test_faults_by_http(client: stripe.StripeClient, receiver: Receiver, tool: Tool) -> None:
    """Faults are switched on and off over HTTP; a share outside 0 to 1 is refused."""
    endpoint(client, receiver, "customer.created")
    tool("faults", duplicate=1)
    client.v1.customers.create({})
    tool("quiesce")
    assert len(receiver.received) == 2
    tool("faults", drop=1)
    client.v1.customers.create({})
    tool("quiesce")
    assert len(receiver.received) == 2
    assert tool("faults", drop=2, expect=400)["error"]["message"].startswith("The body does not fit")
    tool("faults")
    client.v1.customers.create({})
    receiver.wait_for(3)


def test_resend(client: stripe.StripeClient, receiver: Receiver, served: ServedSandbox, tool: Tool) -> None:
    """An event is sent again when its retry is asked for."""
    endpoint(client, receiver, "customer.created")
    client.v1.customers.create({})
    (first,) = receiver.wait_for(1)
    event_id = json.loads(first.body)["id"]
    client.raw_request("post", f"/v1/events/{event_id}/retry", for_stripecli="true")
    client.raw_request("post", f"/v1/events/{event_id}/retry", webhook_endpoint="we_other")
    tool("quiesce")
    assert len(receiver.received) == 1
    client.raw_request("post", f"/v1/events/{event_id}/retry")
    second = receiver.wait_for(2)[1]
    assert json.loads(second.body)["id"] == event_id


def test_reset_and_snapshot(client: stripe.StripeClient, served: ServedSandbox, tool: Tool) -> None:
    """A snapshot brings back exactly what there was; a reset leaves nothing, idempotency keys included."""
    kept = client.v1.customers.create({}, {"idempotency_key": "key-1"}).id
    snapshot = tool("snapshot", method="GET")
    client.v1.customers.create({})
    call_tool(served.base_url, "snapshot", snapshot)
    assert [customer.id for customer in client.v1.customers.list().data] == [kept]
    assert client.v1.customers.create({}, {"idempotency_key": "key-1"}).id == kept
    tool("reset")
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(kept)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
def test_tools_refuse_strangers(served: ServedSandbox, tool: Tool, headers: dict[str, str]) -> None:
    """Requests that a foreign web page could cause are refused."""
    assert "answers only" in tool("reset", headers=headers, expect=403)
