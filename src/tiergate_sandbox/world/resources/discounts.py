"""Saying discounts in requests, in the words of each version, and taking them away again.

https://docs.stripe.com/api/discounts
"""

from typing import Any

from tiergate_sandbox.world.billing import discounts
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.params import Param, array_of, hash_of, ref
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

DISCOUNTS = array_of(hash_of(coupon=ref(), discount=ref(), promotion_code=ref()), 20)

OLD_WORDS: dict[str, Param] = {"coupon": ref(), "promotion_code": ref()}
"""What said a single discount before the basil version."""


def said(draft: Draft, params: Obj) -> list[Obj] | None:
    """Return the discounts that a request asks for, none to leave things as they are.

    Raises:
        StripeError: when it says them twice.
    """
    old = [name for name in OLD_WORDS if name in params]
    if not old:
        found: list[Obj] | None = params.get("discounts")
        return found
    if len(old) > 1 or "discounts" in params:
        raise invalid("Pass only one of coupon, promotion_code and discounts.", old[0])
    value = params[old[0]]
    return [] if value is None else [{old[0]: value}]


def remove_from_customer(draft: Draft, _params: Obj, customer_id: str) -> Obj:
    """Take a customer's discount away."""
    customer = need_customer(draft, customer_id, "id", 404)
    if customer["discount"] is None:
        raise no_such("discount", customer_id, "id", 404)
    gone, customer["discount"] = customer["discount"], None
    return _removed(draft, [gone])


def remove_from_subscription(draft: Draft, _params: Obj, sub_id: str) -> Obj:
    """Take a subscription's discounts away."""
    sub = draft.need("subscription", sub_id)
    if not sub["discounts"]:
        raise no_such("discount", sub_id, "id", 404)
    gone, sub["discounts"] = sub["discounts"], []
    return _removed(draft, gone)


def _removed(draft: Draft, names: list[str]) -> Obj:
    for name in names:
        discounts.remove(draft, name)
    return {**draft.the("discount", names[-1]), "deleted": True}


ROUTES = (
    route("DELETE", "/v1/customers/{id}/discount", remove_from_customer),
    route("DELETE", "/v1/subscriptions/{id}/discount", remove_from_subscription),
)
