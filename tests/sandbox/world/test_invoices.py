"""Invoices made by hand, and what can be done with any invoice."""

from tests.sandbox.world.script import FINALIZED, HOUR, LATER, NOW, PAID, Script


def item(script: Script, customer: str, amount: int = 2000, **params: object) -> str:
    """Create a pending invoice item."""
    params = {"amount": amount, "currency": "usd", "customer": customer, **params}
    created: str = script.post("/v1/invoiceitems", **params)["id"]
    return created


def test_what_is_pending_is_included_when_asked(script: Script) -> None:
    """pending_invoice_items_behavior=include gathers the items; by default they stay pending."""
    customer = script.customer()
    pending = item(script, customer, description="Onboarding")
    empty = script.post("/v1/invoices", customer=customer)
    assert (empty["total"], empty["status"], empty["auto_advance"]) == (0, "draft", False)
    full = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    line = full["lines"]["data"][0]
    assert (line["amount"], line["description"]) == (2000, "Onboarding")
    assert line["parent"]["invoice_item_details"]["invoice_item"] == pending
    assert script.get(f"/v1/invoiceitems/{pending}")["invoice"] == full["id"]
    script.happened("invoiceitem.created", "invoice.created", "invoice.created", "customer.updated")


def test_finalizing_and_paying_by_hand(script: Script) -> None:
    """finalize gives number and pages; pay charges the default card."""
    customer = script.customer("pm_card_visa")
    item(script, customer)
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    script.forget()
    opened = script.post(f"/v1/invoices/{invoice['id']}/finalize")
    assert (opened["status"], opened["amount_due"], opened["number"][-5:]) == ("open", 2000, "-0001")
    assert opened["hosted_invoice_url"].endswith(f"/i/{invoice['id']}")
    script.happened(*FINALIZED, *LATER)
    script.refused(400, "POST", f"/v1/invoices/{invoice['id']}/finalize")
    script.refused(400, "DELETE", f"/v1/invoices/{invoice['id']}")
    script.post(f"/v1/invoices/{invoice['id']}/pay")
    script.happened(*PAID, "invoice.updated")
    assert (
        script.refused(400, "POST", f"/v1/invoices/{invoice['id']}/pay")["message"]
        == "Invoice is already paid"
    )


def test_an_empty_invoice_is_paid_at_nothing(script: Script) -> None:
    """pay on a draft without lines finalizes it and pays zero, without an attempt."""
    invoice = script.post("/v1/invoices", customer=script.customer())
    paid = script.post(f"/v1/invoices/{invoice['id']}/pay")
    assert (paid["status"], paid["attempt_count"], paid["attempted"]) == ("paid", 0, True)


def test_auto_advance_does_it_all(script: Script) -> None:
    """With auto_advance the draft finalizes and charges itself after an hour."""
    customer = script.customer("pm_card_visa")
    item(script, customer)
    script.post(
        "/v1/invoices", customer=customer, auto_advance=True, pending_invoice_items_behavior="include"
    )
    script.forget()
    script.advance(hours=1)
    script.happened(*FINALIZED, *PAID, *LATER)


def test_a_draft_can_be_deleted(script: Script) -> None:
    """A deleted draft gives its items back."""
    customer = script.customer()
    pending = item(script, customer)
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    script.forget()
    assert script.delete(f"/v1/invoices/{invoice['id']}")["deleted"] is True
    script.happened("invoice.deleted")
    assert script.get(f"/v1/invoiceitems/{pending}")["invoice"] is None
    script.refused(404, "GET", f"/v1/invoices/{invoice['id']}")


def test_items_on_a_draft_can_change(script: Script) -> None:
    """Items are added to a draft, changed while they are pending, and taken away again."""
    customer = script.customer()
    invoice = script.post("/v1/invoices", customer=customer)
    price = script.price(700, recurring=None)
    added = script.post(
        "/v1/invoiceitems", customer=customer, invoice=invoice["id"], pricing={"price": price}, quantity=3
    )
    assert added["amount"] == 2100
    assert script.get(f"/v1/invoices/{invoice['id']}")["total"] == 2100
    script.refused(400, "POST", f"/v1/invoiceitems/{added['id']}", amount=5)
    script.delete(f"/v1/invoiceitems/{added['id']}")
    assert script.get(f"/v1/invoices/{invoice['id']}")["total"] == 0
    pending = item(script, customer)
    assert script.post(f"/v1/invoiceitems/{pending}", amount=5, metadata={"a": "b"})["amount"] == 5


def test_small_amounts_wait(script: Script) -> None:
    """Less than fifty cents is not charged but kept on the customer's balance for the next invoice."""
    customer = script.customer("pm_card_visa")
    item(script, customer, 49)
    first = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    paid = script.post(f"/v1/invoices/{first['id']}/pay")
    assert (paid["status"], paid["amount_due"], paid["ending_balance"]) == ("paid", 0, 49)
    item(script, customer, 100)
    second = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    assert script.post(f"/v1/invoices/{second['id']}/pay")["amount_paid"] == 149


def test_many_lines(script: Script) -> None:
    """An invoice shows ten lines; the rest is on further pages, in order."""
    customer = script.customer()
    for amount in range(1, 13):
        item(script, customer, amount)
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    assert (len(invoice["lines"]["data"]), invoice["lines"]["total_count"]) == (10, 12)
    assert invoice["lines"]["has_more"] is True
    path = f"/v1/invoices/{invoice['id']}/lines"
    first = script.get(path, limit=7)
    rest = script.get(path, limit=7, starting_after=first["data"][-1]["id"])
    assert [line["amount"] for line in first["data"] + rest["data"]] == list(range(1, 13))
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_a_sent_invoice(script: Script) -> None:
    """collection_method=send_invoice has a due date and is sent, not charged."""
    customer = script.customer()
    item(script, customer)
    invoice = script.post(
        "/v1/invoices",
        customer=customer,
        collection_method="send_invoice",
        days_until_due=7,
        pending_invoice_items_behavior="include",
    )
    script.forget()
    sent = script.post(f"/v1/invoices/{invoice['id']}/send")
    assert sent["due_date"] == NOW + 7 * 24 * HOUR
    script.happened(*FINALIZED, "invoice.sent", *LATER)


def test_invoices_by_state(script: Script) -> None:
    """Invoices are listed by customer, subscription and status, and searched."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    draft = script.post("/v1/invoices", customer=sub["customer"], metadata={"kind": "extra"})["id"]

    def found(**params: object) -> list[str]:
        return [one["id"] for one in script.get("/v1/invoices", customer=sub["customer"], **params)["data"]]

    assert found() == [draft, sub["latest_invoice"]]
    assert found(status="draft") == [draft]
    assert found(subscription=sub["id"]) == [sub["latest_invoice"]]
    search = script.get("/v1/invoices/search", query='metadata["kind"]:"extra"')
    assert [one["id"] for one in search["data"]] == [draft]
