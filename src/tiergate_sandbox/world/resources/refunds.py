"""Refunds: https://docs.stripe.com/api/refunds."""

from typing import Any

from tiergate_sandbox.world.billing.refunds import refund
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import choice, integer, merged_metadata, metadata, ref
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/refunds"


def create(draft: Draft, params: Obj) -> Obj:
    """Refund a charge, or the charge of a payment intent, in whole or in part."""
    charge = _charge(draft, params)
    values = {"metadata": merged_metadata({}, params.get("metadata") or {}), "reason": params.get("reason")}
    return refund(draft, charge, params.get("amount"), draft.now_for(charge), **values)


def retrieve(draft: Draft, _params: Obj, refund_id: str) -> Obj:
    """Return a refund."""
    return draft.need("refund", refund_id, "refund")


def update(draft: Draft, params: Obj, refund_id: str) -> Obj:
    """Change the metadata of a refund."""
    found = draft.need("refund", refund_id, "refund")
    if "metadata" in params:
        found["metadata"] = merged_metadata(found["metadata"], params["metadata"])
        draft.emit("charge.refund.updated", found)
    return found


def cancel(draft: Draft, _params: Obj, refund_id: str) -> Obj:
    """Refuse: only refunds that wait for the customer can be canceled, and cards never do."""
    draft.need("refund", refund_id, "refund")
    raise invalid("You can only cancel a refund with status requires_action; card refunds never have it.")


def list_all(draft: Draft, params: Obj) -> Obj:
    """List refunds."""
    by = {name: params[name] for name in ("charge", "payment_intent") if params.get(name) is not None}
    return page_of(draft, "refund", URL, params, by=by)


def list_of_charge(draft: Draft, params: Obj, charge_id: str) -> Obj:
    """List the refunds of a charge."""
    draft.need("charge", charge_id)
    return page_of(draft, "refund", f"/v1/charges/{charge_id}/refunds", params, by={"charge": charge_id})


def _charge(draft: Draft, params: Obj) -> Obj:
    if params.get("charge") is not None:
        return draft.need("charge", params["charge"], "charge", 400)
    if params.get("payment_intent") is None:
        raise missing_parameter("payment_intent")
    intent = draft.need("payment_intent", params["payment_intent"], "payment_intent", 400)
    charge = draft.get("charge", intent["latest_charge"])
    if charge is None or intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return charge


ROUTES = (
    route(
        "POST",
        URL,
        create,
        amount=integer(1),
        charge=ref(),
        metadata=metadata(),
        payment_intent=ref(),
        reason=choice("duplicate", "fraudulent", "requested_by_customer"),
    ),
    route("GET", URL, list_all, **PAGE, charge=ref(), created=range_of(), payment_intent=ref()),
    route("GET", "/v1/charges/{id}/refunds", list_of_charge, **PAGE),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, metadata=metadata()),
    route("POST", f"{URL}/{{id}}/cancel", cancel),
)
