"""The upcoming invoice, as it was asked for before the basil version gave it ``create_preview``.

https://docs.stripe.com/changelog/basil/2025-03-31/invoice-preview-api-deprecations
"""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.pagination import PAGE
from tiergate_sandbox.world.params import Param, hash_of
from tiergate_sandbox.world.render import list_object
from tiergate_sandbox.world.resources.invoice_preview import DETAILS, PREVIEW, create_preview
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/invoices/upcoming"
_OLD_DETAILS = [name for name in DETAILS if name != "billing_mode"]
_SPEC: dict[str, Param] = {
    **{name: param for name, param in PREVIEW.items() if name != "preview_mode"},
    **{f"subscription_{name}": DETAILS[name] for name in _OLD_DETAILS},
    "subscription_details": hash_of(**{name: DETAILS[name] for name in _OLD_DETAILS}),
}


def upcoming(draft: Draft, params: Obj) -> Obj:
    """Return the invoice that comes next, or would come after a change; it has no id."""
    details = dict(params.pop("subscription_details", None) or {})
    for name in _OLD_DETAILS:
        if f"subscription_{name}" in params:
            details[name] = params.pop(f"subscription_{name}")
    if params.get("subscription") is None and not details.get("items"):
        params["subscription"] = _only_subscription(draft, params.get("customer"))
    invoice = create_preview(draft, {**params, "subscription_details": details})
    del invoice["id"]
    return invoice


def upcoming_lines(draft: Draft, params: Obj) -> Obj:
    """Return the lines of the upcoming invoice."""
    limit = params.pop("limit", None) or 10
    after = params.pop("starting_after", None)
    found = upcoming(draft, params)["lines"]
    ids = [line["id"] for line in found]
    first = ids.index(after) + 1 if after in ids else 0
    page = found[first : first + limit]
    return list_object(page, f"{URL}/lines", has_more=len(found) > first + limit)


def _only_subscription(draft: Draft, customer: str | None) -> str | None:
    """Return the subscription that is billed next, when a customer alone is named."""
    subs = draft.find("subscription", "customer", customer) if customer else []
    live = [sub for sub in subs if sub["status"] in ("trialing", "active", "past_due")]
    ends = {sub["id"]: min(item["current_period_end"] for item in sub["items"]) for sub in live}
    return min(ends, key=lambda name: ends[name], default=None)


ROUTES = (
    route("GET", URL, upcoming, **_SPEC),
    route("GET", f"{URL}/lines", upcoming_lines, **_SPEC, **PAGE),
)
