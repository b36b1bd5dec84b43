"""The overview page and its buttons."""

import json

import pytest
import stripe

from tests.sandbox.face.conftest import Tool
from tests.sandbox.face.receiver import Receiver
from tests.sandbox.face.test_checkout_page import browse
from tiergate_sandbox.pages.overview import after
from tiergate_sandbox.testing import ServedSandbox


def test_empty(served: ServedSandbox) -> None:
    """An empty sandbox has a page too."""
    page = browse(f"{served.base_url}/")
    assert page.status == 200
    assert "No customer yet." in page.words


def test_what_there_is(
    client: stripe.StripeClient, served: ServedSandbox, receiver: Receiver, tool: Tool
) -> None:
    """Customers, subscriptions, clocks and the latest events with their deliveries are shown."""
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000, "name": "Spring"})
    customer = client.v1.customers.create({"email": "<b>@example.com", "test_clock": clock.id})
    price = client.v1.prices.create(
        {
            "unit_amount": 4900,
            "currency": "usd",
            "recurring": {"interval": "month"},
            "product_data": {"name": "Team"},
        }
    )
    client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "trial_period_days": 14}
    )
    tool("quiesce")
    page = browse(f"{served.base_url}/")
    assert "<b>" not in page.text
    for words in (
        "Team trialing Trial ends March 31, 2030",
        "Mar 17, 2030, 17:46 UTC Spring",
        "Mar 17, 2030, 17:46 UTC delivered http://127.0.0.1",
        "customer.subscription.created evt_",
        "<b>@example.com",
    ):
        assert words in page.words


def test_advance(client: stripe.StripeClient, served: ServedSandbox) -> None:
    """A button moves a clock on, and what becomes due happens."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000})
    answer = browse(f"{served.base_url}/clocks/{clock.id}/advance", {"by": "14d"})
    assert (answer.status, answer.location) == (303, "/#clocks")
    moved = client.v1.test_helpers.test_clocks.retrieve(clock.id)
    assert (moved.status, moved.frozen_time) == ("ready", 1_900_000_000 + 14 * 86_400)
    unknown = browse(f"{served.base_url}/clocks/clock_nobody/advance", {"by": "1d"})
    assert (unknown.status, "did not move" in unknown.words) == (400, True)


@pytest.mark.parametrize(
    ("at", "step", "then"),
    [
        ("2026-01-31T10:00Z", "1mo", "2026-02-28T10:00Z"),
        ("2026-12-15T10:00Z", "1mo", "2027-01-15T10:00Z"),
        ("2026-12-31T10:00Z", "1d", "2027-01-01T10:00Z"),
        ("2026-02-27T10:00Z", "3d", "2026-03-02T10:00Z"),
    ],
)
def test_steps(at: str, step: str, then: str) -> None:
    """A month ends no later than its last day; days are days."""
    assert after(seconds(at), step) == seconds(then)


def seconds(text: str) -> int:
    """The unix second of an ISO instant."""
    from datetime import datetime

    return int(datetime.fromisoformat(text).timestamp())


def test_stranger(served: ServedSandbox) -> None:
    """A foreign page can neither read the overview nor press its buttons."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    for method, path, headers in (
        ("GET", "/", {"Host": "evil.example"}),
        ("POST", "/clocks/clock_1/advance", {"Origin": "http://evil.example"}),
    ):
        connection = HTTPConnection(urlsplit(served.base_url).netloc, timeout=10)
        connection.request(method, path, headers=headers)
        assert connection.getresponse().status == 403
        connection.close()


def test_deliveries_by_event(client: stripe.StripeClient, receiver: Receiver, tool: Tool) -> None:
    """The list of deliveries can be narrowed to one event."""
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.customers.create({})
    client.v1.customers.create({})
    first = json.loads(receiver.wait_for(2)[0].body)["id"]
    found = tool(f"deliveries?event={first}", method="GET")["data"]
    assert [delivery["event_id"] for delivery in found] == [first]


def test_resend(client: stripe.StripeClient, served: ServedSandbox, receiver: Receiver, tool: Tool) -> None:
    """A button sends an event again; an unknown event is told."""
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    client.v1.customers.create({})
    event = json.loads(receiver.wait_for(1)[0].body)["id"]
    answer = browse(f"{served.base_url}/events/{event}/resend", {})
    assert (answer.status, answer.location) == (303, "/#events")
    assert [json.loads(got.body)["id"] for got in receiver.wait_for(2)] == [event, event]
    assert browse(f"{served.base_url}/events/evt_nobody/resend", {}).status == 404


def test_settings_and_faults(served: ServedSandbox, tool: Tool) -> None:
    """What is switched on is seen at a glance."""
    assert "After the last try cancel" in browse(f"{served.base_url}/").words
    assert "Faults none" in browse(f"{served.base_url}/").words
    tool("faults", drop=0.5)
    assert "Fault drop 0.5" in browse(f"{served.base_url}/").words


def test_newest_first(client: stripe.StripeClient, served: ServedSandbox) -> None:
    """The newest customers are shown, and deleted ones are not."""
    made = [client.v1.customers.create({"email": f"c{number}@example.com"}) for number in range(23)]
    client.v1.customers.delete(made[-1].id)
    words = browse(f"{served.base_url}/").words
    assert words.index("c21@example.com") < words.index("c20@example.com")
    assert "c22@example.com" not in words
    assert "c1@example.com" not in words
