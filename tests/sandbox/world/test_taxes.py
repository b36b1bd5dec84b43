"""Tax rates, the simple automatic tax, and tax ids."""

from typing import Any

from tests.sandbox.world.script import Script, at

OLD = "2024-06-20"


def rate(script: Script, percentage: float, *, inclusive: bool = False) -> str:
    """Create a tax rate."""
    created: str = script.post(
        "/v1/tax_rates", display_name="VAT", percentage=percentage, inclusive=inclusive
    )["id"]
    script.forget()
    return created


def subscribe(script: Script, **params: Any) -> dict[str, Any]:
    """Subscribe a new customer at $25."""
    return script.subscribe(script.customer("pm_card_visa"), script.price(2500), **params)


def test_an_exclusive_rate(script: Script) -> None:
    """19 % on top: line, total and the sums without tax."""
    vat = rate(script, 19)
    invoice = script.invoice(subscribe(script, default_tax_rates=[vat]))
    assert (invoice["subtotal"], invoice["total"], invoice["amount_paid"]) == (2500, 2975, 2975)
    assert (invoice["subtotal_excluding_tax"], invoice["total_excluding_tax"]) == (2500, 2500)
    tax = {
        "amount": 475,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": vat},
        "taxability_reason": "standard_rated",
        "taxable_amount": 2500,
        "type": "tax_rate_details",
    }
    assert invoice["total_taxes"] == [tax]
    assert invoice["lines"]["data"][0]["taxes"] == [tax]
    assert invoice["default_tax_rates"] == [vat]


def test_an_inclusive_rate(script: Script) -> None:
    """19 % inside: the total stays, and the sums without tax are smaller."""
    invoice = script.invoice(subscribe(script, default_tax_rates=[rate(script, 19, inclusive=True)]))
    assert (invoice["subtotal"], invoice["total"]) == (2500, 2500)
    assert (invoice["subtotal_excluding_tax"], invoice["total_excluding_tax"]) == (2101, 2101)
    assert invoice["total_taxes"][0]["amount"] == 399


def test_two_rates_and_a_discount(script: Script) -> None:
    """Taxes are taken on what the discount leaves; an item's own rates replace the defaults."""
    first, second, other = rate(script, 5), rate(script, 9.975), rate(script, 50)
    half = script.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    sub = script.post(
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": script.price(2000), "tax_rates": [first, second]}],
        default_tax_rates=[other],
        discounts=[{"coupon": half}],
    )
    invoice = script.invoice(sub)
    assert [tax["amount"] for tax in invoice["total_taxes"]] == [50, 100]
    assert invoice["total"] == 1150
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["total"] == 1150


def test_prorations_are_taxed(script: Script) -> None:
    """Example A with 10 % on both lines: -169 and +339."""
    sub = subscribe(script, default_tax_rates=[rate(script, 10)])
    dearer = script.price(5000)
    script.advance_to(at("2026-01-25T10:00:00"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": dearer}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert [line["taxes"][0]["amount"] for line in invoice["lines"]["data"]] == [-169, 339]
    assert invoice["total"] == 1693 + 170


def test_exempt_customers(script: Script) -> None:
    """tax_exempt keeps the rate on the invoice and takes nothing."""
    customer = script.customer("pm_card_visa", tax_exempt="reverse")
    sub = script.subscribe(customer, script.price(2500), default_tax_rates=[rate(script, 19)])
    invoice = script.invoice(sub)
    assert invoice["total"] == 2500
    assert invoice["total_taxes"][0]["taxability_reason"] == "reverse_charge"


def test_automatic_tax(script: Script) -> None:
    """The customer's country decides; nowhere known is refused; a price may include the tax."""
    abroad = script.customer("pm_card_visa", address={"country": "DE"})
    order = {"automatic_tax": {"enabled": True}}
    invoice = script.invoice(script.subscribe(abroad, script.price(2500), **order))
    assert (invoice["total"], invoice["automatic_tax"]["status"]) == (2975, "complete")
    named = script.get(f"/v1/tax_rates/{invoice['total_taxes'][0]['tax_rate_details']['tax_rate']}")
    assert (named["country"], named["percentage"], named["tax_type"]) == ("DE", 19.0, "vat")
    inside = script.price(2500, tax_behavior="inclusive")
    assert script.invoice(script.subscribe(abroad, inside, **order))["total_excluding_tax"] == 2101
    nowhere = script.customer("pm_card_visa")
    error = script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=nowhere,
        items=[{"price": script.price(1)}],
        **order,
    )
    assert error["code"] == "customer_tax_location_invalid"
    untaxed = script.customer("pm_card_visa", address={"country": "AQ"})
    assert script.invoice(script.subscribe(untaxed, script.price(2500), **order))["total"] == 2500


def test_tax_rates_live(script: Script) -> None:
    """Rates are created, renamed, archived and listed; an archived one cannot be used."""
    created = script.post("/v1/tax_rates", display_name="VAT", percentage=19.5, inclusive=False, country="DE")
    script.happened("tax_rate.created")
    path = f"/v1/tax_rates/{created['id']}"
    script.post(path, active=False, display_name="Tax")
    assert script.happened("tax_rate.updated").before("tax_rate.updated") == {
        "active": True,
        "display_name": "VAT",
    }
    assert script.get("/v1/tax_rates", active=True)["data"] == []
    refused = script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": script.price(1)}],
        default_tax_rates=[created["id"]],
    )
    assert refused["param"] == "default_tax_rates"
    assert script.refused(400, "POST", "/v1/tax_rates", display_name="x", inclusive=True, percentage=101)


def test_taxes_in_older_words(script: Script) -> None:
    """Before basil an invoice has tax and total_tax_amounts, a line tax_amounts and tax_rates."""
    vat = rate(script, 19)
    sub = subscribe(script, default_tax_rates=[vat])
    old = script.call("GET", f"/v1/invoices/{sub['latest_invoice']}", {}, OLD).body
    assert (old["tax"], "total_taxes" in old) == (475, False)
    amount = {
        "amount": 475,
        "inclusive": False,
        "tax_rate": vat,
        "taxability_reason": "standard_rated",
        "taxable_amount": 2500,
    }
    assert old["total_tax_amounts"] == old["lines"]["data"][0]["tax_amounts"] == [amount]
    assert old["lines"]["data"][0]["tax_rates"][0]["id"] == vat


def test_tax_ids(script: Script) -> None:
    """A customer's tax ids are added, shown on invoices, listed and taken away."""
    customer = script.customer(tax_id_data=[{"type": "eu_vat", "value": "DE123456789"}])
    path = f"/v1/customers/{customer}/tax_ids"
    (first,) = script.get(path)["data"]
    assert (first["country"], first["verification"]["status"]) == ("DE", "unverified")
    second = script.post(path, type="us_ein", value="12-3456789")
    assert script.happened("customer.tax_id.created").object_of("customer.tax_id.created")["country"] == "US"
    invoice = script.post("/v1/invoices", customer=customer)
    assert invoice["customer_tax_ids"][0] == {"type": "eu_vat", "value": "DE123456789"}
    script.forget()
    assert script.delete(f"{path}/{first['id']}")["deleted"] is True
    script.happened("customer.tax_id.deleted")
    assert [one["id"] for one in script.get(path)["data"]] == [second["id"]]
    shown = script.get(f"/v1/customers/{customer}", expand=["tax_ids"])
    assert [one["id"] for one in shown["tax_ids"]["data"]] == [second["id"]]
    script.refused(404, "GET", f"/v1/customers/{script.customer()}/tax_ids/{second['id']}")
    assert script.refused(400, "POST", path, type="eu_vat", value="12")["code"] == "tax_id_invalid"
