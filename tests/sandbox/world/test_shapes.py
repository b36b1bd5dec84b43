"""Objects have the keys that Stripe's own SDK declares for them, and no others."""

from typing import Any

import pytest
import stripe
from stripe import checkout, test_helpers

from tests.sandbox.world.script import NOW, Script
from tiergate_sandbox.world import World

ONLY_SOMETIMES = {
    "charge": {"refunds", "transfer"},
    "checkout.session": {"line_items"},
    "customer": {"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"},
    "invoice": {"confirmation_secret", "payments"},
    "invoiceitem": {"frozen_fields"},
    "price": {"currency_options", "tiers"},
    "setup_intent": {"attach_to_self"},
    "webhook_endpoint": {"secret"},
}
"""Keys that are there only when expanded, when just created, or with features the sandbox does not have."""

UNDECLARED = {"subscription": {"plan", "quantity"}}
"""Keys that recorded answers have although the SDK no longer declares them."""

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "charge": stripe.Charge,
    "checkout.session": checkout.Session,
    "customer": stripe.Customer,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "price": stripe.Price,
    "product": stripe.Product,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "test_helpers.test_clock": test_helpers.TestClock,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


def everything(script: Script) -> dict[str, dict[str, Any]]:
    """Return one object of each kind, as the API answers with it."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    sub = script.subscribe(customer, price)
    invoice = script.invoice(sub)
    line_items = [{"price": price, "quantity": 1}]
    session = script.post(
        "/v1/checkout/sessions", mode="subscription", success_url="https://x.example", line_items=line_items
    )
    found = [
        session,
        sub,
        invoice,
        invoice["lines"]["data"][0],
        sub["items"]["data"][0],
        script.get(f"/v1/customers/{customer}"),
        script.get(f"/v1/prices/{price}"),
        script.get(f"/v1/products/{script.product}"),
        script.get(f"/v1/test_helpers/test_clocks/{script.clock}"),
        script.get("/v1/charges")["data"][0],
        script.get("/v1/payment_intents")["data"][0],
        script.get("/v1/invoice_payments")["data"][0],
        script.get("/v1/events")["data"][0],
        script.post("/v1/invoiceitems", customer=customer, amount=1, currency="usd"),
        script.post("/v1/setup_intents"),
    ]
    endpoint = script.post("/v1/webhook_endpoints", url="https://x.example", enabled_events=["*"])["id"]
    found.append(script.get(f"/v1/webhook_endpoints/{endpoint}"))
    return {one["object"]: one for one in found}


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_the_keys_are_the_sdk_s(script: Script, kind: str) -> None:
    """Every declared key is there, unless it is there only sometimes; no other key is."""
    declared = {name for name in CLASSES[kind].__annotations__ if not name.startswith("_")}
    declared -= (
        {"OBJECT_NAME", "deleted", "account", "context"} if kind == "event" else {"OBJECT_NAME", "deleted"}
    )
    shown = set(everything(script)[kind])
    assert shown - UNDECLARED.get(kind, set()) == declared - ONLY_SOMETIMES.get(kind, set())


def test_the_secret_of_an_endpoint_is_told_once(script: Script) -> None:
    """Creating an endpoint tells its secret; reading and listing it does not; delivery knows it."""
    created = script.post(
        "/v1/webhook_endpoints", url="https://x.example/hook", enabled_events=["invoice.paid"]
    )
    assert created["secret"].startswith("whsec_")
    assert "secret" not in script.get("/v1/webhook_endpoints")["data"][0]
    assert script.world.webhook_endpoints() == [
        {
            "id": created["id"],
            "url": "https://x.example/hook",
            "enabled_events": ["invoice.paid"],
            "api_version": None,
            "secret": created["secret"],
        }
    ]
    script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    pending = {payload["type"]: payload["pending_webhooks"] for payload in script.payloads}
    assert (pending["invoice.paid"], pending["invoice.created"]) == (1, 0)
    script.post(f"/v1/webhook_endpoints/{created['id']}", disabled=True)
    assert script.world.webhook_endpoints() == []
    script.delete(f"/v1/webhook_endpoints/{created['id']}")
    assert script.get("/v1/webhook_endpoints")["data"] == []


def test_bad_endpoints_are_refused(script: Script) -> None:
    """An endpoint needs an address with a scheme, and at least one event."""
    path = "/v1/webhook_endpoints"
    assert script.refused(400, "POST", path, url="x.example", enabled_events=["*"])["param"] == "url"
    assert (
        script.refused(400, "POST", path, url="https://x.example", enabled_events="")["param"]
        == "enabled_events"
    )


def test_the_account(script: Script) -> None:
    """The account behind the key can be read."""
    account = script.get("/v1/account")
    assert (account["object"], account["charges_enabled"]) == ("account", True)


def test_objects_walks_through_a_kind() -> None:
    """World.objects gives every object of a kind as the API shows it, the oldest first."""
    script = Script()
    first = script.customer()
    second = script.post("/v1/customers")["id"]
    shown = list(script.world.objects("customer"))
    assert [one["id"] for one in shown] == [first, second]
    assert all("_" not in one for one in shown)
    assert list(World().objects("customer")) == []
    assert shown[0]["created"] == NOW
