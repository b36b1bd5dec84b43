"""Customer balance transactions: https://docs.stripe.com/api/customer_balance_transactions."""

from typing import Any

from tiergate_sandbox.world.billing import balance
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import no_such
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    currency_code,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/customers/{id}/balance_transactions"
_LABELS: dict[str, Param] = {"description": string(350), "metadata": metadata()}


def create(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """Put an amount on a customer's balance; a negative one is a credit."""
    customer = need_customer(draft, customer_id, "customer", 404)
    values = {
        "description": params.get("description"),
        "metadata": merged_metadata({}, params.get("metadata") or {}),
    }
    return balance.move(draft, customer, params["amount"], params["currency"].lower(), "adjustment", **values)


def retrieve(draft: Draft, _params: Obj, customer_id: str, transaction_id: str) -> Obj:
    """Return a transaction."""
    found = draft.need("customer_balance_transaction", transaction_id)
    if found["customer"] != customer_id:
        raise no_such("customer_balance_transaction", transaction_id, "id", 404)
    return found


def update(draft: Draft, params: Obj, customer_id: str, transaction_id: str) -> Obj:
    """Change the labels of a transaction."""
    found = retrieve(draft, {}, customer_id, transaction_id)
    if "description" in params:
        found["description"] = params["description"]
    if "metadata" in params:
        found["metadata"] = merged_metadata(found["metadata"], params["metadata"])
    return found


def list_all(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """List a customer's transactions."""
    need_customer(draft, customer_id, "customer", 404)
    url = f"/v1/customers/{customer_id}/balance_transactions"
    wanted = params.get("invoice")
    test = None if wanted is None else (lambda one: one["invoice"] == wanted)
    kind = "customer_balance_transaction"
    return page_of(draft, kind, url, params, by={"customer": customer_id}, test=test)


ROUTES = (
    route("POST", URL, create, **_LABELS, amount=required(integer()), currency=required(currency_code())),
    route("GET", URL, list_all, **PAGE, created=range_of(), invoice=ref()),
    route("GET", f"{URL}/{{transaction}}", retrieve),
    route("POST", f"{URL}/{{transaction}}", update, **_LABELS),
)
