"""Promotion codes, discounts and taxes on the checkout page."""

from typing import Any

from tests.sandbox.world.script import NOW, Script

SESSIONS = "/v1/checkout/sessions"


def session(script: Script, price: str, mode: str = "subscription", **params: Any) -> dict[str, Any]:
    """Open a session for two of a price."""
    line_items = [{"price": price, "quantity": 2}]
    return script.post(SESSIONS, mode=mode, success_url="https://x.example", line_items=line_items, **params)


def promotion(script: Script, text: str = "SAVE10", **params: Any) -> str:
    """Create a promotion code for ten percent forever."""
    coupon = script.post("/v1/coupons", percent_off=10, duration="forever")["id"]
    created = script.post(
        "/v1/promotion_codes", code=text, promotion={"type": "coupon", "coupon": coupon}, **params
    )
    script.forget()
    return str(created["id"])


def test_a_session_with_a_discount(script: Script) -> None:
    """The session shows subtotal, discount and total, and the subscription gets the discount."""
    code = promotion(script)
    opened = session(script, script.price(2500), discounts=[{"promotion_code": code}])
    assert (opened["amount_subtotal"], opened["amount_total"]) == (5000, 4500)
    assert opened["total_details"] == {"amount_discount": 500, "amount_shipping": 0, "amount_tax": 0}
    assert opened["discounts"][0]["promotion_code"] == code
    (item,) = script.get(f"{SESSIONS}/{opened['id']}/line_items")["data"]
    assert (item["amount_subtotal"], item["amount_discount"], item["amount_total"]) == (5000, 500, 4500)
    assert script.get(f"/v1/promotion_codes/{code}")["times_redeemed"] == 0
    page = f"/v1/payment_pages/{opened['id']}"
    script.post(f"{page}/confirm", payment_method="pm_card_visa", email="a@x.example", expected_amount=4500)
    sub = script.subscription(script.get(f"{SESSIONS}/{opened['id']}")["subscription"])
    assert script.invoice(sub)["amount_paid"] == 4500
    assert len(sub["discounts"]) == 1
    assert script.get(f"/v1/promotion_codes/{code}")["times_redeemed"] == 1


def test_a_code_typed_on_the_page(script: Script) -> None:
    """A typed code changes the amounts whatever its case, can be taken away, and a wrong one is refused."""
    promotion(script)
    opened = session(script, script.price(2500), allow_promotion_codes=True)
    page = f"/v1/payment_pages/{opened['id']}"
    typed = script.post(f"{page}/promotion_code", promotion_code="save10")
    assert (typed["amount_due"], typed["amount_discount"], typed["promotion_code"]) == (4500, 500, "SAVE10")
    assert script.post(f"{page}/promotion_code", promotion_code="")["amount_due"] == 5000
    wrong = script.refused(400, "POST", f"{page}/promotion_code", promotion_code="SAVE99")
    assert (wrong["message"], wrong["param"]) == ("This code is invalid.", "promotion_code")
    done = script.post(f"{page}/confirm", payment_method="pm_card_visa", promotion_code="Save10")
    assert (done["status"], done["subscription"] is not None) == ("complete", True)
    assert script.get(f"{SESSIONS}/{opened['id']}")["amount_total"] == 4500


def test_pages_without_codes(script: Script) -> None:
    """A page takes codes only when it is told to, and not together with discounts."""
    code = promotion(script)
    opened = session(script, script.price(2500))
    path = f"/v1/payment_pages/{opened['id']}/promotion_code"
    script.refused(400, "POST", path, promotion_code="SAVE10")
    both = script.refused(
        400,
        "POST",
        SESSIONS,
        mode="subscription",
        success_url="https://x.example",
        line_items=[{"price": script.price(1000), "quantity": 1}],
        allow_promotion_codes=True,
        discounts=[{"promotion_code": code}],
    )
    assert both["param"] == "allow_promotion_codes"


def test_a_trial_keeps_its_discount(script: Script) -> None:
    """With a trial nothing is due today, and the first charge is discounted."""
    code = promotion(script)
    opened = session(
        script,
        script.price(2500),
        customer=script.customer("pm_card_visa"),
        discounts=[{"promotion_code": code}],
        subscription_data={"trial_period_days": 7},
    )
    assert (opened["amount_total"], opened["total_details"]["amount_discount"]) == (0, 0)
    script.post(f"/v1/payment_pages/{opened['id']}/confirm", payment_method="pm_card_visa")
    sub = script.get(f"{SESSIONS}/{opened['id']}")["subscription"]
    script.advance(days=7, hours=2)
    assert script.invoice(script.subscription(sub))["amount_paid"] == 4500


def test_a_discounted_payment(script: Script) -> None:
    """In payment mode discount and tax change what is charged, and the coupon counts as redeemed."""
    rate = script.post("/v1/tax_rates", display_name="VAT", inclusive=False, percentage=20)["id"]
    coupon = script.post("/v1/coupons", amount_off=1000, currency="usd")["id"]
    price = script.price(2500, recurring=None)
    line_items = [{"price": price, "quantity": 2, "tax_rates": [rate]}]
    opened = script.post(
        SESSIONS,
        mode="payment",
        success_url="https://x.example",
        line_items=line_items,
        discounts=[{"coupon": coupon}],
    )
    assert (opened["amount_subtotal"], opened["amount_total"]) == (5000, 4800)
    assert opened["total_details"] == {"amount_discount": 1000, "amount_shipping": 0, "amount_tax": 800}
    script.post(f"/v1/payment_pages/{opened['id']}/confirm", payment_method="pm_card_visa")
    (charge,) = script.get("/v1/charges")["data"]
    assert charge["amount"] == 4800
    assert script.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 1


def test_a_code_that_makes_it_free(script: Script) -> None:
    """With everything off and no card wanted, the page asks for none."""
    coupon = script.post("/v1/coupons", percent_off=100, duration="once")["id"]
    opened = session(
        script,
        script.price(2500),
        customer_email="a@x.example",
        payment_method_collection="if_required",
        discounts=[{"coupon": coupon}],
    )
    page = script.get(f"/v1/payment_pages/{opened['id']}")
    assert (page["amount_due"], page["payment_method_required"]) == (0, False)


def test_automatic_tax_on_the_page(script: Script) -> None:
    """The address of the card decides the tax of a new customer; without one the page cannot be submitted."""
    opened = session(script, script.price(2500), automatic_tax={"enabled": True})
    assert opened["automatic_tax"]["status"] == "requires_location_inputs"
    path = f"/v1/payment_pages/{opened['id']}/confirm"
    missing = script.refused(400, "POST", path, payment_method="pm_card_visa")
    assert missing["code"] == "customer_tax_location_invalid"
    method = script.post(
        "/v1/payment_methods",
        type="card",
        card={"token": "tok_visa"},
        billing_details={"address": {"country": "DE"}},
    )["id"]
    script.post(path, payment_method=method)
    sub = script.get(f"{SESSIONS}/{opened['id']}")["subscription"]
    invoice = script.invoice(script.subscription(sub))
    assert (invoice["subtotal"], invoice["total"]) == (5000, 5950)
    assert script.subscription(sub)["automatic_tax"]["enabled"] is True
    assert script.subscription(sub)["created"] == NOW
