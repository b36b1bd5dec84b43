"""Parameters that once were accepted without effect: each is refused, or does what it says."""

from typing import Any, Literal

import pytest

from tests.sandbox.world.script import Script, at

RENEWAL = at("2026-02-15T10:00:00")
BASIL = "2025-03-31.basil"


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        (
            "/v1/webhook_endpoints",
            {"url": "http://x.test", "enabled_events": ["*"], "connect": True},
            "connect",
        ),
        ("/v1/checkout/sessions", {"tax_id_collection": {"enabled": True}}, "tax_id_collection"),
        ("/v1/checkout/sessions", {"phone_number_collection": {"enabled": True}}, "phone_number_collection"),
        ("/v1/checkout/sessions", {"consent_collection": {"promotions": "auto"}}, "consent_collection"),
        ("/v1/checkout/sessions", {"custom_fields": [{"key": "a"}]}, "custom_fields"),
        ("/v1/checkout/sessions", {"payment_method_options": {"card": {}}}, "payment_method_options"),
        ("/v1/checkout/sessions", {"customer_update": {"address": "auto"}}, "customer_update"),
    ],
)
def test_refused(script: Script, path: str, params: dict[str, Any], param: str) -> None:
    """What the sandbox would ignore is refused by name."""
    if path.endswith("sessions"):
        params = {"mode": "setup", "currency": "usd", "success_url": "http://x.test", **params}
    error = script.refused(400, "POST", path, **params)
    assert error["param"] == param
    assert "payment_intent" not in error


def test_switches_that_are_off_pass(script: Script) -> None:
    """Saying that something is off is no reason to refuse."""
    made = script.post(
        "/v1/checkout/sessions",
        mode="setup",
        currency="usd",
        success_url="http://x.test",
        tax_id_collection={"enabled": False},
        phone_number_collection={"enabled": False},
    )
    assert made["tax_id_collection"]["enabled"] is False


@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/setup_intents"])
def test_only_cards(script: Script, path: str) -> None:
    """A type of payment method that is not emulated is refused, in versions that let it be said."""
    params = {"amount": "100", "currency": "usd"} if path == "/v1/payment_intents" else {}
    answer = script.call("POST", path, {**params, "payment_method_types": ["sepa_debit"]}, BASIL)
    assert (answer.status, answer.body["error"]["param"]) == (400, "payment_method_types[0]")
    assert script.call("POST", path, {**params, "payment_method_types": ["card"]}, BASIL).status == 200


def test_things_bought_with_an_update(script: Script) -> None:
    """add_invoice_items of an update keep their discounts and tax rates."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(1000))
    half = script.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    rate = script.post("/v1/tax_rates", display_name="VAT", percentage=10, inclusive=False)["id"]
    once = script.post("/v1/prices", currency="usd", product=script.product, unit_amount=400)["id"]
    bought = [{"price": once, "discounts": [{"coupon": half}], "tax_rates": [rate]}]
    script.post(f"/v1/subscriptions/{sub['id']}", add_invoice_items=bought)
    script.advance_to(RENEWAL)
    invoice = script.invoice(sub)
    assert sorted(line["amount"] for line in invoice["lines"]["data"]) == [400, 1000]
    assert invoice["total"] == 1000 + 200 + 20


def test_cursors_of_short_lists(script: Script) -> None:
    """Lists inside an object are paged like all others, and a wrong cursor is refused."""
    items = [{"price": script.price(amount)} for amount in (100, 200, 300)]
    sub = script.post("/v1/subscriptions", customer=script.customer("pm_card_visa"), items=items)
    ids = [item["id"] for item in sub["items"]["data"]]

    def page(**cursor: Any) -> tuple[list[str], bool]:
        found = script.get("/v1/subscription_items", subscription=sub["id"], **cursor)
        return [item["id"] for item in found["data"]], found["has_more"]

    assert page(limit=2) == (ids[:2], True)
    assert page(starting_after=ids[0]) == (ids[1:], False)
    assert page(ending_before=ids[2], limit=1) == (ids[1:2], True)
    wrong = script.refused(
        400, "GET", "/v1/subscription_items", subscription=sub["id"], starting_after="si_none"
    )
    assert wrong["param"] == "starting_after"


@pytest.mark.parametrize("text", ["1_000", "\uff11\uff12", " 5", "1e3", "0x10", "9" * 19, "9" * 5000, "1.0"])
def test_numbers_that_are_none(script: Script, text: str) -> None:
    """Only digits are a whole number, and not too many of them."""
    error = script.refused(400, "POST", "/v1/payment_intents", amount=text, currency="usd")
    assert (error["param"], error["code"]) == ("amount", "parameter_invalid_integer")


@pytest.mark.parametrize(("method", "kept"), [("POST", True)])
def test_a_paid_intent_stays(script: Script, method: Literal["POST"], kept: bool) -> None:
    """What was paid cannot be given to another customer, and an unknown customer is refused."""
    params = {"amount": 100, "currency": "usd", "payment_method": "pm_card_visa"}
    waiting = script.post("/v1/payment_intents", **params)["id"]
    script.refused(400, method, f"/v1/payment_intents/{waiting}", customer="cus_none")
    script.post(f"/v1/payment_intents/{waiting}/confirm")
    error = script.refused(400, method, f"/v1/payment_intents/{waiting}", customer=script.customer())
    assert error["code"] == "payment_intent_unexpected_state"
    shown = script.post(f"/v1/payment_intents/{waiting}", description="Kept")
    assert (shown["customer"] is None) is kept


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"unit_amount": 5, "currency": "zzz"}, "currency"),
        ({"unit_amount_decimal": "1e400", "currency": "usd"}, "unit_amount_decimal"),
        ({"unit_amount_decimal": "0.1234567890123", "currency": "usd"}, "unit_amount_decimal"),
    ],
)
def test_prices_that_are_none(script: Script, params: dict[str, Any], param: str) -> None:
    """A currency that does not exist, and amounts beyond all measure, are refused."""
    assert script.refused(400, "POST", "/v1/prices", product=script.product, **params)["param"] == param


@pytest.mark.parametrize("instant", ["-1", "999999999999"])
def test_instants_that_are_none(script: Script, instant: str) -> None:
    """No clock goes that far."""
    error = script.refused(400, "POST", "/v1/test_helpers/test_clocks", frozen_time=instant)
    assert error["param"] == "frozen_time"


def test_amounts_that_nobody_pays(script: Script) -> None:
    """The largest price in the largest quantity is refused, and nothing is left of the attempt."""
    customer, dear = script.customer("pm_card_visa"), script.price(999_999_999_999)
    items = [{"price": dear, "quantity": 999_999_999_999}]
    error = script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=items)
    assert error["code"] == "amount_too_large"
    assert script.get("/v1/subscriptions", customer=customer)["data"] == []


def test_a_price_twice(script: Script) -> None:
    """Two items of one subscription cannot have the same price, and a named currency does not skip checks."""
    customer, price = script.customer("pm_card_visa"), script.price(100)
    twice = [{"price": price}, {"price": price}]
    assert (
        script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=twice)["param"] == "items"
    )
    script.post(f"/v1/prices/{price}", active=False)
    error = script.refused(
        400, "POST", "/v1/subscriptions", customer=customer, currency="usd", items=[{"price": price}]
    )
    assert error["code"] == "price_inactive"
