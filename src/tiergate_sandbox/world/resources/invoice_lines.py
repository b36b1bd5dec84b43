"""The lines of an invoice, and changing those of a draft: https://docs.stripe.com/api/invoice-line-item."""

from typing import Any

from tiergate_sandbox.world.billing import discounts, lines, taxes
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, no_such
from tiergate_sandbox.world.pagination import PAGE, part_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    choice,
    hash_of,
    merged_metadata,
    metadata,
    ref,
    required,
)
from tiergate_sandbox.world.resources import invoice_items
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/invoices"
_LINE: dict[str, Param] = invoice_items.COMMON
_SHARED = (
    "amount",
    "description",
    "discountable",
    "discounts",
    "metadata",
    "period",
    "pricing",
    "quantity",
)
_INVOICE_METADATA = {"invoice_metadata": metadata()}


def list_lines(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """List the lines of an invoice, in their order."""
    found = draft.need("invoice", invoice_id, "invoice")["lines"]
    return part_of(found, f"{URL}/{invoice_id}/lines", params)


def add_lines(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """Add pending invoice items, or new ones, to a draft."""
    invoice = _draft_invoice(draft, invoice_id)
    customer = draft.the("customer", invoice["customer"])
    for one in params["lines"]:
        named = one.pop("invoice_item", None)
        if named is None:
            item = invoice_items.new_item(draft, customer, None, {"currency": invoice["currency"], **one})
        else:
            item = draft.need("invoiceitem", named, "lines[0][invoice_item]", 400)
        invoice_items.put_on(draft, invoice, item)
    return _finish(draft, invoice, params)


def update_lines(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """Change several lines of a draft."""
    invoice = _draft_invoice(draft, invoice_id)
    for one in params["lines"]:
        _change(draft, invoice, _line(invoice, one.pop("id")), one)
    return _finish(draft, invoice, params)


def update_line(draft: Draft, params: Obj, invoice_id: str, line_id: str) -> Obj:
    """Change one line of a draft."""
    invoice = _draft_invoice(draft, invoice_id)
    line = _line(invoice, line_id)
    _change(draft, invoice, line, params)
    total_up(draft, invoice)
    return line


def remove_lines(draft: Draft, params: Obj, invoice_id: str) -> Obj:
    """Take lines off a draft: what they bill is deleted, or is pending again."""
    invoice = _draft_invoice(draft, invoice_id)
    for one in params["lines"]:
        line = _line(invoice, one["id"])
        invoice["lines"].remove(line)
        item = _item(draft, line)
        if item is None:
            continue
        item["invoice"] = None
        if one["behavior"] == "delete":
            draft.emit("invoiceitem.deleted", item)
            draft.remove(item)
    return _finish(draft, invoice, params)


def _finish(draft: Draft, invoice: Obj, params: Obj) -> Obj:
    if "invoice_metadata" in params:
        invoice["metadata"] = merged_metadata(invoice["metadata"], params["invoice_metadata"])
    total_up(draft, invoice)
    return invoice


def _change(draft: Draft, invoice: Obj, line: Obj, params: Obj) -> None:
    """Change a line, and the invoice item behind it."""
    if line["amount"] != 0 and params.keys() & {"amount", "pricing", "price_data", "quantity"}:
        known = {"amount": line["amount"], "pricing": _price_of(line), "quantity": line["quantity"]}
        if params.get("amount") is not None:
            known["pricing"] = None
        said = {"currency": invoice["currency"], **known, **params}
        values = invoice_items.amounts(draft, said)
        line.update({name: values[name] for name in ("amount", "pricing", "quantity")})
        line.update(subtotal=line["amount"], quantity_decimal=str(line["quantity"]))
    for name in ("description", "discountable", "period"):
        if name in params:
            line[name] = params[name]
    if "metadata" in params:
        line["metadata"] = merged_metadata(line["metadata"], params["metadata"])
    if params.get("discounts") is not None:
        customer = draft.the("customer", invoice["customer"])
        place = Place(customer, draft.now_for(invoice), invoice["currency"])
        discounts.give(draft, line, params["discounts"], place)
    if "tax_rates" in params:
        rates = taxes.checked(draft, params["tax_rates"], "tax_rates")
        invoice["_"].setdefault("tax_rates", {})[line["id"]] = rates
    item = _item(draft, line)
    if item is not None:
        item.update({name: line[name] for name in _SHARED})
        lines.sum_up(item)


def _price_of(line: Obj) -> Obj | None:
    details = (line["pricing"] or {}).get("price_details")
    return {"price": details["price"]} if details else None


def _draft_invoice(draft: Draft, invoice_id: str) -> Obj:
    invoice = draft.need("invoice", invoice_id, "invoice")
    if invoice["status"] != "draft":
        raise StripeError(
            "The lines of a finalized invoice can't be changed; void it and create another one.",
            code="invoice_not_editable",
        )
    return invoice


def _line(invoice: Obj, line_id: str) -> Obj:
    for line in invoice["lines"]:
        if line["id"] == line_id:
            found: Obj = line
            return found
    raise no_such("line_item", line_id, "id", 404)


def _item(draft: Draft, line: Obj) -> Obj | None:
    parent = line["parent"] or {"type": None}
    details = parent.get(parent["type"]) or {}
    return draft.get("invoiceitem", details.get("invoice_item"))


_CHANGED = array_of(hash_of(**_LINE, id=required(ref())), 250)

ROUTES = (
    route("GET", f"{URL}/{{id}}/lines", list_lines, **PAGE),
    route("POST", f"{URL}/{{id}}/lines/{{line}}", update_line, **_LINE),
    route(
        "POST",
        f"{URL}/{{id}}/add_lines",
        add_lines,
        **_INVOICE_METADATA,
        lines=required(array_of(hash_of(**_LINE, invoice_item=ref()), 250)),
    ),
    route("POST", f"{URL}/{{id}}/update_lines", update_lines, **_INVOICE_METADATA, lines=required(_CHANGED)),
    route(
        "POST",
        f"{URL}/{{id}}/remove_lines",
        remove_lines,
        **_INVOICE_METADATA,
        lines=required(
            array_of(hash_of(behavior=required(choice("delete", "unassign")), id=required(ref())), 250)
        ),
    ),
)
