"""Everything that has to do with money has the keys of Stripe's own SDK."""

from typing import Any

import pytest

from tests.sandbox.world.conformance import faults_of
from tests.sandbox.world.script import Script

OLD = ("2025-03-31.basil", "2024-06-20")


def life(script: Script) -> list[dict[str, Any]]:
    """Return one object of each kind that this part of the sandbox has."""
    coupon = script.post(
        "/v1/coupons",
        amount_off=500,
        currency="usd",
        duration="forever",
        currency_options={"eur": {"amount_off": 400}},
        applies_to={"products": [script.product]},
        expand=["applies_to", "currency_options"],
    )
    code = script.post("/v1/promotion_codes", promotion={"type": "coupon", "coupon": coupon["id"]})
    rate = script.post("/v1/tax_rates", display_name="VAT", percentage=19, inclusive=False)
    customer = script.customer("pm_card_createDispute", address={"country": "DE"})
    tax_id = script.post(f"/v1/customers/{customer}/tax_ids", type="eu_vat", value="DE123456789")
    credit = script.post(f"/v1/customers/{customer}/balance_transactions", amount=-100, currency="usd")
    tiers = [{"unit_amount": 1000, "up_to": "inf"}]
    price = script.post(
        "/v1/prices",
        product=script.product,
        currency="usd",
        recurring={"interval": "month"},
        billing_scheme="tiered",
        tiers_mode="volume",
        tiers=tiers,
        expand=["tiers", "currency_options"],
    )
    sub = script.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": price["id"], "quantity": 3}],
        discounts=[{"promotion_code": code["id"]}],
        default_tax_rates=[rate["id"]],
        expand=["discounts", "latest_invoice.total_discount_amounts.discount", "latest_invoice.discounts"],
    )
    script.advance(seconds=1)
    session = script.post(
        "/v1/checkout/sessions",
        mode="subscription",
        success_url="https://x.example",
        line_items=[{"price": price["id"], "quantity": 1, "tax_rates": [rate["id"]]}],
        discounts=[{"coupon": coupon["id"]}],
        automatic_tax={"enabled": True},
        customer=customer,
        expand=["line_items"],
    )
    (dispute,) = script.get("/v1/disputes")["data"]
    other = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    (charge,) = script.get("/v1/charges", customer=other["customer"])["data"]
    refund = script.post("/v1/refunds", charge=charge["id"])
    preview = script.post("/v1/invoices/create_preview", subscription=other["id"])
    return [coupon, code, rate, tax_id, credit, price, sub, session, dispute, refund, preview]


def test_all_of_it_conforms(script: Script) -> None:
    """No key that Stripe does not have, and none missing, in answers and in events."""
    shown = life(script)
    assert faults_of(shown) == []
    events = [one["data"]["object"] for one in script.get("/v1/events", limit=100)["data"]]
    kinds = {one["object"] for one in events}
    assert {"coupon", "discount", "dispute", "promotion_code", "refund", "tax_id", "tax_rate"} <= kinds
    assert faults_of(events) == []


@pytest.mark.parametrize("version", OLD)
def test_older_versions_leave_nothing_of_ours_behind(script: Script, version: str) -> None:
    """No private key, and no newer word for a coupon, is seen in an older version."""
    life(script)
    params = {"expand": ["data.latest_invoice", "data.discounts"]}
    body = script.call("GET", "/v1/subscriptions", {**params, "test_clock": script.clock}, version).body
    text = str(body)
    assert "'_'" not in text
    assert "'source': {" not in text
    (sub,) = (one for one in body["data"] if one["discounts"])
    assert sub["discounts"][0]["coupon"]["amount_off"] == 500
