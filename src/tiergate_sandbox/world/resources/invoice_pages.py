"""The private route of the hosted invoice page: https://docs.stripe.com/invoicing/hosted-invoice-page."""

from typing import Any

from tiergate_sandbox.world.billing import methods
from tiergate_sandbox.world.billing.collect import Attempt, collect
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.params import ref, required
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]


def pay(draft: Draft, params: Obj, invoice_id: str) -> Obj | Refusal:
    """Pay an open invoice with a card; ``payment_intent`` names the one that waits for 3-D Secure.

    The card is kept for the customer when the invoice is a subscription's. A refused attempt stays.
    """
    invoice = draft.need("invoice", invoice_id, "invoice")
    if invoice["status"] == "paid":
        return {"payment_intent": None}
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"This invoice is {invoice['status']} and cannot be paid.")
    customer = methods.need_customer(draft, invoice["customer"])
    now = draft.now_for(invoice)
    method = methods.resolve(draft, params["payment_method"], now)
    error = collect(draft, invoice, now, Attempt.BY_HAND, method=method)
    intent = draft.get("payment_intent", invoice["_"]["payment_intent"])
    waits = intent is not None and intent["status"] == "requires_action"
    if error is not None and not waits:
        return Refusal(error)
    if subscription_of(invoice) is not None:
        methods.attach(draft, method, customer)
    return {"payment_intent": intent["id"] if intent is not None and waits else None}


ROUTES = (route("POST", "/v1/invoice_pages/{id}/pay", pay, payment_method=required(ref())),)
