"""Who is entitled to which features: https://docs.stripe.com/billing/entitlements#entitlements.

What a customer has follows from the live subscriptions and from what their products include. It is worked out
again when a subscription begins, ends, changes its prices or enters a new period, so that a feature which a
product gains or loses counts from the next period on.
"""

from collections.abc import Iterable
from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.render import list_object

Obj = dict[str, Any]

ENTITLEMENT = "entitlements.active_entitlement"
SUMMARY = "entitlements.active_entitlement_summary"
INLINE = 10


def settle(draft: Draft) -> None:
    """Give and take what this step has changed, and tell each customer's new summary."""
    if not draft.state.table("product_feature").order and not draft.state.table(ENTITLEMENT).order:
        return
    moved = [after["customer"] for before, after in draft.changes("subscription") if _counts(before, after)]
    for customer_id in dict.fromkeys(moved):
        _settle_customer(draft, customer_id)


def _counts(before: Obj | None, after: Obj) -> bool:
    return before is None or _signature(before) != _signature(after)


def _signature(sub: Obj) -> tuple[object, ...]:
    return sub["status"], [(item["price"], item["current_period_start"]) for item in sub["items"]]


def _settle_customer(draft: Draft, customer_id: str) -> None:
    customer = draft.the("customer", customer_id)
    known = draft.find(ENTITLEMENT, "customer", customer_id)
    wanted = {} if customer.get("deleted") else _features(draft, customer_id)
    given = {one["feature"] for one in known}
    if given == set(wanted):
        return
    for one in known:
        if one["feature"] not in wanted:
            draft.remove(one)
    added = [_entitle(draft, customer, feature) for name, feature in wanted.items() if name not in given]
    if customer.get("deleted"):
        return
    now_has = [one for one in known if one["feature"] in wanted] + added
    previous = {"entitlements": {"data": _shown(known)}}
    draft.emit(f"{SUMMARY}.updated", _summary(customer, now_has), previous)


def _features(draft: Draft, customer_id: str) -> dict[str, Obj]:
    found: dict[str, Obj] = {}
    for sub in draft.find("subscription", "customer", customer_id):
        if sub["status"] not in draft.settings.entitling_statuses:
            continue
        for item in sub["items"]:
            product = draft.glance("price", item["price"])["product"]
            for attached in draft.find("product_feature", "product", product):
                feature = draft.the("entitlements.feature", attached["entitlement_feature"])
                found[feature["id"]] = feature
    return found


def _entitle(draft: Draft, customer: Obj, feature: Obj) -> Obj:
    entitlement = blank(
        ENTITLEMENT, draft.new_id("ent_"), feature=feature["id"], lookup_key=feature["lookup_key"]
    )
    entitlement["_"] = {"customer": customer["id"], "test_clock": customer["test_clock"]}
    return draft.add(entitlement)


def _summary(customer: Obj, entitlements: list[Obj]) -> Obj:
    url = f"/v1/customer/{customer['id']}/entitlements"
    more = len(entitlements) > INLINE
    return {
        "object": SUMMARY,
        "customer": customer["id"],
        "entitlements": list_object(_shown(entitlements[:INLINE]), url, has_more=more),
        "livemode": False,
        "_": {"test_clock": customer["test_clock"]},
    }


def _shown(entitlements: Iterable[Obj]) -> list[Obj]:
    return [{key: value for key, value in one.items() if key != "_"} for one in entitlements]
