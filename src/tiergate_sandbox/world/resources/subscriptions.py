"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from typing import Any

from tiergate_sandbox.world.billing import change as changes
from tiergate_sandbox.world.billing import credits, ending, methods
from tiergate_sandbox.world.billing import cycle as cycles
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.billing.resume import resume as resume_paused
from tiergate_sandbox.world.billing.subscribe import Order, subscribe
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.pagination import PAGE, in_range, page_of, range_of
from tiergate_sandbox.world.params import choice, merged_metadata, ref
from tiergate_sandbox.world.resources import subscription_params as spec
from tiergate_sandbox.world.resources.subscription_params import (
    PLAIN,
    item_changes,
    item_orders,
    trial_end_of,
    wants_anchor_now,
)
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search
from tiergate_sandbox.world.versions import CLOVER, predates

Obj = dict[str, Any]

URL = "/v1/subscriptions"


def create(draft: Draft, params: Obj) -> Obj:
    """Create a subscription."""
    customer = methods.need_customer(draft, params["customer"])
    now = draft.now_for(customer)
    order = Order(
        customer=customer,
        items=item_orders(draft, params.get("items") or []),
        now=now,
        currency=params.get("currency"),
        trial_end=trial_end_of(draft, params, now),
        anchor=params.get("billing_cycle_anchor"),
        cancel_at=params.get("cancel_at"),
        cancel_at_period_end=bool(params.get("cancel_at_period_end")),
        payment_behavior=params.get("payment_behavior") or "allow_incomplete",
        proration_behavior=params.get("proration_behavior") or "create_prorations",
        one_time=item_orders(draft, params.get("add_invoice_items") or [], "add_invoice_items"),
        values=_values(draft, params, customer, now),
    )
    for name in ("billing_cycle_anchor", "cancel_at"):
        if params.get(name) is not None and params[name] <= now:
            raise invalid(f"{name} must be in the future; it is {now} for this customer.", name)
    return subscribe(draft, order)


def retrieve(draft: Draft, _params: Obj, sub_id: str) -> Obj:
    """Return a subscription."""
    return draft.need("subscription", sub_id)


def update(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Change a subscription."""
    sub = draft.need("subscription", sub_id)
    if sub["status"] in ending.OVER and params.keys() - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    customer = draft.the("customer", sub["customer"])
    now = draft.now_for(sub)
    _apply_values(draft, sub, params, customer, now)
    wanted = Change(
        now=now,
        items=item_changes(draft, params.get("items") or []),
        trial_end=params.get("trial_end"),
        anchor_now=wants_anchor_now(params),
        proration_behavior=params.get("proration_behavior") or "create_prorations",
        proration_date=params.get("proration_date"),
        payment_behavior=params.get("payment_behavior") or "allow_incomplete",
    )
    if isinstance(wanted.trial_end, int) and wanted.trial_end <= now:
        raise invalid(f"trial_end must be in the future; it is {now} for this subscription.", "trial_end")
    changes.change(draft, sub, wanted)
    _schedule_end(sub, params, now)
    return sub


def cancel(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Cancel a subscription at once."""
    sub = draft.need("subscription", sub_id)
    if sub["status"] in ending.OVER:
        raise no_such("subscription", sub_id, "id", 404)
    now = draft.now_for(sub)
    for name, value in (params.get("cancellation_details") or {}).items():
        sub["cancellation_details"][name] = value
    if params.get("prorate"):
        for item in sub["items"]:
            credits.credit(draft, sub, item, now)
    sub.update(cancel_at=None, cancel_at_period_end=False)
    ending.end(draft, sub, now, reason="cancellation_requested")
    if params.get("invoice_now"):
        cycles.final_invoice(draft, sub, now)
    return sub


def resume(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Resume a paused subscription."""
    sub = draft.need("subscription", sub_id)
    return resume_paused(draft, sub, draft.now_for(sub), anchor_now=not _keeps_anchor(params))


def list_all(draft: Draft, params: Obj) -> Obj:
    """List subscriptions; canceled ones only when asked for by status."""
    by = {
        name: params[name]
        for name in ("customer", "price", "collection_method")
        if params.get(name) is not None
    }
    if params.get("test_clock") is not None:
        by["test_clock"] = params["test_clock"]
    elif "customer" not in by:
        by["test_clock"] = None
    status = params.get("status")
    if status not in (None, "all", "ended"):
        by["status"] = status

    def is_wanted(sub: Obj) -> bool:
        ends = min(item["current_period_end"] for item in sub["items"])
        starts = max(item["current_period_start"] for item in sub["items"])
        over = sub["status"] in ending.OVER
        return (
            (status is not None or sub["status"] != "canceled")
            and (status != "ended" or over)
            and ("current_period_end" not in params or in_range(ends, params["current_period_end"]))
            and ("current_period_start" not in params or in_range(starts, params["current_period_start"]))
        )

    return page_of(draft, "subscription", URL, params, by=by, test=is_wanted)


def find(draft: Draft, params: Obj) -> Obj:
    """Search subscriptions by status, metadata and the like."""
    return search(draft, "subscription", f"{URL}/search", params)


def _values(draft: Draft, params: Obj, customer: Obj, now: int) -> Obj:
    """Return the fields of a new subscription that are taken as they were sent."""
    values = {name: params[name] for name in PLAIN if params.get(name) is not None}
    values["metadata"] = merged_metadata({}, params.get("metadata") or {})
    if params.get("default_payment_method") is not None:
        method = methods.attached(
            draft, params["default_payment_method"], customer, now, "default_payment_method"
        )
        values["default_payment_method"] = method["id"]
    if values.get("collection_method") == "send_invoice" and values.get("days_until_due") is None:
        raise invalid("Pass days_until_due when collection_method is send_invoice.", "days_until_due")
    version = draft.origin.version or draft.settings.default_version
    mode = (params.get("billing_mode") or {}).get("type") or (
        "classic" if predates(version, CLOVER) else "flexible"
    )
    flexible = {"proration_discounts": "included"} if mode == "flexible" else None
    values["billing_mode"] = {"flexible": flexible, "type": mode, "updated_at": None}
    values["trial_settings"] = spec.trial_settings(None, params.get("trial_settings"))
    values["payment_settings"] = spec.payment_settings(None, params.get("payment_settings"))
    return values


def _apply_values(draft: Draft, sub: Obj, params: Obj, customer: Obj, now: int) -> None:
    for name in PLAIN:
        if name in params:
            sub[name] = params[name]
    if "metadata" in params:
        sub["metadata"] = merged_metadata(sub["metadata"], params["metadata"])
    if "default_payment_method" in params:
        reference = params["default_payment_method"]
        param = "default_payment_method"
        sub[param] = methods.attached(draft, reference, customer, now, param)["id"] if reference else None
    for name, value in (params.get("cancellation_details") or {}).items():
        sub["cancellation_details"][name] = value
    sub["trial_settings"] = spec.trial_settings(sub["trial_settings"], params.get("trial_settings"))
    sub["payment_settings"] = spec.payment_settings(sub["payment_settings"], params.get("payment_settings"))


def _schedule_end(sub: Obj, params: Obj, now: int) -> None:
    at_period_end = params.get("cancel_at_period_end")
    if at_period_end and "cancel_at" in params and params["cancel_at"] is not None:
        raise invalid("Pass either cancel_at or cancel_at_period_end, not both.", "cancel_at")
    if at_period_end and not sub["cancel_at_period_end"]:
        ending.schedule_at_period_end(sub, min(item["current_period_end"] for item in sub["items"]), now)
    elif at_period_end is False and sub["cancel_at_period_end"]:
        ending.unschedule(sub)
    if "cancel_at" not in params:
        return
    cancel_at = spec.cancel_at_of(sub, params["cancel_at"])
    if cancel_at is None:
        ending.unschedule(sub)
    elif cancel_at <= now:
        raise invalid(f"cancel_at must be in the future; it is {now} for this subscription.", "cancel_at")
    else:
        ending.schedule_at(sub, cancel_at, now)
        sub["_"]["proration_behavior"] = params.get("proration_behavior") or "create_prorations"


def _keeps_anchor(params: Obj) -> bool:
    return spec.anchor_word(params) == "unchanged"


ROUTES = (
    route("POST", URL, create, **spec.CREATE),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        collection_method=choice("charge_automatically", "send_invoice"),
        created=range_of(),
        current_period_end=range_of(),
        current_period_start=range_of(),
        customer=ref(),
        price=ref(),
        status=choice(*spec.STATUSES, "all", "ended"),
        test_clock=ref(),
    ),
    route("GET", f"{URL}/search", find, **SEARCH),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **spec.UPDATE),
    route("DELETE", f"{URL}/{{id}}", cancel, **spec.CANCEL),
    route("POST", f"{URL}/{{id}}/cancel", cancel, **spec.CANCEL),
    route("POST", f"{URL}/{{id}}/resume", resume, **spec.RESUME),
)
