"""The requests of ``stripe trigger``, one fixture after the other, as the Stripe CLI 1.52 sends them."""

from typing import Any

from tests.sandbox.world.script import Script

D = {"description": "(created by Stripe CLI)"}


def product(script: Script) -> str:
    """Create the fixtures' product."""
    created: str = script.post("/v1/products", name="myproduct", **D)["id"]
    return created


def monthly(script: Script) -> str:
    """Create the fixtures' recurring price."""
    price: str = script.post(
        "/v1/prices",
        product=product(script),
        unit_amount=1500,
        currency="usd",
        recurring={"interval": "month"},
    )["id"]
    return price


def subscription(script: Script) -> dict[str, Any]:
    """Create a subscription as most fixtures do; the card is named twice and is one card."""
    customer = script.post(
        "/v1/customers",
        payment_method="pm_card_visa",
        invoice_settings={"default_payment_method": "pm_card_visa"},
        **D,
    )
    assert customer["invoice_settings"]["default_payment_method"].startswith("pm_1")
    assert len(script.get(f"/v1/customers/{customer['id']}/payment_methods")["data"]) == 1
    return script.post("/v1/subscriptions", customer=customer["id"], items=[{"price": monthly(script)}])


def types(script: Script) -> set[str]:
    """Return the types of the events so far."""
    return {payload["type"] for payload in script.payloads}


def test_checkout_session_completed(script: Script) -> None:
    """A one-time payment on the checkout page, with a shipping address."""
    price = script.post("/v1/prices", product=product(script), unit_amount=1500, currency="usd")["id"]
    address = {
        "line1": "510 Townsend St",
        "city": "San Francisco",
        "state": "CA",
        "postal_code": "94103",
        "country": "US",
    }
    session = script.post(
        "/v1/checkout/sessions",
        mode="payment",
        success_url="https://httpbin.org/post",
        cancel_url="https://httpbin.org/post",
        line_items=[{"price": price, "quantity": 2}],
        payment_intent_data={"shipping": {"name": "Jenny Rosen", "address": address}},
    )
    script.get(f"/v1/payment_pages/{session['id']}")
    details = {"email": "stripe@example.com", "name": "Jenny Rosen", "address": address}
    method = script.post(
        "/v1/payment_methods", type="card", card={"token": "tok_visa"}, billing_details=details
    )
    script.post(
        f"/v1/payment_pages/{session['id']}/confirm", payment_method=method["id"], expected_amount=3000
    )
    assert "checkout.session.completed" in types(script)


def test_customer_subscription_created_updated_and_deleted(script: Script) -> None:
    """The three triggers about a paid subscription."""
    sub = subscription(script)
    script.post(f"/v1/subscriptions/{sub['id']}", metadata={"foo": "bar"})
    script.delete(f"/v1/subscriptions/{sub['id']}")
    wanted = {f"customer.subscription.{word}" for word in ("created", "updated", "deleted")}
    assert wanted <= types(script)


def test_invoice_paid(script: Script) -> None:
    """An invoice made and paid by hand."""
    customer = script.post("/v1/customers", **D)["id"]
    method = script.post("/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
    script.post("/v1/invoiceitems", amount=2000, currency="usd", customer=customer, **D)
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include", **D)
    paid = script.post(f"/v1/invoices/{invoice['id']}/pay", payment_method=method)
    assert (paid["status"], paid["amount_paid"]) == ("paid", 2000)
    assert {"invoice.paid", "invoice.payment_succeeded"} <= types(script)


def test_invoice_payment_failed(script: Script) -> None:
    """The same with a card that is refused: 402 for the CLI, and the event all the same."""
    customer = script.post("/v1/customers", **D)["id"]
    method = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post("/v1/invoiceitems", amount=2000, currency="usd", customer=customer, **D)
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include", **D)
    error = script.refused(402, "POST", f"/v1/invoices/{invoice['id']}/pay", payment_method=method)
    assert error["type"] == "card_error"
    assert {"invoice.payment_failed", "charge.failed", "payment_intent.payment_failed"} <= types(script)


def test_customer_subscription_trial_will_end(script: Script) -> None:
    """A trial of one day for a customer without a card."""
    customer = script.post("/v1/customers", **D)["id"]
    items = [{"price": monthly(script)}]
    script.post("/v1/subscriptions", customer=customer, items=items, trial_period_days=1)
    assert "customer.subscription.trial_will_end" in types(script)


def test_customer_subscription_paused(script: Script) -> None:
    """A trial without a card that is ended by hand."""
    customer = script.post("/v1/customers", **D)["id"]
    sub = script.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": monthly(script)}],
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now")
    assert "customer.subscription.paused" in types(script)
