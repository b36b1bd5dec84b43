"""Coupons, promotion codes and discounts, to the cent and with their events."""

from typing import Any

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, NOW, PAID, Script, at
from tiergate_sandbox.world import Settings

GIVEN = ("customer.discount.created",)
OLD = "2024-06-20"
CLASSIC = {"type": "classic"}


def coupon(script: Script, **params: Any) -> str:
    """Create a coupon, without its event."""
    created: str = script.post("/v1/coupons", **params)["id"]
    script.forget()
    return created


def discounted(script: Script, code: str, amount: int = 2500, **params: Any) -> dict[str, Any]:
    """Subscribe a new customer with a coupon."""
    return script.subscribe(
        script.customer("pm_card_visa"), script.price(amount), discounts=[{"coupon": code}], **params
    )


def taken(invoice: dict[str, Any]) -> list[list[int]]:
    """Return what each discount took off each line."""
    return [[one["amount"] for one in line["discount_amounts"]] for line in invoice["lines"]["data"]]


def test_a_percentage_forever(script: Script) -> None:
    """Ten percent comes off every invoice, under the subscription's own discount."""
    sub = discounted(script, coupon(script, percent_off=10, duration="forever"))
    script.happened(
        *GIVEN,
        "invoice.created",
        *FINALIZED,
        *PAID,
        "customer.subscription.created",
        "customer.updated",
    )
    (discount,) = sub["discounts"]
    invoice = script.invoice(sub)
    assert (invoice["subtotal"], invoice["total"], invoice["amount_paid"]) == (2500, 2250, 2250)
    assert invoice["discounts"] == [discount]
    assert invoice["total_discount_amounts"] == [{"amount": 250, "discount": discount}]
    assert invoice["lines"]["data"][0]["discount_amounts"] == [{"amount": 250, "discount": discount}]
    assert invoice["lines"]["data"][0]["discounts"] == []
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["total"] == 2250


def test_the_discount_says_where_it_comes_from(script: Script) -> None:
    """A discount names its coupon, its holder and its start; both can be expanded."""
    code = coupon(script, percent_off=10, duration="repeating", duration_in_months=3)
    sub = discounted(script, code)
    path = f"/v1/subscriptions/{sub['id']}"
    (discount,) = script.get(path, expand=["discounts.source.coupon"])["discounts"]
    assert discount["source"]["coupon"]["percent_off"] == 10
    assert (discount["subscription"], discount["customer"]) == (sub["id"], sub["customer"])
    assert (discount["start"], discount["end"]) == (NOW, at("2026-04-15T10:00:00"))
    assert script.get(f"/v1/coupons/{code}")["times_redeemed"] == 1


def test_once_works_once(script: Script) -> None:
    """A coupon for once leaves the subscription with the first invoice that it made cheaper."""
    sub = discounted(script, coupon(script, amount_off=500, currency="usd", duration="once"))
    first = script.invoice(sub)
    assert (first["total"], sub["discounts"], len(first["discounts"])) == (2000, [], 1)
    types = [payload["type"] for payload in script.payloads]
    assert types.count("customer.discount.created") == types.count("customer.discount.deleted") == 1
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["total"] == 2500


@pytest.mark.parametrize(("spends", "first_charge"), [(False, 2000), (True, 2500)])
def test_once_and_a_trial(spends: bool, first_charge: int) -> None:
    """A free trial's invoice does not use a coupon for once up, unless the account is set so."""
    script = Script(Settings(free_invoice_spends_coupon=spends))
    code = coupon(script, amount_off=500, currency="usd", duration="once")
    sub = discounted(script, code, trial_period_days=7)
    assert bool(sub["discounts"]) is not spends
    script.advance(days=7, hours=2)
    assert script.invoice(sub)["total"] == first_charge


def test_months_run_out_by_the_clock(script: Script) -> None:
    """Two months are two invoices; then the discount ends by itself, and the third costs everything."""
    code = coupon(script, percent_off=50, duration="repeating", duration_in_months=2)
    sub = discounted(script, code)
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["total"] == 1250
    script.forget()
    script.advance_to(at("2026-03-15T12:00:00"))
    assert script.invoice(sub)["total"] == 2500
    assert script.subscription(sub)["discounts"] == []
    assert [one["type"] for one in script.payloads].count("customer.discount.deleted") == 1


def test_discounts_stack_in_their_order(script: Script) -> None:
    """The item's own discount first, then the subscription's: $20 - 10 % - $5 - 50 % = $6.50."""
    tenth = coupon(script, percent_off=10, duration="forever")
    five = coupon(script, amount_off=500, currency="usd", duration="forever")
    half = coupon(script, percent_off=50, duration="forever")
    sub = script.post(
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": script.price(2000), "discounts": [{"coupon": tenth}]}],
        discounts=[{"coupon": five}, {"coupon": half}],
    )
    invoice = script.invoice(sub)
    assert taken(invoice) == [[200, 500, 650]]
    assert (invoice["subtotal"], invoice["total"]) == (1800, 650)
    assert invoice["lines"]["data"][0]["discounts"] == sub["items"]["data"][0]["discounts"]


def test_an_amount_is_divided_among_the_lines(script: Script) -> None:
    """$5 off items of $10 and $20 takes 167 and 333 cents, and never more than there is."""
    customer = script.customer("pm_card_visa")
    items = [{"price": script.price(1000)}, {"price": script.price(2000)}]
    five = coupon(script, amount_off=500, currency="usd", duration="forever")
    discounts = [{"coupon": five}]
    sub = script.post("/v1/subscriptions", customer=customer, items=items, discounts=discounts)
    assert taken(script.invoice(sub)) == [[167], [333]]
    whole = coupon(script, amount_off=9000, currency="usd", duration="forever")
    free = discounted(script, whole)
    assert (script.invoice(free)["total"], free["status"]) == (0, "active")


def test_a_coupon_for_some_products(script: Script) -> None:
    """applies_to leaves the lines of other products alone."""
    other = script.post("/v1/products", name="Support")["id"]
    code = coupon(script, percent_off=50, duration="forever", applies_to={"products": [other]})
    items = [{"price": script.price(1000)}, {"price": script.price(2000, product=other)}]
    customer = script.customer("pm_card_visa")
    sub = script.post("/v1/subscriptions", customer=customer, items=items, discounts=[{"coupon": code}])
    assert taken(script.invoice(sub)) == [[], [1000]]
    shown = script.get(f"/v1/coupons/{code}", expand=["applies_to"])
    assert shown["applies_to"] == {"products": [other]}
    assert "applies_to" not in script.get(f"/v1/coupons/{code}")


@pytest.mark.parametrize(("mode", "credit"), [({"type": "flexible"}, -417), (CLASSIC, -250)])
def test_prorations_know_the_discount(mode: dict[str, str], credit: int) -> None:
    """Example G: half of a $10 item of a $30 subscription with $5 off gives 417 back, in classic 250."""
    script = Script(now=at("2026-01-16T00:00:00"))
    five = coupon(script, amount_off=500, currency="usd", duration="forever")
    sub = script.post(
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": script.price(1000)}, {"price": script.price(2000)}],
        discounts=[{"coupon": five}],
        billing_mode=mode,
    )
    script.advance_to(at("2026-01-31T12:00:00"))
    script.delete(f"/v1/subscription_items/{sub['items']['data'][0]['id']}")
    (pending,) = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"]
    assert pending["amount"] == credit


def test_the_charge_for_the_rest_is_discounted_too(script: Script) -> None:
    """An upgrade at half price credits and charges half of what it would without the coupon."""
    sub = discounted(script, coupon(script, percent_off=50, duration="forever"))
    dearer = script.price(5000)
    script.advance_to(at("2026-01-25T10:00:00"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": dearer}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert [line["amount"] for line in invoice["lines"]["data"]] == [-847, 1694]
    assert taken(invoice) == [[], []]


def test_a_charge_for_the_rest_shares_the_amount_off(script: Script) -> None:
    """In flexible billing an item that is doubled at once bears its share of $5 off: -833 and +1750."""
    five = coupon(script, amount_off=500, currency="usd", duration="forever")
    items = [{"price": script.price(1000)}, {"price": script.price(2000)}]
    customer = script.customer("pm_card_visa")
    sub = script.post("/v1/subscriptions", customer=customer, items=items, discounts=[{"coupon": five}])
    doubled = [{"id": sub["items"]["data"][0]["id"], "quantity": 2}]
    script.post(f"/v1/subscriptions/{sub['id']}", items=doubled, proration_behavior="always_invoice")
    assert [line["amount"] for line in script.invoice(sub)["lines"]["data"]] == [-833, 1750]


def test_changing_the_discounts(script: Script) -> None:
    """An update replaces the discounts, keeps those that are named, and clears them with an empty value."""
    first = discounted(script, coupon(script, percent_off=10, duration="forever"))
    path = f"/v1/subscriptions/{first['id']}"
    (kept,) = first["discounts"]
    more = coupon(script, percent_off=20, duration="forever")
    both = script.post(path, discounts=[{"discount": kept}, {"coupon": more}])
    assert both["discounts"][0] == kept
    happened = script.happened(*GIVEN, "customer.subscription.updated")
    assert happened.before("customer.subscription.updated") == {"discounts": [kept]}
    assert script.post(path, discounts="")["discounts"] == []
    script.happened("customer.discount.deleted", "customer.discount.deleted", "customer.subscription.updated")
    script.post(path, discounts=[{"coupon": more}])
    script.forget()
    assert script.delete(f"{path}/discount")["deleted"] is True
    script.happened("customer.discount.deleted", "customer.subscription.updated")
    script.refused(404, "DELETE", f"{path}/discount")


def test_coupons_are_checked(script: Script) -> None:
    """A coupon takes off either a part or an amount; months belong to repeating ones only."""
    path = "/v1/coupons"
    assert script.refused(400, "POST", path, duration="once")["param"] == "percent_off"
    both = script.refused(400, "POST", path, percent_off=5, amount_off=5, currency="usd")
    assert both["param"] == "percent_off"
    assert script.refused(400, "POST", path, percent_off=101)["param"] == "percent_off"
    assert script.refused(400, "POST", path, amount_off=5)["param"] == "currency"
    months = script.refused(400, "POST", path, percent_off=5, duration="repeating")
    assert months["param"] == "duration_in_months"
    script.post(path, percent_off=5, id="FIVE")
    assert script.refused(400, "POST", path, percent_off=5, id="FIVE")["code"] == "resource_already_exists"


def test_a_coupon_lives(script: Script) -> None:
    """Each step tells so; a deleted coupon cannot be redeemed, and its discounts stay."""
    script.post("/v1/coupons", percent_off=25, id="SPRING", duration="forever")
    script.happened("coupon.created")
    renamed = script.post("/v1/coupons/SPRING", name="Spring", metadata={"a": "b"})
    assert (renamed["name"], renamed["metadata"]) == ("Spring", {"a": "b"})
    assert script.happened("coupon.updated").before("coupon.updated") == {
        "name": None,
        "metadata": {"a": None},
    }
    sub = discounted(script, "SPRING")
    script.forget()
    script.delete("/v1/coupons/SPRING")
    assert script.happened("coupon.deleted").object_of("coupon.deleted")["valid"] is False
    script.refused(404, "GET", "/v1/coupons/SPRING")
    assert script.get("/v1/coupons")["data"] == []
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["total"] == 1875
    refused = script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=sub["customer"],
        items=[{"price": script.price(1)}],
        discounts=[{"coupon": "SPRING"}],
    )
    assert refused["code"] == "resource_missing"


def test_coupons_wear_out(script: Script) -> None:
    """max_redemptions and redeem_by end a coupon; valid shows it."""
    one = coupon(script, percent_off=10, max_redemptions=1, duration="forever")
    discounted(script, one)
    assert script.get(f"/v1/coupons/{one}")["valid"] is False
    soon = coupon(script, percent_off=10, redeem_by=NOW + DAY)
    script.now = NOW + DAY
    assert script.get(f"/v1/coupons/{soon}")["valid"] is False
    for code in (one, soon):
        script.advance_to(max(script.frozen_time(), NOW + DAY) + 1)
        refused = script.refused(
            400,
            "POST",
            "/v1/subscriptions",
            customer=script.customer("pm_card_visa"),
            items=[{"price": script.price(1000)}],
            discounts=[{"coupon": code}],
        )
        assert refused["code"] == "coupon_expired"


def test_amounts_in_other_currencies(script: Script) -> None:
    """An amount off needs an option in the subscription's currency."""
    euros = {"eur": {"unit_amount": 2000}}
    price = script.price(2500, currency_options=euros)
    code = coupon(script, amount_off=500, currency="usd", duration="forever")
    order = {"items": [{"price": price}], "currency": "eur", "discounts": [{"coupon": code}]}
    customer = script.customer("pm_card_visa")
    script.refused(400, "POST", "/v1/subscriptions", customer=customer, **order)
    script.post(f"/v1/coupons/{code}", currency_options={"eur": {"amount_off": 400}})
    sub = script.post("/v1/subscriptions", customer=customer, **order)
    assert script.invoice(sub)["total"] == 1600


def test_a_customer_s_discount(script: Script) -> None:
    """A customer's discount (set in older versions) counts where a subscription has none of its own."""
    code = coupon(script, percent_off=10, duration="forever")
    path = "/v1/customers"
    assert script.refused(400, "POST", path, coupon=code)["code"] == "parameter_unknown"
    customer = script.customer("pm_card_visa")
    old = script.call("POST", f"{path}/{customer}", {"coupon": code}, OLD).body
    assert old["discount"]["coupon"]["id"] == code
    happened = script.happened("customer.discount.created", "customer.updated")
    assert happened.before("customer.updated") == {"discount": None}
    shown = script.get(f"{path}/{customer}")["discount"]
    assert shown["source"] == {"coupon": code, "type": "coupon"}
    assert script.invoice(script.subscribe(customer, script.price(1000)))["total"] == 900
    half = coupon(script, percent_off=50, duration="forever")
    own = script.subscribe(customer, script.price(1000), discounts=[{"coupon": half}])
    assert script.invoice(own)["total"] == 500
    script.forget()
    script.delete(f"{path}/{customer}/discount")
    script.happened("customer.discount.deleted", "customer.updated")
    assert script.invoice(script.subscribe(customer, script.price(3000)))["total"] == 3000


def test_discounts_in_older_words(script: Script) -> None:
    """Before basil one coupon is said and one discount shown; before clover it holds the coupon."""
    code = coupon(script, percent_off=10, duration="forever")
    customer, price = script.customer("pm_card_visa"), script.price(1000)
    order = {"customer": customer, "items": [{"price": price}], "coupon": code}
    assert script.call("POST", "/v1/subscriptions", order).body["error"]["code"] == "parameter_unknown"
    old = script.call("POST", "/v1/subscriptions", order, OLD).body
    assert old["discount"]["coupon"]["percent_off"] == 10
    assert "source" not in old["discount"]
    invoice = script.call("GET", f"/v1/invoices/{old['latest_invoice']}", {}, OLD).body
    assert (invoice["discount"]["coupon"]["id"], invoice["total"]) == (code, 900)
    basil = {"expand": ["discounts"]}
    middle = script.call("GET", f"/v1/subscriptions/{old['id']}", basil, "2025-03-31.basil").body
    assert middle["discounts"][0]["coupon"]["id"] == code
    assert "discount" not in middle
    made = script.call("POST", "/v1/promotion_codes", {"coupon": code}, OLD).body
    assert (made["coupon"]["id"], "promotion" in made) == (code, False)
    refused = script.call("POST", "/v1/promotion_codes", {"coupon": code}).body
    assert refused["error"]["code"] == "parameter_unknown"


def test_discounts_on_an_invoice_by_hand(script: Script) -> None:
    """An invoice and its items have discounts of their own."""
    customer = script.customer("pm_card_visa")
    tenth, fifth = (coupon(script, percent_off=part, duration="once") for part in (10, 20))
    item = script.post(
        "/v1/invoiceitems", customer=customer, amount=1000, currency="usd", discounts=[{"coupon": tenth}]
    )
    assert len(item["discounts"]) == 1
    invoice = script.post(
        "/v1/invoices",
        customer=customer,
        pending_invoice_items_behavior="include",
        discounts=[{"coupon": fifth}],
    )
    assert (invoice["subtotal"], invoice["total"]) == (900, 720)
    assert script.post(f"/v1/invoices/{invoice['id']}", discounts="")["total"] == 900


def test_an_invoice_by_hand_uses_a_coupon_up(script: Script) -> None:
    """A customer's coupon for once is gone when an invoice made by hand with it is finalized."""
    customer = script.customer("pm_card_visa")
    code = coupon(script, percent_off=10, duration="once")
    script.call("POST", f"/v1/customers/{customer}", {"coupon": code}, OLD)
    script.post("/v1/invoiceitems", customer=customer, amount=1000, currency="usd")
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    assert invoice["total"] == 900
    assert script.get(f"/v1/customers/{customer}")["discount"] is not None
    script.post(f"/v1/invoices/{invoice['id']}/pay")
    assert script.get(f"/v1/customers/{customer}")["discount"] is None


def test_itemized_prorations_are_refused(script: Script) -> None:
    """The way of showing prorations that is not emulated is refused, not ignored."""
    mode = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}
    error = script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": script.price(1000)}],
        billing_mode=mode,
    )
    assert error["param"] == "billing_mode[flexible][proration_discounts]"
