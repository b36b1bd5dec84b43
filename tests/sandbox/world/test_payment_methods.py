"""Customers' cards: making, attaching, using and losing them."""

import pytest

from tests.sandbox.world.script import Script


def card(number: str, **params: object) -> dict[str, object]:
    """Return the hash of a card as a form sends it."""
    return {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123", **params}


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [("4242 4242 4242 4242", "visa", "4242"), ("5555555555554444", "mastercard", "4444")],
)
def test_a_card_by_number(script: Script, number: str, brand: str, last4: str) -> None:
    """A test card's number makes a payment method that shows brand and last four digits, and no number."""
    method = script.post("/v1/payment_methods", type="card", card=card(number, exp_year=30))
    assert (method["card"]["brand"], method["card"]["last4"]) == (brand, last4)
    assert (method["card"]["exp_month"], method["card"]["exp_year"]) == (12, 2030)
    assert method["customer"] is None
    assert number.replace(" ", "") not in str(method)
    script.happened()


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        (card("4242424242424241"), "incorrect_number", "number"),
        (card("4012888888881881"), "card_declined", ""),
        (card("4242424242424242", exp_month=13), "invalid_expiry_month", "exp_month"),
        (card("4242424242424242", exp_year=2025), "invalid_expiry_year", "exp_year"),
    ],
)
def test_a_card_that_does_not_exist(script: Script, sent: dict[str, object], code: str, param: str) -> None:
    """Mistyped, expired and real cards are refused with 402 when the payment method is made."""
    error = script.refused(402, "POST", "/v1/payment_methods", type="card", card=sent)
    assert (error["code"], error["param"]) == (code, param)


def test_attaching_does_not_make_it_the_default(script: Script) -> None:
    """An attached card is listed, and charged by nobody until it is made a default."""
    customer = script.customer()
    method = script.post("/v1/payment_methods/pm_card_visa/attach", customer=customer)
    assert script.happened("payment_method.attached").object_of("payment_method.attached") == method
    assert script.get(f"/v1/customers/{customer}")["invoice_settings"]["default_payment_method"] is None
    listed = script.get("/v1/payment_methods", customer=customer, type="card")["data"]
    assert [one["id"] for one in listed] == [method["id"]]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method["id"]})
    changed = script.happened("customer.updated").before("customer.updated")
    assert changed == {"invoice_settings": {"default_payment_method": None}}


def test_each_use_of_a_name_makes_a_new_card(script: Script) -> None:
    """pm_card_visa is not a payment method but a way to make one."""
    customer = script.customer()
    first = script.post("/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
    assert script.post("/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"] != first


@pytest.mark.parametrize(
    ("name", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_a_declined_card_cannot_be_attached(
    script: Script, name: str, code: str, decline_code: str | None
) -> None:
    """The check at attaching refuses it with 402; nothing is left behind."""
    customer = script.customer()
    error = script.refused(402, "POST", f"/v1/payment_methods/{name}/attach", customer=customer)
    assert (error["type"], error["code"], error.get("decline_code")) == ("card_error", code, decline_code)
    assert (error["param"], error["network_decline_code"]) == ("", "01")
    assert script.get(f"/v1/customers/{customer}/payment_methods")["data"] == []
    script.happened()


def test_an_unknown_card_cannot_be_attached(script: Script) -> None:
    """Attaching an unknown payment method is a 404 that names payment_method."""
    error = script.refused(404, "POST", "/v1/payment_methods/pm_nope/attach", customer=script.customer())
    assert (error["code"], error["param"]) == ("resource_missing", "payment_method")


def test_a_stranger_s_card_is_no_default(script: Script) -> None:
    """Only an attached card can be made a default, and a card has one customer."""
    method = script.post("/v1/payment_methods/pm_card_visa/attach", customer=script.customer())["id"]
    other = script.customer()
    settings = {"default_payment_method": method}
    script.refused(400, "POST", f"/v1/customers/{other}", invoice_settings=settings)
    script.refused(400, "POST", f"/v1/payment_methods/{method}/attach", customer=other)


def test_a_detached_card_pays_no_more(script: Script) -> None:
    """Detaching tells whose it was, and takes it out of the defaults."""
    customer = script.customer("pm_card_visa")
    method = script.get(f"/v1/customers/{customer}")["invoice_settings"]["default_payment_method"]
    sub = script.subscribe(customer, script.price(2500), default_payment_method=method)
    script.forget()
    script.post(f"/v1/payment_methods/{method}/detach")
    gone = script.happened("payment_method.detached", "customer.updated", "customer.subscription.updated")
    assert gone.before("payment_method.detached") == {"customer": customer}
    assert script.subscription(sub)["default_payment_method"] is None
    script.refused(400, "POST", f"/v1/payment_methods/{method}/detach")


def test_billing_details_can_change(script: Script) -> None:
    """An attached card takes another name and expiry; that is an updated event."""
    customer = script.customer("pm_card_visa")
    method = script.get(f"/v1/customers/{customer}/payment_methods")["data"][0]["id"]
    script.post(f"/v1/payment_methods/{method}", billing_details={"name": "Jenny"}, card={"exp_year": 2031})
    changed = script.happened("payment_method.updated").before("payment_method.updated")
    assert changed == {"billing_details": {"name": None}, "card": {"exp_year": 2027}}


def test_a_charge_shows_the_card(script: Script) -> None:
    """A payment intent that is confirmed makes a charge with the card's details."""
    intent = script.post(
        "/v1/payment_intents", amount=1500, currency="usd", payment_method="pm_card_visa", confirm=True
    )
    assert intent["status"] == "succeeded"
    script.happened("payment_intent.created", "charge.succeeded", "payment_intent.succeeded")
    charge = script.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["paid"], charge["payment_method_details"]["card"]["last4"]) == (True, "4242")
    listed = script.get("/v1/charges", payment_intent=intent["id"])["data"]
    assert [one["id"] for one in listed] == [charge["id"]]


def test_a_refused_payment_intent(script: Script) -> None:
    """402 carries the payment intent, which keeps the failed charge and why it failed."""
    error = script.refused(
        402,
        "POST",
        "/v1/payment_intents",
        amount=1500,
        currency="usd",
        payment_method="pm_card_chargeDeclinedInsufficientFunds",
        confirm=True,
    )
    script.happened("payment_intent.created", "charge.failed", "payment_intent.payment_failed")
    intent = script.get(f"/v1/payment_intents/{error['payment_intent']['id']}")
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["decline_code"] == "insufficient_funds"
    assert intent["latest_charge"] == error["charge"]
