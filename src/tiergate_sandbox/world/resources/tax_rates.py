"""Tax rates: https://docs.stripe.com/api/tax_rates."""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    boolean,
    choice,
    merged_metadata,
    metadata,
    number,
    required,
    string,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/tax_rates"
_KINDS = ("gst", "hst", "igst", "jct", "pst", "qst", "rst", "sales_tax", "service_tax", "vat")
_COMMON: dict[str, Param] = {
    "active": boolean(),
    "country": string(2),
    "description": string(),
    "jurisdiction": string(200),
    "metadata": metadata(),
    "state": string(50),
    "tax_type": choice(*_KINDS),
}
_LABELS = ("country", "description", "display_name", "jurisdiction", "state", "tax_type")


def create(draft: Draft, params: Obj) -> Obj:
    """Create a tax rate."""
    rate = blank(
        "tax_rate",
        draft.new_id("txr_"),
        active=params.get("active") is not False,
        created=draft.now_on(None),
        inclusive=params["inclusive"],
        metadata=merged_metadata({}, params.get("metadata") or {}),
        percentage=params["percentage"],
        **{name: params[name] for name in _LABELS if params.get(name) is not None},
    )
    draft.add(rate)
    draft.emit("tax_rate.created", rate)
    return rate


def retrieve(draft: Draft, _params: Obj, rate_id: str) -> Obj:
    """Return a tax rate."""
    return draft.need("tax_rate", rate_id, "tax_rate")


def update(draft: Draft, params: Obj, rate_id: str) -> Obj:
    """Change the labels of a tax rate, or archive it; its percentage never changes."""
    rate = draft.need("tax_rate", rate_id, "tax_rate")
    for name in _LABELS:
        if name in params:
            rate[name] = params[name]
    if params.get("active") is not None:
        rate["active"] = params["active"]
    if "metadata" in params:
        rate["metadata"] = merged_metadata(rate["metadata"], params["metadata"])
    return rate


def list_all(draft: Draft, params: Obj) -> Obj:
    """List tax rates."""
    wanted = {name: params[name] for name in ("active", "inclusive") if params.get(name) is not None}

    def is_wanted(rate: Obj) -> bool:
        return all(rate[name] == value for name, value in wanted.items())

    return page_of(draft, "tax_rate", URL, params, test=is_wanted)


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        display_name=required(string(50)),
        inclusive=required(boolean()),
        percentage=required(number(0, 100)),
    ),
    route("GET", URL, list_all, **PAGE, active=boolean(), created=range_of(), inclusive=boolean()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON, display_name=string(50)),
)
