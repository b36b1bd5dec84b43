"""Editing a draft invoice: its lines, its number, what stands on it."""

from tests.sandbox.world.script import FINALIZED, HOUR, NOW, Script

INVOICES = "/v1/invoices"


def drafted(script: Script, *amounts: int, card: str | None = "pm_card_visa") -> dict[str, object]:
    """Create a draft with pending items of these amounts."""
    customer = script.customer(card)
    for amount in amounts:
        script.post("/v1/invoiceitems", customer=customer, amount=amount, currency="usd")
    invoice = script.post(INVOICES, customer=customer, pending_invoice_items_behavior="include")
    script.forget()
    return invoice


def lines_of(invoice: dict[str, object]) -> list[dict[str, object]]:
    """Return the lines."""
    found = invoice["lines"]
    assert isinstance(found, dict)
    lines: list[dict[str, object]] = found["data"]
    return lines


def test_lines_are_added(script: Script) -> None:
    """New lines by amount or by price, and pending items, go on a draft in one call."""
    invoice = drafted(script, 500)
    waiting = script.post("/v1/invoiceitems", customer=invoice["customer"], amount=300, currency="usd")
    script.forget()
    price = script.price(700, recurring=None)
    added = script.post(
        f"{INVOICES}/{invoice['id']}/add_lines",
        lines=[
            {"amount": 1000, "description": "Set-up"},
            {"pricing": {"price": price}, "quantity": 2},
            {"invoice_item": waiting["id"]},
        ],
        invoice_metadata={"edited": "yes"},
    )
    assert [line["amount"] for line in lines_of(added)] == [500, 1000, 1400, 300]
    assert (added["total"], added["metadata"]) == (3200, {"edited": "yes"})
    script.happened("invoiceitem.created", "invoiceitem.created", "invoice.updated")


def test_lines_are_changed(script: Script) -> None:
    """Amount, words, quantity, discounts and taxes of a line change, and so does the item behind it."""
    invoice = drafted(script, 500, 200)
    first, second = (str(line["id"]) for line in lines_of(invoice))
    half = script.post("/v1/coupons", percent_off=50)["id"]
    path = f"{INVOICES}/{invoice['id']}"
    changed = script.post(
        f"{path}/update_lines",
        lines=[
            {"id": first, "amount": 900, "description": "More"},
            {"id": second, "discounts": [{"coupon": half}]},
        ],
    )
    assert [line["amount"] for line in lines_of(changed)] == [900, 200]
    assert (changed["subtotal"], changed["total"]) == (1000, 1000)
    vat = script.post("/v1/tax_rates", display_name="VAT", inclusive=False, percentage=10)["id"]
    line = script.post(f"{path}/lines/{first}", tax_rates=[vat])
    assert (line["description"], line["taxes"][0]["amount"]) == ("More", 90)
    assert script.get(path)["total"] == 1090
    items = script.get("/v1/invoiceitems", invoice=invoice["id"])["data"]
    assert sorted(item["amount"] for item in items) == [200, 900]
    script.refused(404, "POST", f"{path}/lines/il_none", amount=1)


def test_lines_are_removed(script: Script) -> None:
    """A removed line's item is deleted, or waits for another invoice."""
    invoice = drafted(script, 500, 200, 100)
    first, second, _ = (line["id"] for line in lines_of(invoice))
    removed = script.post(
        f"{INVOICES}/{invoice['id']}/remove_lines",
        lines=[{"id": first, "behavior": "delete"}, {"id": second, "behavior": "unassign"}],
    )
    assert removed["total"] == 100
    script.happened("invoiceitem.deleted", "invoice.updated")
    waiting = script.get("/v1/invoiceitems", customer=invoice["customer"], pending=True)["data"]
    assert [item["amount"] for item in waiting] == [200]


def test_finalized_lines_stay(script: Script) -> None:
    """Nothing on a finalized invoice can be edited."""
    invoice = drafted(script, 500)
    path = f"{INVOICES}/{invoice['id']}"
    script.post(f"{path}/finalize")
    error = script.refused(400, "POST", f"{path}/add_lines", lines=[{"amount": 1}])
    assert error["code"] == "invoice_not_editable"
    script.refused(400, "POST", path, footer="Late")


def test_what_stands_on_an_invoice(script: Script) -> None:
    """Number, footer, description and custom fields are set and unset; the customer's footer is inherited."""
    invoice = drafted(script, 500)
    path = f"{INVOICES}/{invoice['id']}"
    fields = [{"name": "PO", "value": "7"}]
    edited = script.post(path, number="A-7", footer="Thanks", description="July", custom_fields=fields)
    assert (edited["number"], edited["footer"], edited["custom_fields"]) == ("A-7", "Thanks", fields)
    assert script.post(path, footer="", custom_fields="")["footer"] is None
    script.forget()
    opened = script.post(f"{path}/finalize")
    assert (opened["number"], opened["description"]) == ("A-7", "July")
    script.happened(*FINALIZED, "invoice.updated")
    settings = {"footer": "Ours", "custom_fields": fields}
    script.post(f"/v1/customers/{invoice['customer']}", invoice_settings=settings)
    inherits = script.post(INVOICES, customer=invoice["customer"])
    assert (inherits["footer"], inherits["custom_fields"]) == ("Ours", fields)


def test_finalizing_at_an_instant(script: Script) -> None:
    """automatically_finalizes_at sets the instant, which must be ahead."""
    invoice = drafted(script, 500)
    path = f"{INVOICES}/{invoice['id']}"
    script.refused(400, "POST", path, automatically_finalizes_at=NOW)
    script.post(path, automatically_finalizes_at=NOW + 5 * HOUR)
    script.advance(hours=4)
    assert script.get(path)["status"] == "draft"
    script.advance(hours=1)
    assert script.get(path)["status"] == "paid"


def test_invoice_items_in_older_words(script: Script) -> None:
    """Before basil an item names its price, or a unit amount, directly; later versions do not know that."""
    customer, price = script.customer(), script.price(700, recurring=None)
    order = {"customer": customer, "price": price, "quantity": 2}
    old = script.call("POST", "/v1/invoiceitems", order, "2024-06-20").body
    assert (old["amount"], old["price"]["id"]) == (1400, price)
    units = {"customer": customer, "unit_amount": 30, "quantity": 5, "currency": "usd"}
    assert script.call("POST", "/v1/invoiceitems", units, "2024-06-20").body["amount"] == 150
    assert script.call("POST", "/v1/invoiceitems", order).body["error"]["code"] == "parameter_unknown"
