"""Invoice items: https://docs.stripe.com/api/invoiceitems."""

from typing import Any

from tiergate_sandbox.world.billing import discounts, lines, methods, taxes
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, in_range, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
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
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.resources.discounts import DISCOUNTS
from tiergate_sandbox.world.rounding import line_amount
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/invoiceitems"
COMMON: dict[str, Param] = {
    "amount": integer(),
    "description": string(),
    "discountable": boolean(),
    "discounts": DISCOUNTS,
    "tax_rates": array_of(ref()),
    "metadata": metadata(),
    "period": hash_of(end=required(timestamp()), start=required(timestamp())),
    "price_data": prices.PRICE_DATA,
    "pricing": hash_of(price=ref()),
    "quantity": integer(0),
}
"""What can be said about an invoice item, and about a line of a draft."""

_OLD_WORDS: dict[str, Param] = {"price": ref(), "unit_amount": integer()}
"""What said the price of an invoice item before the basil version put it into ``pricing``."""

PREVIEWED: dict[str, Param] = {
    **{name: param for name, param in COMMON.items() if name != "pricing"},
    **_OLD_WORDS,
    "currency": currency_code(),
    "invoiceitem": ref(),
}
"""What can be said about an invoice item that is only asked about."""


def create(draft: Draft, params: Obj) -> Obj:
    """Create an item that waits for the customer's next invoice, or put it on a draft at once."""
    customer = methods.need_customer(draft, params["customer"])
    sub = None
    if params.get("subscription") is not None:
        sub = draft.need("subscription", params["subscription"], "subscription", 400)
    item = new_item(draft, customer, sub, params)
    if params.get("invoice") is not None:
        put_on(draft, draft.need("invoice", params["invoice"], "invoice", 400), item)
    return item


def new_item(draft: Draft, customer: Obj, sub: Obj | None, params: Obj) -> Obj:
    """Return a new pending item of a customer."""
    values = amounts(draft, params)
    values |= {
        name: params[name]
        for name in ("description", "discountable", "period")
        if params.get(name) is not None
    }
    values["metadata"] = merged_metadata({}, params.get("metadata") or {})
    values.setdefault("discountable", values["amount"] >= 0)
    now = draft.now_for(customer)
    item = lines.new_invoice_item(draft, customer, sub, None, now, **values)
    _apply_money(draft, item, customer, params, now)
    return item


def retrieve(draft: Draft, _params: Obj, item_id: str) -> Obj:
    """Return an invoice item."""
    return draft.need("invoiceitem", item_id)


def update(draft: Draft, params: Obj, item_id: str) -> Obj:
    """Change an item that waits for an invoice."""
    item = draft.need("invoiceitem", item_id)
    if item["invoice"] is not None:
        raise invalid("This invoice item is on an invoice already; change or delete that draft instead.")
    if params.keys() & {"amount", "pricing", "price", "price_data", "quantity", "unit_amount"}:
        item.update(amounts(draft, {"currency": item["currency"], "amount": item["amount"], **params}))
    for name in ("description", "discountable", "period"):
        if name in params:
            item[name] = params[name]
    _apply_money(draft, item, draft.the("customer", item["customer"]), params, draft.now_for(item))
    lines.sum_up(item)
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
        total_up(draft, invoice)
    draft.emit("invoiceitem.deleted", item)
    draft.remove(item)
    return {"id": item_id, "object": "invoiceitem", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List invoice items."""
    by = {name: params[name] for name in ("customer", "invoice") if params.get(name) is not None}
    pending = params.get("pending")
    made = params.pop("created", None)

    def is_wanted(item: Obj) -> bool:
        fits = pending is None or (item["invoice"] is None) == pending
        return fits and (made is None or in_range(item["date"], made))

    return page_of(draft, "invoiceitem", URL, params, by=by, test=is_wanted)


def amounts(draft: Draft, params: Obj) -> Obj:
    """Return what an item costs: by its price, by a unit amount, or by an amount as a whole.

    Raises:
        StripeError: when none of them is said, or the price has nothing in the currency.
    """
    quantity = 1 if params.get("quantity") is None else params["quantity"]
    price_id = (params.get("pricing") or {}).get("price") or params.get("price")
    if params.get("price_data") is not None:
        price_id = prices.create(draft, params["price_data"])["id"]
    if price_id is not None:
        draft.need("price", price_id, "pricing[price]", 400)
        price = price_in(draft, price_id, params.get("currency"), "pricing[price]")
        product = draft.glance("product", price["product"])
        return {
            "amount": line_amount(price, quantity),
            "currency": price["currency"],
            "description": product["name"],
            "pricing": lines.priced(price, price["unit_amount_decimal"]),
            "quantity": quantity,
        }
    unit = params.get("unit_amount")
    if unit is None:
        unit, quantity = params.get("amount"), 1
    if unit is None:
        raise missing_parameter("amount")
    pricing = {"price_details": None, "type": "price_details", "unit_amount_decimal": str(unit)}
    currency = (params.get("currency") or draft.settings.default_currency).lower()
    return {"amount": unit * quantity, "currency": currency, "pricing": pricing, "quantity": quantity}


def _apply_money(draft: Draft, item: Obj, customer: Obj, params: Obj, now: int) -> None:
    if params.get("discounts") is not None:
        discounts.give(draft, item, params["discounts"], Place(customer, now, item["currency"]))
    if "tax_rates" in params:
        item["tax_rates"] = taxes.checked(draft, params["tax_rates"], "tax_rates")


def put_on(draft: Draft, invoice: Obj, item: Obj) -> None:
    """Put a pending item on a draft invoice.

    Raises:
        StripeError: when the invoice is finalized, or somebody else's.
    """
    if invoice["status"] != "draft" or invoice["customer"] != item["customer"]:
        raise invalid("Items can only be added to a draft invoice of the same customer.", "invoice")
    lines.add_pending(draft, invoice, item)
    total_up(draft, invoice)


def _is_of(line: Obj, item_id: str) -> bool:
    parent = line["parent"] or {"type": None}
    return bool((parent.get(parent["type"]) or {}).get("invoice_item") == item_id)


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **COMMON,
        **_OLD_WORDS,
        currency=currency_code(),
        customer=required(ref()),
        invoice=ref(),
        subscription=ref(),
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        created=range_of(),
        customer=ref(),
        invoice=ref(),
        pending=boolean(),
    ),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **COMMON, **_OLD_WORDS),
    route("DELETE", f"{URL}/{{id}}", delete),
)
