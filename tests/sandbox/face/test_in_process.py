"""The sandbox in process: the SDK without a socket, and a real time that tests set."""

import asyncio

import pytest
import stripe

from tiergate_sandbox.testing import Sandbox

NOW = 1_900_000_000


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox at a fixed instant."""
    return Sandbox(now=lambda: NOW)


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    """The SDK over the sandbox's own HTTP client."""
    return stripe.StripeClient("sk_test_in_process", http_client=sandbox.http_client())


def test_calls(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """Calls, errors and idempotency work as over a socket, and objects are made at the set instant."""
    customer = client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"})
    assert customer.created == NOW
    assert client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"}).id == customer.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve("cus_nobody")
    assert [entry["id"] for entry in sandbox.world.objects("customer")] == [customer.id]


def test_async_calls(client: stripe.StripeClient) -> None:
    """The asynchronous half of the SDK works too."""

    async def create() -> str:
        return (await client.v1.customers.create_async({})).id

    assert asyncio.run(create()).startswith("cus_")


def test_webhooks_are_taken(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """Events come out once each, in order, signed with the sandbox's secret at the set instant."""
    client.v1.customers.create({})
    client.v1.products.create({"name": "Team"})
    taken = sandbox.take_webhooks()
    assert [webhook.type for webhook in taken] == ["customer.created", "product.created"]
    event = stripe.Webhook.construct_event(
        taken[0].body, taken[0].headers["Stripe-Signature"], sandbox.webhook_secret
    )
    assert event.type == "customer.created"
    assert taken[0].headers["Stripe-Signature"].startswith(f"t={NOW},")
    assert sandbox.take_webhooks() == []


def test_resend(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """An event whose retry is asked for comes out once more."""
    client.v1.customers.create({})
    (first,) = sandbox.take_webhooks()
    client.raw_request("post", f"/v1/events/{first.event_id}/retry")
    assert [webhook.event_id for webhook in sandbox.take_webhooks()] == [first.event_id]


def test_page(sandbox: Sandbox) -> None:
    """The pages answer in process too."""
    assert b"No customer yet." in sandbox.request("GET", "/", {}).body


def test_real_time_moves(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """When the set instant moves on, what became due happens."""
    price = client.v1.prices.create(
        {
            "unit_amount": 900,
            "currency": "usd",
            "recurring": {"interval": "month"},
            "product_data": {"name": "Team"},
        }
    )
    customer = client.v1.customers.create({})
    made = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "trial_period_days": 3,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
    )
    assert made.status == "trialing"
    sandbox.take_webhooks()
    sandbox.now = lambda: NOW + 3 * 86_400
    sandbox.catch_up()
    assert "customer.subscription.deleted" in [webhook.type for webhook in sandbox.take_webhooks()]
    assert client.v1.subscriptions.retrieve(made.id).status == "canceled"


def test_advance_is_played_after_its_answer(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """An advance is answered as advancing, and what it makes due has happened before any other request."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": NOW})
    answer = client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": NOW + 60})
    assert answer.status == "advancing"
    assert "test_helpers.test_clock.ready" in [webhook.type for webhook in sandbox.take_webhooks()]


def test_same_seed_same_ids() -> None:
    """Two sandboxes of the same seed give the same ids; another seed gives others."""
    ids = [
        stripe.StripeClient("sk_test_in_process", http_client=Sandbox(seed=seed).http_client())
        .v1.customers.create({})
        .id
        for seed in (1, 1, 2)
    ]
    assert ids[0] == ids[1] != ids[2]


def test_time_never_goes_back(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    """When the clock of the machine is put back, the sandbox's time stands still."""
    client.v1.customers.create({})
    sandbox.now = lambda: NOW - 3600
    assert client.v1.customers.create({}).created == NOW
