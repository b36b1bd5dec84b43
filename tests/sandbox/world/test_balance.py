"""The customer's credit balance."""

from tests.sandbox.world.script import Script, at


def test_a_credit_pays_the_next_invoice(script: Script) -> None:
    """Credit is used before the card, and each movement leaves a transaction."""
    customer = script.customer("pm_card_visa")
    path = f"/v1/customers/{customer}/balance_transactions"
    credit = script.post(path, amount=-1000, currency="usd", description="Sorry")
    assert (credit["ending_balance"], credit["type"]) == (-1000, "adjustment")
    assert script.happened("customer.updated").before("customer.updated")["balance"] == 0
    invoice = script.invoice(script.subscribe(customer, script.price(2500)))
    assert (invoice["total"], invoice["amount_due"], invoice["amount_paid"]) == (2500, 1500, 1500)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-1000, 0)
    newest, oldest = script.get(path)["data"]
    assert (newest["type"], newest["amount"], newest["invoice"]) == (
        "applied_to_invoice",
        1000,
        invoice["id"],
    )
    assert oldest["id"] == credit["id"]
    assert script.post(f"{path}/{credit['id']}", description="For you")["description"] == "For you"
    script.refused(404, "GET", f"/v1/customers/{script.customer()}/balance_transactions/{credit['id']}")


def test_a_negative_invoice_becomes_credit(script: Script) -> None:
    """A downgrade billed at once is paid at nothing, and the difference waits on the balance."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(5000))
    cheaper = script.price(2500)
    script.advance_to(at("2026-01-25T10:00:00"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": cheaper}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (-1693, 0, "paid")
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (0, -1693)
    script.advance_to(at("2026-02-15T12:00:00"))
    assert script.invoice(sub)["amount_paid"] == 2500 - 1693


def test_voiding_gives_the_credit_back(script: Script) -> None:
    """A voided invoice returns what it had taken from the balance."""
    customer = script.customer("pm_card_visa", balance=-300)
    script.post("/v1/invoiceitems", customer=customer, amount=1000, currency="usd")
    invoice = script.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    opened = script.post(f"/v1/invoices/{invoice['id']}/finalize")
    assert (opened["amount_due"], script.get(f"/v1/customers/{customer}")["balance"]) == (700, 0)
    script.post(f"/v1/invoices/{invoice['id']}/void")
    assert script.get(f"/v1/customers/{customer}")["balance"] == -300
    (newest, *_) = script.get(f"/v1/customers/{customer}/balance_transactions")["data"]
    assert (newest["type"], newest["amount"]) == ("unapplied_from_invoice", -300)
