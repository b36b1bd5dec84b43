"""Invoice items: https://docs.stripe.com/api/invoiceitems."""

from typing import Any

from tiergate_sandbox.world.billing import invoices, lines, methods
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import (
    Param,
    boolean,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.rounding import line_amount
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/invoiceitems"
_COMMON: dict[str, Param] = {
    "amount": integer(),
    "description": string(),
    "discountable": boolean(),
    "metadata": metadata(),
    "period": hash_of(end=required(timestamp()), start=required(timestamp())),
    "price_data": prices.PRICE_DATA,
    "pricing": hash_of(price=ref()),
    "quantity": integer(0),
}


def create(draft: Draft, params: Obj) -> Obj:
    """Create an item that waits for the customer's next invoice, or put it on a draft at once."""
    customer = methods.need_customer(draft, params["customer"])
    now = draft.now_for(customer)
    sub = None
    if params.get("subscription") is not None:
        sub = draft.need("subscription", params["subscription"], "subscription", 400)
    values = _amounts(draft, params)
    values |= {
        name: params[name]
        for name in ("description", "discountable", "period")
        if params.get(name) is not None
    }
    values["metadata"] = merged_metadata({}, params.get("metadata") or {})
    item = lines.new_invoice_item(draft, customer, sub, None, now, **values)
    if params.get("invoice") is not None:
        _put_on(draft, draft.need("invoice", params["invoice"], "invoice", 400), item)
    return item


def retrieve(draft: Draft, _params: Obj, item_id: str) -> Obj:
    """Return an invoice item."""
    return draft.need("invoiceitem", item_id)


def update(draft: Draft, params: Obj, item_id: str) -> Obj:
    """Change an item that waits for an invoice."""
    item = draft.need("invoiceitem", item_id)
    if item["invoice"] is not None:
        raise invalid("This invoice item is on an invoice already; change or delete that draft instead.")
    if params.keys() & {"amount", "pricing", "price_data", "quantity"}:
        item.update(_amounts(draft, {"currency": item["currency"], "amount": item["amount"], **params}))
        item.update(net_amount=item["amount"], quantity_decimal=str(item["quantity"]))
    for name in ("description", "discountable", "period"):
        if name in params:
            item[name] = params[name]
    if "metadata" in params:
        item["metadata"] = merged_metadata(item["metadata"], params["metadata"])
    return item


def delete(draft: Draft, _params: Obj, item_id: str) -> Obj:
    """Delete an item that is on no finalized invoice."""
    item = draft.need("invoiceitem", item_id)
    invoice = draft.get("invoice", item["invoice"])
    if invoice is not None:
        if invoice["status"] != "draft":
            raise invalid("An item of a finalized invoice cannot be deleted; void the invoice instead.")
        invoice["lines"] = [line for line in invoice["lines"] if not _is_of(line, item_id)]
        invoices.total_up(invoice)
    draft.emit("invoiceitem.deleted", item)
    draft.remove(item)
    return {"id": item_id, "object": "invoiceitem", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List invoice items."""
    by = {name: params[name] for name in ("customer", "invoice") if params.get(name) is not None}
    pending = params.get("pending")
    test = None if pending is None else (lambda item: (item["invoice"] is None) == pending)
    return page_of(draft, "invoiceitem", URL, params, by=by, test=test)


def _amounts(draft: Draft, params: Obj) -> Obj:
    quantity = 1 if params.get("quantity") is None else params["quantity"]
    price_id = (params.get("pricing") or {}).get("price")
    if params.get("price_data") is not None:
        price_id = prices.create(draft, params["price_data"])["id"]
    if price_id is not None:
        price = draft.need("price", price_id, "pricing[price]", 400)
        product = draft.glance("product", price["product"])
        return {
            "amount": line_amount(price, quantity),
            "currency": price["currency"],
            "description": product["name"],
            "pricing": lines.priced(price, price["unit_amount_decimal"]),
            "quantity": quantity,
        }
    if params.get("amount") is None:
        raise missing_parameter("amount")
    pricing = {"price_details": None, "type": "price_details", "unit_amount_decimal": str(params["amount"])}
    currency = params.get("currency") or draft.settings.default_currency
    return {"amount": params["amount"], "currency": currency.lower(), "pricing": pricing, "quantity": 1}


def _put_on(draft: Draft, invoice: Obj, item: Obj) -> None:
    if invoice["status"] != "draft" or invoice["customer"] != item["customer"]:
        raise invalid("Items can only be added to a draft invoice of the same customer.", "invoice")
    lines.add_pending(draft, invoice, item)
    invoices.total_up(invoice)


def _is_of(line: Obj, item_id: str) -> bool:
    details = (line["parent"] or {}).get("invoice_item_details") or {}
    return bool(details.get("invoice_item") == item_id)


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        currency=string(3),
        customer=required(ref()),
        invoice=ref(),
        subscription=ref(),
    ),
    route("GET", URL, list_all, **PAGE, customer=ref(), invoice=ref(), pending=boolean()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON),
    route("DELETE", f"{URL}/{{id}}", delete),
)
