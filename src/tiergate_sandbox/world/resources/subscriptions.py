"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from typing import Any

from tiergate_sandbox.world.anchors import FIELDS
from tiergate_sandbox.world.billing import cancelling, cut_short, ending, methods, pause_request
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.billing.hold_change import change_or_hold, check_params
from tiergate_sandbox.world.billing.pause_request import UnusedTimeFrom
from tiergate_sandbox.world.billing.resume import Resumption
from tiergate_sandbox.world.billing.resume import resume as resume_paused
from tiergate_sandbox.world.billing.subscribe import Order, subscribe
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.pagination import PAGE, in_range, page_of, range_of
from tiergate_sandbox.world.params import choice, merged_metadata, ref
from tiergate_sandbox.world.resources import subscription_money as money
from tiergate_sandbox.world.resources import subscription_params as spec
from tiergate_sandbox.world.resources.discounts import said
from tiergate_sandbox.world.resources.subscription_params import (
    PLAIN,
    item_changes,
    item_orders,
    trial_end_of,
    wants_anchor_now,
)
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]

URL = "/v1/subscriptions"
WHILE_INCOMPLETE = frozenset({"cancellation_details", "default_payment_method", "metadata"})


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
        anchor=spec.anchor_of(params, now),
        backdated_to=params.get("backdate_start_date"),
        cancel_at=params.get("cancel_at"),
        cancel_at_period_end=bool(params.get("cancel_at_period_end")),
        payment_behavior=params.get("payment_behavior") or "allow_incomplete",
        proration_behavior=params.get("proration_behavior") or "create_prorations",
        one_time=item_orders(draft, params.get("add_invoice_items") or [], "add_invoice_items"),
        discounts=said(draft, params) or [],
        values=_values(draft, params, customer, now),
    )
    if isinstance(order.cancel_at, int) and order.cancel_at <= now:
        raise invalid(f"cancel_at must be in the future; it is {now} for this customer.", "cancel_at")
    if order.backdated_to is not None and order.backdated_to >= now:
        raise invalid(f"backdate_start_date must be in the past; it is {now} here.", "backdate_start_date")
    return subscribe(draft, order)


def retrieve(draft: Draft, _params: Obj, sub_id: str) -> Obj:
    """Return a subscription."""
    return draft.need("subscription", sub_id)


def update(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Change a subscription."""
    sub = draft.need("subscription", sub_id)
    if sub["status"] in ending.OVER and params.keys() - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if sub["status"] == "incomplete" and params.keys() - WHILE_INCOMPLETE:
        raise invalid(
            "An incomplete subscription can only update its metadata and its default payment method. "
            "Pay its first invoice, or create a new subscription.",
            min(params.keys() - WHILE_INCOMPLETE),
        )
    customer = draft.the("customer", sub["customer"])
    check_params(draft, sub, params)
    _check_unscheduled(sub, params)
    now = draft.now_for(sub)
    _apply_values(draft, sub, params, customer, now)
    wanted = Change(
        now=now,
        items=item_changes(draft, params.get("items") or []),
        trial_end=spec.later_trial_end(draft, params, now),
        anchor_now=wants_anchor_now(params),
        proration_behavior=params.get("proration_behavior") or "create_prorations",
        proration_date=params.get("proration_date"),
        payment_behavior=params.get("payment_behavior") or "allow_incomplete",
        one_time=item_orders(draft, params.get("add_invoice_items") or [], "add_invoice_items"),
    )

    def schedule_end() -> None:
        _schedule_end(draft, sub, params, wanted)

    change_or_hold(draft, sub, wanted, schedule_end, trial_from_plan=params.get("trial_from_plan"))
    return sub


def cancel(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Cancel a subscription at once."""
    sub = draft.need("subscription", sub_id)
    if sub["status"] in ending.OVER:
        raise no_such("subscription", sub_id, "id", 404)
    now = draft.now_for(sub)
    for name, value in (params.get("cancellation_details") or {}).items():
        sub["cancellation_details"][name] = value
    cancelling.cancel(
        draft, sub, now, prorate=bool(params.get("prorate")), invoice_now=bool(params.get("invoice_now"))
    )
    return sub


def pause(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Pause a subscription."""
    sub = draft.need("subscription", sub_id)
    bill_for = params.get("bill_for") or {}
    unused: UnusedTimeFrom = (bill_for.get("unused_time_from") or {}).get("type") or "now"
    bill_usage = (bill_for.get("outstanding_usage_through") or {}).get("type") != "none"
    invoice_now = params.get("invoicing_behavior") == "invoice"
    now = draft.now_for(sub)
    pause_request.pause(draft, sub, now, unused, bill_usage=bill_usage, invoice_now=invoice_now)
    return sub


def resume(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Resume a paused subscription."""
    sub = draft.need("subscription", sub_id)
    wanted = Resumption(
        now=draft.now_for(sub),
        anchor_now=spec.anchor_word(params) != "unchanged",
        proration_behavior=params.get("proration_behavior") or "create_prorations",
        proration_date=params.get("proration_date"),
        on_success=params.get("payment_behavior") == "resume_on_payment_success",
    )
    return resume_paused(draft, sub, wanted)


def migrate(draft: Draft, params: Obj, sub_id: str) -> Obj:
    """Give a subscription flexible billing, for good."""
    sub = draft.need("subscription", sub_id)
    if sub["status"] in ending.OVER:
        raise invalid(f"A subscription with status {sub['status']} cannot be migrated.")
    if sub["billing_mode"]["type"] == "flexible":
        raise invalid("This subscription has billing_mode flexible already.", "billing_mode[type]")
    flexible = {"proration_discounts": "included", **(params["billing_mode"].get("flexible") or {})}
    sub["billing_mode"] = {"flexible": flexible, "type": "flexible", "updated_at": draft.now_for(sub)}
    return sub


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
    if params.get("billing_cycle_anchor_config") is not None:
        config = params["billing_cycle_anchor_config"]
        values["billing_cycle_anchor_config"] = {name: config.get(name) for name in FIELDS}
    values["billing_mode"] = spec.billing_mode(draft, params.get("billing_mode"))
    values |= money.tax_values(draft, params, customer)
    values["trial_settings"] = spec.trial_settings(None, params.get("trial_settings"))
    values["payment_settings"] = spec.payment_settings(None, params.get("payment_settings"))
    return values


def _apply_values(draft: Draft, sub: Obj, params: Obj, customer: Obj, now: int) -> None:
    money.apply(draft, sub, params, customer, now)
    for name in PLAIN:
        if name in params:
            sub[name] = params[name]
    if "pause_collection" in params:
        sub["pause_collection"] = spec.pause_collection(params["pause_collection"], now)
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


def _check_unscheduled(sub: Obj, params: Obj) -> None:
    """Refuse to end a subscription that a schedule manages, as Stripe does."""
    if sub["schedule"] is not None and params.keys() & {"cancel_at", "cancel_at_period_end"}:
        raise invalid(
            f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead.",
        )


def _schedule_end(draft: Draft, sub: Obj, params: Obj, wanted: Change) -> None:
    at_period_end = params.get("cancel_at_period_end")
    if at_period_end and "cancel_at" in params and params["cancel_at"] is not None:
        raise invalid("Pass either cancel_at or cancel_at_period_end, not both.", "cancel_at")
    if at_period_end and not sub["cancel_at_period_end"]:
        cut_short.lengthen(draft, sub, wanted)
        ending.schedule_at_period_end(sub, next_boundary(sub), wanted.now)
    elif at_period_end is False and sub["cancel_at_period_end"]:
        ending.unschedule(sub)
    if "cancel_at" not in params:
        return
    cancel_at = spec.cancel_at_of(sub, params["cancel_at"])
    if cancel_at is None:
        cut_short.go_on(draft, sub, wanted)
    elif cancel_at <= wanted.now:
        raise invalid(f"cancel_at must be in the future; it is {wanted.now} here.", "cancel_at")
    else:
        cut_short.end_at(draft, sub, cancel_at, wanted)


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
    route("POST", f"{URL}/{{id}}/pause", pause, **spec.PAUSE),
    route("POST", f"{URL}/{{id}}/resume", resume, **spec.RESUME),
    route("POST", f"{URL}/{{id}}/migrate", migrate, **spec.MIGRATE),
)
