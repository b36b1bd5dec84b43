"""Promotion codes: what a customer types to redeem a coupon."""

from typing import Any

from tests.sandbox.world.script import DAY, NOW, Script
from tests.sandbox.world.test_discounts import coupon


def test_promotion_codes(script: Script) -> None:
    """A code is unique among the active ones whatever its case, and redeems its coupon."""
    saver = coupon(script, percent_off=20, duration="forever")
    promotion = {"type": "coupon", "coupon": saver}
    code = script.post("/v1/promotion_codes", promotion=promotion, code="Friends-20")
    script.happened("promotion_code.created")
    path = "/v1/promotion_codes"
    taken_already = script.refused(400, "POST", path, promotion=promotion, code="FRIENDS-20")
    assert taken_already["code"] == "resource_already_exists"
    assert [one["id"] for one in script.get(path, code="friends-20")["data"]] == [code["id"]]
    customer = script.customer("pm_card_visa")
    discounts = [{"promotion_code": code["id"]}]
    sub = script.subscribe(customer, script.price(1000), discounts=discounts, expand=["discounts"])
    assert sub["discounts"][0]["promotion_code"] == code["id"]
    assert script.get(f"{path}/{code['id']}")["times_redeemed"] == 1
    script.forget()
    script.post(f"{path}/{code['id']}", active=False)
    assert script.happened("promotion_code.updated").before("promotion_code.updated") == {"active": True}
    again = script.post(path, promotion=promotion, code="FRIENDS-20")
    assert [one["id"] for one in script.get(path, active=True)["data"]] == [again["id"]]
    script.refused(400, "POST", f"{path}/{code['id']}", active=True)


def test_promotion_codes_have_restrictions(script: Script) -> None:
    """First purchase only, a minimum amount, one customer, a last day."""
    saver = coupon(script, percent_off=20, duration="forever")
    customer, price = script.customer("pm_card_visa"), script.price(1000)

    def code(**params: Any) -> str:
        created = script.post("/v1/promotion_codes", promotion={"type": "coupon", "coupon": saver}, **params)
        return str(created["id"])

    def refused(promotion_code: str) -> str:
        error = script.refused(
            400,
            "POST",
            "/v1/subscriptions",
            customer=customer,
            items=[{"price": price}],
            discounts=[{"promotion_code": promotion_code}],
        )
        return str(error["message"])

    dear = {"minimum_amount": 1001, "minimum_amount_currency": "usd"}
    assert "minimum of 1001" in refused(code(restrictions=dear))
    assert "another customer" in refused(code(customer=script.customer()))
    first = code(restrictions={"first_time_transaction": True})
    script.subscribe(customer, price, discounts=[{"promotion_code": first}])
    assert "prior transactions" in refused(first)
    late = code(expires_at=NOW + DAY)
    script.advance(days=2)
    assert "no longer active" in refused(late)
