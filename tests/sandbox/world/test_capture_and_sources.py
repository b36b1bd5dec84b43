"""Payments that are held and captured later, and cards of the older kind."""

from tests.sandbox.world.script import Script


def held(script: Script, amount: int = 2000) -> str:
    """Return a payment intent whose amount is held on a card."""
    intent: str = script.post(
        "/v1/payment_intents",
        amount=amount,
        currency="usd",
        capture_method="manual",
        confirm=True,
        payment_method="pm_card_visa",
    )["id"]
    return intent


def test_capturing_a_part(script: Script) -> None:
    """What is held is received when it is captured; what is not captured is given back."""
    script.forget()
    intent = held(script)
    told = script.happened(
        "payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"
    )
    assert told.object_of("charge.succeeded")["captured"] is False
    path = f"/v1/payment_intents/{intent}/capture"
    assert script.refused(400, "POST", path, amount_to_capture=2001)["code"] == "amount_too_large"
    taken = script.post(path, amount_to_capture=1500)
    assert (taken["status"], taken["amount_received"], taken["amount_capturable"]) == ("succeeded", 1500, 0)
    charge = script.happened("charge.captured", "payment_intent.succeeded").object_of("charge.captured")
    assert (charge["amount_captured"], charge["amount_refunded"]) == (1500, 500)
    assert script.refused(400, "POST", path)["code"] == "payment_intent_unexpected_state"


def test_a_source_pays(script: Script) -> None:
    """A customer made with a source has a default card, which pays for subscriptions."""
    customer = script.post("/v1/customers", source="tok_visa", test_clock=script.clock)
    assert customer["default_source"].startswith("card_")
    sub = script.subscribe(customer["id"], script.price(2500))
    assert sub["status"] == "active"
    read = script.get(f"/v1/customers/{customer['id']}", expand=["default_source"])
    assert (read["default_source"]["object"], read["default_source"]["last4"]) == ("card", "4242")


def test_the_life_of_a_source(script: Script) -> None:
    """Cards are added, changed and removed, each told; the next one becomes the default."""
    customer = script.customer()
    path = f"/v1/customers/{customer}/sources"
    first = script.post(path, source="tok_visa")["id"]
    script.happened("customer.source.created", "customer.updated")
    second = script.post(path, source="tok_mastercard")["id"]
    script.happened("customer.source.created")
    script.post(f"{path}/{first}", metadata={"a": "b"}, exp_year=2040)
    told = script.happened("customer.source.updated", "payment_method.updated")
    assert set(told.before("customer.source.updated")) == {"exp_year", "metadata"}
    assert [one["id"] for one in script.get(path)["data"]] == [second, first]
    assert script.delete(f"{path}/{first}")["deleted"] is True
    script.happened("customer.source.deleted", "customer.updated")
    assert script.get(f"/v1/customers/{customer}")["default_source"] == second
    assert script.refused(400, "POST", path, source="tok_none")["param"] == "source"
    assert script.refused(402, "POST", path, source="tok_chargeDeclined")["code"] == "card_declined"
