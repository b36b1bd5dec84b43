"""Subscription items: https://docs.stripe.com/api/subscription_items."""

from typing import Any

from tiergate_sandbox.world.billing.change import Change, ItemChange
from tiergate_sandbox.world.billing.hold_change import PAYMENT_BEHAVIORS, change_or_hold, check_params
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import no_such
from tiergate_sandbox.world.pagination import PAGE, part_of
from tiergate_sandbox.world.params import Param, boolean, choice, integer, metadata, ref, required, timestamp
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.resources.subscription_params import PRORATION, price_of
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/subscription_items"
_COMMON: dict[str, Param] = {
    "metadata": metadata(),
    "off_session": boolean(),
    "payment_behavior": choice(*PAYMENT_BEHAVIORS),
    "price": ref(),
    "price_data": prices.PRICE_DATA,
    "proration_behavior": PRORATION,
    "proration_date": timestamp(),
    "quantity": integer(0),
}


def create(draft: Draft, params: Obj) -> Obj:
    """Add an item to a subscription."""
    sub = draft.need("subscription", params["subscription"], "subscription", 400)
    _change(draft, sub, params, None)
    added: Obj = sub["items"][-1]
    return added if sub["pending_update"] is None else sub["pending_update"]["subscription_items"][-1]


def retrieve(draft: Draft, _params: Obj, item_id: str) -> Obj:
    """Return an item."""
    return _find(draft, item_id)[1]


def update(draft: Draft, params: Obj, item_id: str) -> Obj:
    """Change an item's price or quantity."""
    sub, item = _find(draft, item_id)
    _change(draft, sub, params, item["id"])
    return _find(draft, item_id)[1]


def delete(draft: Draft, params: Obj, item_id: str) -> Obj:
    """Remove an item from its subscription."""
    sub, _ = _find(draft, item_id)
    _change(draft, sub, params, item_id, deleted=True)
    return {"id": item_id, "object": "subscription_item", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List the items of a subscription."""
    sub = draft.need("subscription", params["subscription"], "subscription")
    return part_of(sub["items"], URL, params)


def _change(draft: Draft, sub: Obj, params: Obj, item_id: str | None, *, deleted: bool = False) -> None:
    wanted = ItemChange(
        id=item_id,
        price=price_of(draft, params, "item") if not deleted else None,
        quantity=params.get("quantity"),
        metadata=params.get("metadata"),
        deleted=deleted,
    )
    check_params(draft, sub, params)
    change_or_hold(
        draft,
        sub,
        Change(
            now=draft.now_for(sub),
            items=[wanted],
            proration_behavior=params.get("proration_behavior") or "create_prorations",
            proration_date=params.get("proration_date"),
            payment_behavior=params.get("payment_behavior") or "allow_incomplete",
        ),
    )


def _find(draft: Draft, item_id: str) -> tuple[Obj, Obj]:
    for sub in draft.find("subscription", "item", item_id):
        for item in sub["items"]:
            if item["id"] == item_id:
                return sub, item
    raise no_such("subscription_item", item_id, "id", 404)


ROUTES = (
    route("POST", URL, create, **_COMMON, subscription=required(ref())),
    route("GET", URL, list_all, **PAGE, subscription=required(ref())),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **_COMMON),
    route("DELETE", f"{URL}/{{id}}", delete, proration_behavior=PRORATION, proration_date=timestamp()),
)
