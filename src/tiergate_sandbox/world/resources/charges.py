"""Charges: https://docs.stripe.com/api/charges."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import ref
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/charges"


def retrieve(draft: Draft, _params: Obj, charge_id: str) -> Obj:
    """Return a charge."""
    return draft.need("charge", charge_id)


def list_all(draft: Draft, params: Obj) -> Obj:
    """List charges."""
    by = {name: params[name] for name in ("customer", "payment_intent") if params.get(name) is not None}
    return page_of(draft, "charge", URL, params, by=by)


ROUTES = (
    route("GET", URL, list_all, **PAGE, customer=ref(), payment_intent=ref(), created=range_of()),
    route("GET", f"{URL}/{{id}}", retrieve),
)
