"""Under load: an endpoint that never answers, more webhooks than can be kept, and many threads."""

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.sandbox.face.conftest import call_tool, sdk
from tiergate_sandbox import delivery as delivery_module
from tiergate_sandbox.busy import Busy
from tiergate_sandbox.delivery import KEPT_SETTLED, Courier, Outcome
from tiergate_sandbox.lane import MAX_IN_FLIGHT
from tiergate_sandbox.testing import Sandbox, run_sandbox
from tiergate_sandbox.world import Emitted, Settings

NOW = 1_900_000_000
CARD: stripe.params.CustomerCreateParams = {
    "payment_method": "pm_card_visa",
    "invoice_settings": {"default_payment_method": "pm_card_visa"},
}


@pytest.fixture
def silent_url() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/webhooks/stripe"


class Gate:
    """A receiver that answers when its gate is opened."""

    id, url = "we_gate", "http://gate"

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.got = 0

    def wants(self, event_type: str) -> bool:
        """Everything is wanted."""
        return bool(event_type)

    async def send(self, event_id: str) -> Outcome:
        """Wait for the gate."""
        await self.open.wait()
        self.got += 1
        return Outcome(200)


def events(since: int, until: int) -> list[Emitted]:
    """Events of one second."""
    return [Emitted(f"evt_{number}", "invoice.paid", NOW) for number in range(since, until)]


def test_an_endpoint_that_hangs_holds_up_no_call(silent_url: str) -> None:
    """While 10,000 webhooks wait for an endpoint that never answers, calls are answered."""
    with run_sandbox(settings=Settings(relaxed_clocks=True)) as served:
        client = sdk(served.base_url)
        client.v1.webhook_endpoints.create({"url": silent_url, "enabled_events": ["*"]})
        product = client.v1.products.create({"name": "Pro"})
        price = client.v1.prices.create(
            {"product": product.id, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
        )
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": NOW})
        for _ in range(75):
            customer = client.v1.customers.create({**CARD, "test_clock": clock.id})
            client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": NOW + 365 * 86_400})
        for number in range(50):
            made = client.v1.customers.create({"name": f"Customer {number}"})
            assert client.v1.customers.retrieve(made.id).name == f"Customer {number}"
        found = call_tool(served.base_url, "deliveries", {}, method="GET")["data"]
        assert len(found) > 10_000
        assert sum(delivery["status"] == "in_flight" for delivery in found) <= MAX_IN_FLIGHT
        assert {delivery["status"] for delivery in found} == {"waiting", "in_flight"}
        call_tool(served.base_url, "reset", {})


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many webhooks wait, further ones are dropped until there is room; those that wait arrive."""
    monkeypatch.setattr(delivery_module, "MOST_OPEN", 100)

    async def scenario() -> None:
        gate, settled, busy = Gate(), list[str](), Busy()
        courier = Courier(lambda: [gate], lambda: NOW, settled.append, busy)
        courier.start()
        courier.accept(events(0, 150))
        statuses = [delivery.status for delivery in courier.deliveries()]
        assert statuses.count("dropped") == len(settled) == 50
        gate.open.set()
        await busy.quiet()
        assert gate.got == 100
        courier.accept(events(150, 200))
        await busy.quiet()
        assert gate.got == 150

    asyncio.run(scenario())


def test_settled_deliveries_are_forgotten() -> None:
    """Of the deliveries that are over only the latest are kept."""

    async def scenario() -> None:
        gate, busy = Gate(), Busy()
        gate.open.set()
        courier = Courier(lambda: [gate], lambda: NOW, lambda _: None, busy)
        courier.start()
        courier.accept(events(0, KEPT_SETTLED + 500))
        await busy.quiet()
        kept = [delivery.event_id for delivery in courier.deliveries()]
        assert kept == [event.event_id for event in events(500, KEPT_SETTLED + 500)]

    asyncio.run(scenario())


def test_many_threads_share_a_sandbox() -> None:
    """Calls of many threads take turns: each is carried out once, and its events come out once, in order."""
    sandbox = Sandbox(now=lambda: NOW)
    client = stripe.StripeClient("sk_test_in_process", http_client=sandbox.http_client())

    def create(number: int) -> str:
        name = f"Customer {number // 2}"
        return client.v1.customers.create({"name": name}, {"idempotency_key": name}).id

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(create, range(400)))
    finally:
        sys.setswitchinterval(usual)
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == 200
    made = [str(customer["id"]) for customer in sandbox.world.objects("customer")]
    assert set(made) == set(ids)
    taken = [json.loads(webhook.body)["data"]["object"]["id"] for webhook in sandbox.take_webhooks()]
    assert taken == made
