"""Customers: https://docs.stripe.com/api/customers."""

from typing import Any

from tiergate_sandbox.world import ids
from tiergate_sandbox.world.billing import balance, discounts, ending, methods
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import no_such
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    address,
    anything,
    array_of,
    choice,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.resources import sources, tax_ids
from tiergate_sandbox.world.resources.discounts import OLD_WORDS, said
from tiergate_sandbox.world.resources.tax_ids import TAX_ID_DATA
from tiergate_sandbox.world.resources.test_clocks import check_room
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

FIELDS: dict[str, Param] = {
    "address": address(),
    "balance": integer(),
    "business_name": string(150),
    "description": string(),
    "email": string(512),
    "individual_name": string(150),
    "invoice_prefix": string(12),
    "invoice_settings": hash_of(
        custom_fields=anything(), default_payment_method=ref(), footer=string(), rendering_options=anything()
    ),
    "metadata": metadata(),
    "name": string(256),
    "next_invoice_sequence": integer(1),
    "phone": string(20),
    "preferred_locales": array_of(string()),
    "shipping": hash_of(address=required(address()), name=required(string()), phone=string()),
    "tax_exempt": choice("none", "exempt", "reverse"),
    **OLD_WORDS,
}

_PLAIN = frozenset(FIELDS) - {"balance", "invoice_settings", "metadata", *OLD_WORDS}
_NEVER_NULL = {"balance": 0, "tax_exempt": "none", "preferred_locales": []}


def create(draft: Draft, params: Obj) -> Obj:
    """Create a customer, with a payment method if one is given."""
    clock = params.get("test_clock")
    if clock is not None:
        check_room(draft, clock)
    customer_id = draft.new_id("cus_")
    customer = blank("customer", customer_id, created=draft.now_on(clock), test_clock=clock)
    customer["invoice_prefix"] = ids.invoice_prefix(customer_id)
    draft.add(customer)
    if params.get("payment_method") is not None:
        method = methods.resolve(draft, params["payment_method"], customer["created"])
        methods.attach(draft, method, customer)
    if params.get("source") is not None:
        sources.add(draft, customer, params["source"])
    _apply(draft, customer, params)
    draft.emit("customer.created", customer)
    for data in params.get("tax_id_data") or []:
        tax_ids.add(draft, customer, data)
    return customer


def retrieve(draft: Draft, _params: Obj, customer_id: str) -> Obj:
    """Return a customer; of a deleted one, that it was deleted."""
    return draft.need("customer", customer_id)


def update(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """Change a customer."""
    customer = need_customer(draft, customer_id, "id", 404)
    _apply(draft, customer, params)
    return customer


def delete(draft: Draft, _params: Obj, customer_id: str) -> Obj:
    """Delete a customer; its subscriptions end at once."""
    customer = need_customer(draft, customer_id, "id", 404)
    ending.remove_customer(draft, customer)
    return customer


def list_all(draft: Draft, params: Obj) -> Obj:
    """List customers; those on a test clock only when asked for."""
    by: Obj = {"test_clock": params.get("test_clock")}
    if params.get("email") is not None:
        by["email"] = params["email"]
    return page_of(draft, "customer", "/v1/customers", params, by=by)


def find(draft: Draft, params: Obj) -> Obj:
    """Search customers by e-mail, name, metadata and the like."""
    return search(draft, "customer", "/v1/customers/search", params)


def list_methods(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """List the payment methods of a customer."""
    need_customer(draft, customer_id, "customer", 404)
    url = f"/v1/customers/{customer_id}/payment_methods"
    wanted = params.get("type")
    test = None if wanted is None else (lambda method: method["type"] == wanted)
    return page_of(draft, "payment_method", url, params, by={"customer": customer_id}, test=test)


def retrieve_method(draft: Draft, _params: Obj, customer_id: str, method_id: str) -> Obj:
    """Return one payment method of a customer."""
    method = draft.need("payment_method", method_id, "payment_method")
    if method["customer"] != customer_id:
        raise no_such("payment_method", method_id, "payment_method", 404)
    return method


def _apply(draft: Draft, customer: Obj, params: Obj) -> None:
    for name in _PLAIN & params.keys():
        value = params[name]
        customer[name] = _NEVER_NULL.get(name) if value is None else value
    if params.get("balance") is not None and params["balance"] != customer["balance"]:
        currency = customer["currency"] or draft.settings.default_currency
        balance.move(draft, customer, params["balance"] - customer["balance"], currency, "adjustment")
    wanted = said(draft, params)
    if wanted:
        discounts.give_customer(draft, customer, wanted[0], Place(customer, draft.now_for(customer), None))
    elif wanted == [] and customer["discount"] is not None:
        gone, customer["discount"] = customer["discount"], None
        discounts.remove(draft, gone)
    if "metadata" in params:
        customer["metadata"] = merged_metadata(customer["metadata"], params["metadata"])
    for name, value in (params.get("invoice_settings") or {}).items():
        is_card = name == "default_payment_method" and value is not None
        customer["invoice_settings"][name] = _default_method(draft, customer, value) if is_card else value


def _default_method(draft: Draft, customer: Obj, reference: str) -> str:
    now = draft.now_for(customer)
    method = methods.attached(draft, reference, customer, now, "invoice_settings[default_payment_method]")
    return str(method["id"])


ROUTES = (
    route(
        "POST",
        "/v1/customers",
        create,
        **FIELDS,
        payment_method=ref(),
        source=string(),
        tax_id_data=TAX_ID_DATA,
        test_clock=ref(),
    ),
    route("GET", "/v1/customers", list_all, **PAGE, email=string(), test_clock=ref(), created=range_of()),
    route("GET", "/v1/customers/search", find, **SEARCH),
    route("GET", "/v1/customers/{id}", retrieve),
    route("POST", "/v1/customers/{id}", update, **FIELDS),
    route("DELETE", "/v1/customers/{id}", delete),
    route("GET", "/v1/customers/{id}/payment_methods", list_methods, **PAGE, type=string()),
    route("GET", "/v1/customers/{id}/payment_methods/{method}", retrieve_method),
)
