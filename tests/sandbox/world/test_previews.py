"""Previews of every kind of change; nothing of them is kept."""

from typing import Any

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
