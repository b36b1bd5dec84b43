"""Invoice payments: https://docs.stripe.com/api/invoice-payment."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import choice, hash_of, ref, required
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/invoice_payments"


def retrieve(draft: Draft, _params: Obj, payment_id: str) -> Obj:
    """Return an invoice payment."""
    return draft.need("invoice_payment", payment_id)


def list_all(draft: Draft, params: Obj) -> Obj:
    """List what was paid for which invoice, from either side."""
    by = {name: params[name] for name in ("invoice", "status") if params.get(name) is not None}
    if params.get("payment") is not None:
        by["payment_intent"] = params["payment"].get("payment_intent")
    return page_of(draft, "invoice_payment", URL, params, by=by)


ROUTES = (
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        created=range_of(),
        invoice=ref(),
        payment=hash_of(type=required(choice("payment_intent")), payment_intent=ref()),
        status=choice("open", "paid", "canceled"),
    ),
    route("GET", f"{URL}/{{id}}", retrieve),
)
