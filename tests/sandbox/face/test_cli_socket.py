"""The websocket of ``stripe listen``, spoken by a small client of our own."""

import json
from typing import Any

import pytest
import stripe
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.sandbox.face.conftest import Tool
from tests.sandbox.face.receiver import Receiver


def open_session(client: stripe.StripeClient, *features: str) -> Any:
    """Ask for a session as the CLI does."""
    response = client.raw_request(
        "post",
        "/v1/stripecli/sessions",
        device_name="test",
        websocket_features=list(features or ("webhooks",)),
        forward_to_url="http://127.0.0.1:9/webhook",
    )
    return response.data


def dial(session: Any, websocket_id: str | None = None) -> ClientConnection:
    """Connect to the session's websocket."""
    return connect(
        f"{session['websocket_url']}?websocket_feature={session['websocket_authorized_feature']}",
        additional_headers={"Websocket-Id": websocket_id or session["websocket_id"]},
        subprotocols=[Subprotocol("stripecli-devproxy-v1")],
        proxy=None,
    )


def take(socket: ClientConnection, *, acknowledge: bool = True) -> Any:
    """Receive one event, and acknowledge it."""
    message = json.loads(socket.recv(timeout=10))
    if acknowledge:
        names = ("webhook_conversation_id", "webhook_id")
        event_id = json.loads(message["event_payload"])["id"]
        socket.send(json.dumps({"type": "event_ack", "event_id": event_id} | {n: message[n] for n in names}))
    return message


def type_of(message: Any) -> str:
    """The type of the event in a message."""
    return str(json.loads(message["event_payload"])["type"])


def test_session(client: stripe.StripeClient) -> None:
    """A session tells where to dial, how to verify, and to stay on the line for a long time."""
    session = open_session(client)
    assert session["secret"].startswith("whsec_")
    assert session["websocket_url"].startswith("ws://127.0.0.1:")
    assert session["reconnect_delay"] >= 3600
    assert session["default_version"] == session["latest_version"]


def test_signed_event(client: stripe.StripeClient) -> None:
    """An event comes down signed with the session's secret, in the form that the CLI understands."""
    session = open_session(client)
    with dial(session) as socket:
        assert socket.subprotocol == "stripecli-devproxy-v1"
        customer = client.v1.customers.create({})
        message = take(socket)
    assert message["type"] == "webhook_event"
    assert message["endpoint"] == {"api_version": None}
    headers = message["http_headers"]
    event = stripe.Webhook.construct_event(
        message["event_payload"], headers["Stripe-Signature"], session["secret"]
    )
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    assert headers["User-Agent"].startswith("Stripe/1.0")


def test_unacknowledged_events_come_again(client: stripe.StripeClient) -> None:
    """After a reconnect with the same id the events that were not acknowledged come again, and only those."""
    session = open_session(client)
    with dial(session) as socket:
        client.v1.customers.create({"name": "first"})
        take(socket)
        client.v1.customers.create({"name": "second"})
        lost = take(socket, acknowledge=False)
    client.v1.customers.create({"name": "third"})
    with dial(session) as socket:
        again, third = take(socket), take(socket)
    assert again["webhook_id"] == lost["webhook_id"]
    names = [json.loads(message["event_payload"])["data"]["object"]["name"] for message in (again, third)]
    assert names == ["second", "third"]


def test_unknown_id(client: stripe.StripeClient) -> None:
    """An unknown id is answered with the message that makes the CLI ask for a new session."""
    with pytest.raises(InvalidStatus) as caught:
        dial(open_session(client), websocket_id="cliws_unknown")
    assert b"Unknown WebSocket ID." in caught.value.response.body


def test_ping(client: stripe.StripeClient) -> None:
    """Pings are answered."""
    with dial(open_session(client)) as socket:
        assert socket.ping().wait(timeout=5)


def test_several_listeners_and_an_endpoint(
    client: stripe.StripeClient, receiver: Receiver, tool: Tool
) -> None:
    """Every listener and every endpoint gets every event."""
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    with dial(open_session(client)) as first, dial(open_session(client)) as second:
        client.v1.customers.create({})
        assert [type_of(take(first)), type_of(take(second))] == ["customer.created"] * 2
        tool("quiesce")
        assert len(receiver.received) == 1


def test_quiesce_waits_for_listeners(client: stripe.StripeClient, tool: Tool) -> None:
    """While a connected listener has not acknowledged an event, it is under way."""
    with dial(open_session(client)) as socket:
        client.v1.customers.create({})
        assert "still under way" in tool("quiesce", timeout_seconds=0.1, expect=504)["error"]["message"]
        take(socket)
        assert tool("quiesce")["quiet"]


def test_request_logs_only(client: stripe.StripeClient) -> None:
    """A session that only asks for request logs is refused, with what is there instead."""
    with pytest.raises(stripe.InvalidRequestError, match="snapshot events only"):
        open_session(client, "request_logs")


def test_nonsense_is_ignored(client: stripe.StripeClient) -> None:
    """A message that is not understood does not end the connection."""
    with dial(open_session(client)) as socket:
        socket.send("{nonsense")
        client.v1.customers.create({})
        assert type_of(take(socket)) == "customer.created"
