"""Invoices: https://docs.stripe.com/api/invoices."""

from typing import Any

from tiergate_sandbox.world.billing import discounts, invoices, lines, methods, standing, taxes
from tiergate_sandbox.world.billing.collect import Attempt, collect
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid
from tiergate_sandbox.world.pagination import PAGE, in_range, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    choice,
    currency_code,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.resources.discounts import DISCOUNTS, said
from tiergate_sandbox.world.resources.invoice_preview import PREVIEW, create_preview
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

URL = "/v1/invoices"
_COMMON: dict[str, Param] = {
    "auto_advance": boolean(),
    "automatically_finalizes_at": timestamp(),
    "collection_method": choice("charge_automatically", "send_invoice"),
    "days_until_due": integer(0),
    "default_payment_method": ref(),
    "default_tax_rates": array_of(ref()),
    "description": string(1500),
    "discounts": DISCOUNTS,
    "automatic_tax": hash_of(enabled=required(boolean())),
    "custom_fields": array_of(hash_of(name=required(string(40)), value=required(string(140))), 4),
    "due_date": timestamp(),
    "footer": string(),
    "metadata": metadata(),
    "number": string(26),
    "statement_descriptor": string(22),
}
_UNSETTABLE = ("custom_fields", "description", "footer", "number", "statement_descriptor")
_NEVER_NULL = ("auto_advance", "collection_method", "due_date")


def create(draft: Draft, params: Obj) -> Obj:
    """Create a draft invoice by hand, with what is pending if that is wanted."""
    sub = None
    if params.get("subscription") is not None:
        sub = draft.need("subscription", params["subscription"], "subscription", 400)
    customer = methods.need_customer(draft, params.get("customer") or (sub["customer"] if sub else ""))
    now = draft.now_for(customer)
    currency = params.get("currency") or (sub and sub["currency"]) or customer["currency"]
    currency = currency or draft.settings.default_currency
    invoice = invoices.new_draft(draft, customer, sub, reason="manual", now=now, currency=currency)
    invoice["auto_advance"] = False
    _apply(draft, invoice, customer, params, now)
    include = "include" if sub is not None else "exclude"
    if (params.get("pending_invoice_items_behavior") or include) == "include":
        for pending in lines.pending_items(draft, customer["id"], sub["id"] if sub else None):
            if pending["currency"] == currency:
                lines.add_pending(draft, invoice, pending)
    customer["currency"] = customer["currency"] or currency
    total_up(draft, invoice)
    if invoice["auto_advance"]:
        invoices.wait_as_draft(draft, invoice, now)
    draft.emit("invoice.created", invoice)
    return invoice


def retrieve(draft: Draft, _params: Obj, invoice_id: str) -> Obj:
    """Return an invoice."""
    return draft.need("invoice", invoice_id, "invoice")


def update(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """Change a draft, or the metadata and the like of a finalized invoice."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    allowed = {"auto_advance", "default_payment_method", "description", "metadata", "due_date"}
    if invoice["status"] != "draft" and params.keys() - allowed:
        raise invalid("Finalized invoices can't be updated in this way; void it and create another one.")
    customer = draft.the("customer", invoice["customer"])
    now = draft.now_for(invoice)
    _apply(draft, invoice, customer, params, now)
    if invoice["status"] == "draft":
        total_up(draft, invoice)
    if params.get("auto_advance") and invoice["status"] == "draft":
        invoices.wait_as_draft(draft, invoice, now)
    elif params.get("auto_advance") is False:
        invoice.update(automatically_finalizes_at=None, next_payment_attempt=None)
    return invoice


def delete(draft: Draft, _params: Obj, invoice_id: str) -> Obj:
    """Delete a draft; what it contained is pending again."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    _must_be(invoice, "draft", message="You can only delete draft invoices; void a finalized one instead.")
    for item in draft.find("invoiceitem", "invoice", invoice_id):
        item["invoice"] = None
    draft.emit("invoice.deleted", invoice)
    draft.remove(invoice)
    return {"id": invoice_id, "object": "invoice", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List invoices."""
    names = ("customer", "subscription", "status", "collection_method")
    by = {name: params[name] for name in names if params.get(name) is not None}
    if "customer" not in by and "subscription" not in by:
        by["test_clock"] = None
    due = params.get("due_date")
    test = None if due is None else (lambda invoice: in_range(invoice["due_date"], due))
    return page_of(draft, "invoice", URL, params, by=by, test=test)


def find(draft: Draft, params: Obj) -> Obj:
    """Search invoices."""
    return search(draft, "invoice", f"{URL}/search", params)


def finalize(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """Finalize a draft now; it is charged later, or when asked for."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    _must_be(invoice, "draft", message="This invoice is already finalized, you can't finalize it again.")
    methods.need_customer(draft, invoice["customer"])
    now = draft.now_for(invoice)
    if params.get("auto_advance") is not None:
        invoice["auto_advance"] = params["auto_advance"]
    invoices.finalize(draft, invoice, now)
    if invoice["amount_remaining"] == 0:
        collect(draft, invoice, now, Attempt.BY_HAND)
    elif invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        invoice["next_payment_attempt"] = now + draft.settings.draft_seconds
    return invoice


def pay(draft: Draft, params: Obj, invoice_id: str) -> Obj | Refusal:
    """Pay an invoice now; a refused card is answered with 402, and the failed attempt stays."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    _must_be(
        invoice,
        "draft",
        "open",
        "uncollectible",
        message="A void invoice cannot be paid; create another one.",
    )
    now = draft.now_for(invoice)
    customer = methods.need_customer(draft, invoice["customer"])
    method = _method_to_pay(draft, params, customer, now)
    if invoice["status"] == "draft":
        invoices.finalize(draft, invoice, now)
    if params.get("paid_out_of_band"):
        invoices.mark_paid(draft, invoice, now, out_of_band=True)
        standing.after_payment(draft, invoice, now)
        return invoice
    error = collect(draft, invoice, now, Attempt.BY_HAND, method=method)
    if error is None:
        return invoice
    if error.status == 402:
        return Refusal(error)
    raise error


def send(draft: Draft, _params: Obj, invoice_id: str) -> Obj:
    """Send an invoice to the customer."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    _must_be(invoice, "draft", "open", message="Only draft and open invoices can be sent.")
    if invoice["collection_method"] != "send_invoice":
        raise invalid("Only invoices with collection_method=send_invoice can be sent; this one is charged.")
    methods.need_customer(draft, invoice["customer"])
    if invoice["status"] == "draft":
        invoices.finalize(draft, invoice, draft.now_for(invoice))
    else:
        draft.emit("invoice.sent", invoice)
    return invoice


def void(draft: Draft, _params: Obj, invoice_id: str) -> Obj:
    """Void an invoice."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    _must_be(invoice, "open", "uncollectible", message="You can only void open or uncollectible invoices.")
    now = draft.now_for(invoice)
    invoices.void(draft, invoice, now)
    standing.after_void(draft, invoice, now)
    return invoice


def mark_uncollectible(draft: Draft, _params: Obj, invoice_id: str) -> Obj:
    """Give an invoice up."""
    invoice = draft.need("invoice", invoice_id, "invoice")
    _must_be(invoice, "open", message="You can only mark open invoices as uncollectible.")
    now = draft.now_for(invoice)
    invoices.mark_uncollectible(draft, invoice, now, "user_forgiven")
    standing.after_void(draft, invoice, now)
    return invoice


def _must_be(invoice: Obj, *statuses: str, message: str) -> None:
    if invoice["status"] not in statuses:
        raise StripeError(message, code="invoice_not_editable" if "draft" in statuses else None)


def _method_to_pay(draft: Draft, params: Obj, customer: Obj, now: int) -> Obj | None:
    reference = params.get("payment_method")
    if reference is None:
        return None
    return methods.attached(draft, reference, customer, now, "payment_method")


def _finalize_at(invoice: Obj, at: int, now: int) -> None:
    if at <= now:
        name = "automatically_finalizes_at"
        raise invalid(f"{name} must be in the future; it is {now} for this invoice.", name)
    invoice.update(auto_advance=True, automatically_finalizes_at=at)


def _apply_money(draft: Draft, invoice: Obj, customer: Obj, params: Obj, now: int) -> None:
    """Set the discounts and the taxes of a draft."""
    wanted = said(draft, params)
    if wanted is not None:
        own = [name for name in invoice["discounts"] if draft.the("discount", name)["invoice"]]
        invoice["discounts"] = own
        discounts.give(draft, invoice, wanted, Place(customer, now, invoice["currency"]))
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = taxes.checked(draft, params["default_tax_rates"], "default_tax_rates")
    if params.get("automatic_tax") is not None:
        taxes.automatic(invoice, enabled=params["automatic_tax"]["enabled"])


def _apply(draft: Draft, invoice: Obj, customer: Obj, params: Obj, now: int) -> None:
    _apply_money(draft, invoice, customer, params, now)
    for name in _NEVER_NULL:
        if params.get(name) is not None:
            invoice[name] = params[name]
    for name in _UNSETTABLE:
        if name in params:
            invoice[name] = params[name] or None
    if params.get("automatically_finalizes_at") is not None:
        _finalize_at(invoice, params["automatically_finalizes_at"], now)
    if params.get("days_until_due") is not None:
        invoice["_"]["days_until_due"] = params["days_until_due"]
    if "metadata" in params:
        invoice["metadata"] = merged_metadata(invoice["metadata"], params["metadata"])
    if params.get("default_payment_method") is not None:
        param = "default_payment_method"
        invoice[param] = methods.attached(draft, params[param], customer, now, param)["id"]


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        currency=currency_code(),
        customer=ref(),
        pending_invoice_items_behavior=choice("exclude", "include"),
        subscription=ref(),
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        collection_method=choice("charge_automatically", "send_invoice"),
        created=range_of(),
        customer=ref(),
        due_date=range_of(),
        status=choice("draft", "open", "paid", "uncollectible", "void"),
        subscription=ref(),
    ),
    route("POST", f"{URL}/create_preview", create_preview, **PREVIEW),
    route("GET", f"{URL}/search", find, **SEARCH),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON),
    route("DELETE", f"{URL}/{{id}}", delete),
    route("POST", f"{URL}/{{id}}/finalize", finalize, auto_advance=boolean()),
    route(
        "POST",
        f"{URL}/{{id}}/pay",
        pay,
        off_session=boolean(),
        paid_out_of_band=boolean(),
        payment_method=ref(),
    ),
    route("POST", f"{URL}/{{id}}/send", send),
    route("POST", f"{URL}/{{id}}/void", void),
    route("POST", f"{URL}/{{id}}/mark_uncollectible", mark_uncollectible),
)
