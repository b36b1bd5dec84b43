"""Previews of every kind of change; nothing of them is kept."""

from typing import Any

import pytest

from tests.sandbox.world.script import Script, at

PREVIEW = "/v1/invoices/create_preview"
OLD = "2024-06-20"


def subscribed(script: Script) -> dict[str, Any]:
    """Return a subscription at $25, ten days into its period."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.advance_to(at("2026-01-25T10:00:00"))
    script.forget()
    return sub


def amounts(invoice: dict[str, Any]) -> list[int]:
    """Return the amounts of the lines."""
    return [line["amount"] for line in invoice["lines"]["data"]]


def test_discounts_and_taxes(script: Script) -> None:
    """A coupon and a tax rate change the preview only; what it made can be expanded."""
    sub = subscribed(script)
    half = script.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    vat = script.post("/v1/tax_rates", display_name="VAT", inclusive=False, percentage=10)["id"]
    script.forget()
    invoice = script.post(
        PREVIEW,
        subscription=sub["id"],
        discounts=[{"coupon": half}],
        subscription_details={"default_tax_rates": [vat]},
        expand=["discounts", "total_discount_amounts.discount", "confirmation_secret"],
    )
    assert (invoice["total"], invoice["id"][:12]) == (1375, "upcoming_in_")
    assert invoice["discounts"][0]["source"]["coupon"] == half
    assert invoice["discounts"][0]["id"] == invoice["total_discount_amounts"][0]["discount"]["id"]
    script.happened()
    assert script.subscription(sub)["discounts"] == []
    assert script.get(f"/v1/coupons/{half}")["times_redeemed"] == 0


def test_invoice_items_that_are_only_asked_about(script: Script) -> None:
    """invoice_items are billed with the renewal, and a pending one can be asked about with other values."""
    sub = subscribed(script)
    waiting = script.post("/v1/invoiceitems", customer=sub["customer"], amount=100, currency="usd")
    items = [{"amount": 700, "currency": "usd"}, {"invoiceitem": waiting["id"], "amount": 50}]
    invoice = script.post(PREVIEW, subscription=sub["id"], invoice_items=items)
    assert sorted(amounts(invoice)) == [50, 700, 2500]
    assert script.get(f"/v1/invoiceitems/{waiting['id']}")["amount"] == 100


def test_the_ends_of_a_subscription(script: Script) -> None:
    """Ending with the period leaves no invoice; ending now or inside the period gives the rest back."""
    sub = subscribed(script)
    error = script.refused(
        400, "POST", PREVIEW, subscription=sub["id"], subscription_details={"cancel_at_period_end": True}
    )
    assert error["code"] == "invoice_upcoming_none"
    now = script.post(PREVIEW, subscription=sub["id"], subscription_details={"cancel_now": True})
    assert amounts(now) == [-1694]
    soon = {"cancel_at": at("2026-01-30T22:00:00")}
    assert amounts(script.post(PREVIEW, subscription=sub["id"], subscription_details=soon)) == [-1250]
    later = {"cancel_at": at("2026-03-01T10:00:00")}
    assert amounts(script.post(PREVIEW, subscription=sub["id"], subscription_details=later)) == [1250]


def test_a_new_subscription(script: Script) -> None:
    """Items for a customer preview the first invoice, with trial and discount."""
    customer = script.customer("pm_card_visa")
    half = script.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    details: dict[str, Any] = {"items": [{"price": script.price(1000), "quantity": 3}]}
    discounts = [{"coupon": half}]
    first = script.post(PREVIEW, customer=customer, subscription_details=details, discounts=discounts)
    assert (first["total"], first["status"], first["number"]) == (1500, "draft", None)
    trial = {**details, "trial_end": at("2026-02-01T00:00:00")}
    assert script.post(PREVIEW, customer=customer, subscription_details=trial)["total"] == 0
    assert script.get("/v1/subscriptions", customer=customer)["data"] == []


def test_what_is_pending_for_a_customer(script: Script) -> None:
    """Without a subscription the preview gathers the pending items; without those there is none."""
    customer = script.customer("pm_card_visa")
    script.refused(400, "POST", PREVIEW, customer=customer)
    script.post("/v1/invoiceitems", customer=customer, amount=900, currency="usd")
    assert script.post(PREVIEW, customer=customer)["total"] == 900
    assert script.get("/v1/invoices", customer=customer)["data"] == []


def test_the_upcoming_invoice_of_older_versions(script: Script) -> None:
    """Before basil the next invoice was read, with the change in parameters of their own, and had no id."""
    sub = subscribed(script)
    dearer, item = script.price(5000), sub["items"]["data"][0]["id"]
    half = script.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    path = "/v1/invoices/upcoming"
    plain = script.call("GET", path, {"customer": sub["customer"]}, OLD).body
    assert (plain["total"], "id" in plain, plain["subscription"]) == (2500, False, sub["id"])
    change = {
        "subscription": sub["id"],
        "subscription_items": [{"id": item, "price": dearer}],
        "subscription_proration_behavior": "always_invoice",
        "subscription_proration_date": at("2026-01-25T10:00:00"),
    }
    assert amounts(script.call("GET", path, change, OLD).body) == [-1694, 3387]
    lines = script.call("GET", f"{path}/lines", {**change, "limit": 1}, OLD).body
    assert ([line["amount"] for line in lines["data"]], lines["has_more"]) == ([-1694], True)
    discounted = script.call("GET", path, {"subscription": sub["id"], "coupon": half}, OLD).body
    assert (discounted["total"], discounted["discount"]["coupon"]["id"]) == (1250, half)
    assert script.call("GET", path, {"subscription": sub["id"]}).status == 404


@pytest.mark.parametrize(
    ("named", "details", "param"),
    [
        ("customer", {"cancel_now": True}, "cancel_now"),
        ("customer", {"billing_cycle_anchor": "now"}, "billing_cycle_anchor"),
        ("customer", {"proration_date": "1768471200"}, "proration_date"),
        ("customer", {"cancel_at": "1768471200"}, "cancel_at"),
        ("customer", {"start_date": "1768471200"}, "start_date"),
        ("subscription", {"start_date": "1768471200"}, "start_date"),
        ("subscription", {"billing_mode": {"type": "classic"}}, "billing_mode"),
        ("subscription", {"cancel_now": True, "trial_end": "now"}, "trial_end"),
        ("subscription", {"cancel_now": True, "items": [{"quantity": 2}]}, "items"),
    ],
)
def test_what_a_preview_cannot_show(script: Script, named: str, details: dict[str, Any], param: str) -> None:
    """Details that would not show in the preview are refused, never passed over."""
    sub = subscribed(script)
    if named == "customer":
        details = {"items": [{"price": script.price(1000)}], **details}
    which = {"customer": sub["customer"]} if named == "customer" else {"subscription": sub["id"]}
    error = script.refused(400, "POST", PREVIEW, **which, subscription_details=details)
    assert error["param"] == f"subscription_details[{param}]"


def test_a_preview_names_one_subscription(script: Script) -> None:
    """Another customer or currency than the subscription's is refused, as are details without items."""
    sub = subscribed(script)
    assert script.refused(400, "POST", PREVIEW, subscription=sub["id"], currency="eur")["param"] == "currency"
    other = script.customer()
    assert script.refused(400, "POST", PREVIEW, subscription=sub["id"], customer=other)["param"] == "customer"
    details = {"trial_end": at("2026-02-01T00:00:00")}
    error = script.refused(400, "POST", PREVIEW, customer=sub["customer"], subscription_details=details)
    assert error["param"] == "subscription_details[items]"


def test_a_new_subscription_that_ends_inside_its_first_period(script: Script) -> None:
    """cancel_at of a new subscription leaves a share of the first period to pay."""
    details = {"items": [{"price": script.price(3100)}], "cancel_at": at("2026-01-25T10:00:00")}
    customer = script.customer("pm_card_visa")
    assert script.post(PREVIEW, customer=customer, subscription_details=details)["total"] == 1000


def test_a_change_that_is_invoiced_at_once_with_an_end(script: Script) -> None:
    """An end that comes after an invoice of its own cannot be shown in the same preview."""
    sub = subscribed(script)
    details = {
        "items": [{"id": sub["items"]["data"][0]["id"], "quantity": 2}],
        "proration_behavior": "always_invoice",
        "cancel_at": at("2026-01-30T22:00:00"),
    }
    error = script.refused(400, "POST", PREVIEW, subscription=sub["id"], subscription_details=details)
    assert error["param"] == "subscription_details[cancel_at]"
