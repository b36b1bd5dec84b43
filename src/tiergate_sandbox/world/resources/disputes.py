"""Disputes: https://docs.stripe.com/api/disputes."""

from typing import Any

from tiergate_sandbox.world.billing import disputes
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import boolean, hash_of, merged_metadata, metadata, ref, string
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/disputes"


def retrieve(draft: Draft, _params: Obj, dispute_id: str) -> Obj:
    """Return a dispute."""
    return draft.need("dispute", dispute_id, "dispute")


def update(draft: Draft, params: Obj, dispute_id: str) -> Obj:
    """Add evidence, and hand it in unless ``submit`` is false."""
    dispute = draft.need("dispute", dispute_id, "dispute")
    if "metadata" in params:
        dispute["metadata"] = merged_metadata(dispute["metadata"], params["metadata"])
    evidence = params.get("evidence") or {}
    final = params.get("submit") is not False and bool(evidence or params.get("submit"))
    disputes.submit(draft, dispute, evidence, final=final)
    return dispute


def close(draft: Draft, _params: Obj, dispute_id: str) -> Obj:
    """Accept a dispute; it is lost."""
    dispute = draft.need("dispute", dispute_id, "dispute")
    disputes.accept(draft, dispute)
    return dispute


def list_all(draft: Draft, params: Obj) -> Obj:
    """List disputes."""
    by = {name: params[name] for name in ("charge", "payment_intent") if params.get(name) is not None}
    return page_of(draft, "dispute", URL, params, by=by)


_TEXTS = [name for name in disputes.EVIDENCE if name != "appeal"]

ROUTES = (
    route("GET", URL, list_all, **PAGE, charge=ref(), created=range_of(), payment_intent=ref()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}",
        update,
        evidence=hash_of(**dict.fromkeys(_TEXTS, string(20_000))),
        metadata=metadata(),
        submit=boolean(),
    ),
    route("POST", f"{URL}/{{id}}/close", close),
)
