"""The life of an invoice: draft, open, paid, void or uncollectible.

https://docs.stripe.com/invoicing/overview#invoice-statuses
"""

from typing import Any

from tiergate_sandbox.world.billing import balance, discounts, payments, taxes
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.settings import DAY_SECONDS

Obj = dict[str, Any]


def new_draft(draft: Draft, customer: Obj, sub: Obj | None, *, reason: str, now: int, currency: str) -> Obj:
    """Return a new draft invoice without lines; nothing is told of it yet."""
    invoice = blank(
        "invoice",
        draft.new_id("in_"),
        account_country=draft.settings.account_country,
        account_name=draft.settings.account_name,
        billing_reason=reason,
        created=now,
        currency=currency,
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=customer["shipping"],
        customer_tax_exempt=customer["tax_exempt"],
        period_end=now,
        period_start=now,
        customer_tax_ids=taxes.ids_of(draft, customer),
        discounts=discounts.for_invoice(draft, customer, sub, now),
        footer=customer["invoice_settings"]["footer"],
        custom_fields=customer["invoice_settings"]["custom_fields"],
        starting_balance=customer["balance"],
        test_clock=customer["test_clock"],
    )
    if sub is not None:
        invoice["parent"] = {
            "quote_details": None,
            "subscription_details": {"metadata": dict(sub["metadata"]), "subscription": sub["id"]},
            "type": "subscription_details",
        }
        invoice["collection_method"] = sub["collection_method"]
        invoice["_"]["days_until_due"] = sub["days_until_due"]
        invoice["auto_advance"] = True
        invoice["default_tax_rates"] = list(sub["default_tax_rates"])
        taxes.automatic(invoice, enabled=sub["automatic_tax"]["enabled"])
    return draft.add(invoice)


def wait_as_draft(draft: Draft, invoice: Obj, now: int) -> None:
    """Leave the invoice as a draft for about an hour before it is finalized by itself."""
    invoice["automatically_finalizes_at"] = now + draft.settings.draft_seconds
    invoice["webhooks_delivered_at"] = now
    if invoice["collection_method"] == "charge_automatically":
        invoice["next_payment_attempt"] = invoice["automatically_finalizes_at"]


def finalize(draft: Draft, invoice: Obj, now: int, *, intent: Obj | None = None) -> None:
    """Give the invoice its number and its final amounts, and make it payable (with ``intent`` if there is
    one).
    """
    customer = draft.the("customer", invoice["customer"])
    invoice["starting_balance"] = customer["balance"]
    total_up(draft, invoice)
    if invoice["total_discount_amounts"]:
        sub = draft.get("subscription", subscription_of(invoice))
        discounts.spend(draft, invoice, customer, sub)
    balance.apply_to(draft, invoice, customer)
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
        customer["next_invoice_sequence"] += 1
    invoice.update(
        status="open", effective_at=now, automatically_finalizes_at=None, next_payment_attempt=None
    )
    invoice["status_transitions"]["finalized_at"] = now
    invoice["webhooks_delivered_at"] = invoice["webhooks_delivered_at"] or now
    page = f"{draft.settings.hosted_url}/i/{invoice['id']}"
    invoice.update(hosted_invoice_url=page, invoice_pdf=f"{page}/pdf")
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        invoice["due_date"] = now + (invoice["_"]["days_until_due"] or 30) * DAY_SECONDS
    if invoice["amount_due"] > 0:
        _make_payable(draft, invoice, now, intent)
    draft.emit("invoice.finalized", invoice)
    if invoice["collection_method"] == "send_invoice":
        draft.emit("invoice.sent", invoice)


def mark_paid(draft: Draft, invoice: Obj, now: int, *, out_of_band: bool = False) -> None:
    """Note that nothing remains to be paid."""
    paid = invoice["amount_remaining"]
    invoice["amount_paid_off_stripe" if out_of_band else "amount_paid"] += paid
    if out_of_band:
        invoice["amount_paid"] += paid
        invoice["_"]["out_of_band"] = True
    invoice.update(
        status="paid", amount_remaining=0, attempted=True, auto_advance=False, next_payment_attempt=None
    )
    invoice["status_transitions"]["paid_at"] = now
    for payment in draft.find("invoice_payment", "invoice", invoice["id"]):
        if payment["status"] == "open":
            _close_payment(draft, payment, now, paid=not out_of_band)
    draft.emit("invoice.paid", invoice)
    if not out_of_band:
        draft.emit("invoice.payment_succeeded", invoice)


def void(draft: Draft, invoice: Obj, now: int) -> None:
    """Void an open invoice: it is as if it had never been asked for."""
    _close(draft, invoice, now)
    balance.give_back(draft, invoice, draft.the("customer", invoice["customer"]))
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = now
    draft.emit("invoice.voided", invoice)


def mark_uncollectible(draft: Draft, invoice: Obj, now: int, reason: str) -> None:
    """Give an open invoice up; it may still be paid later."""
    invoice.update(status="uncollectible", auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"]["marked_uncollectible_at"] = now
    invoice["status_details"] = {"uncollectible": {"reason": reason}}
    draft.emit("invoice.marked_uncollectible", invoice)


def stop_collecting(draft: Draft, owner: Obj) -> None:
    """Leave the open and draft invoices of a subscription or a customer that is gone uncollected."""
    for invoice in draft.find("invoice", owner["object"], owner["id"]):
        if invoice["status"] in ("draft", "open"):
            invoice.update(auto_advance=False, automatically_finalizes_at=None, next_payment_attempt=None)


def _make_payable(draft: Draft, invoice: Obj, now: int, intent: Obj | None) -> None:
    clock = invoice["test_clock"]
    if intent is not None:
        intent["customer"] = invoice["customer"]
        intent["_"].update(test_clock=clock, invoice=invoice["id"])
    else:
        intent = payments.new_intent(
            draft,
            invoice["amount_due"],
            invoice["currency"],
            now,
            clock=clock,
            invoice=invoice["id"],
            customer=invoice["customer"],
            description=_purpose(invoice),
            setup_future_usage="off_session" if invoice["parent"] else None,
        )
    invoice["_"]["payment_intent"] = intent["id"]
    payment = blank(
        "invoice_payment",
        draft.new_id("inpay_"),
        amount_requested=invoice["amount_due"],
        created=now,
        currency=invoice["currency"],
        invoice=invoice["id"],
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
    )
    payment["_"]["test_clock"] = clock
    draft.add(payment)


def _purpose(invoice: Obj) -> str:
    if invoice["billing_reason"] == "subscription_create":
        return "Subscription creation"
    return "Subscription update" if invoice["parent"] else f"Payment for Invoice {invoice['number']}"


def _close(draft: Draft, invoice: Obj, now: int) -> None:
    invoice.update(auto_advance=False, next_payment_attempt=None)
    for payment in draft.find("invoice_payment", "invoice", invoice["id"]):
        if payment["status"] == "open":
            _close_payment(draft, payment, now, paid=False)
    intent = draft.get("payment_intent", invoice["_"]["payment_intent"])
    if intent is not None:
        payments.cancel(draft, intent, now, "void_invoice")


def _close_payment(draft: Draft, payment: Obj, now: int, *, paid: bool) -> None:
    payment["status"] = "paid" if paid else "canceled"
    payment["status_transitions"]["paid_at" if paid else "canceled_at"] = now
    if paid:
        payment["amount_paid"] = payment["amount_requested"]
        draft.emit("invoice_payment.paid", payment)
