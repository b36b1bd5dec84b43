"""Subscription schedules: https://docs.stripe.com/api/subscription_schedules."""

from typing import Any

from tiergate_sandbox.world.billing import cancelling, methods, schedule_end, schedules
from tiergate_sandbox.world.billing.subscribe import has_room
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, in_range, page_of, range_of
from tiergate_sandbox.world.params import boolean, merged_metadata, ref
from tiergate_sandbox.world.resources import schedule_params as spec
from tiergate_sandbox.world.resources.subscription_params import billing_mode
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

KIND = "subscription_schedule"
URL = "/v1/subscription_schedules"
_INSTANTS = ("canceled_at", "completed_at", "released_at")


def create(draft: Draft, params: Obj) -> Obj:
    """Create a schedule: for a running subscription and nothing else, or from phases."""
    if params.get("from_subscription") is not None:
        others = sorted(params.keys() - {"from_subscription"})
        if others:
            raise invalid(
                "When from_subscription is set, other parameters cannot be set; update the schedule in a "
                "second request.",
                others[0],
            )
        sub = draft.need("subscription", params["from_subscription"], "from_subscription", 400)
        return schedules.adopt(draft, sub)
    if params.get("customer") is None:
        raise missing_parameter("customer")
    customer = methods.need_customer(draft, params["customer"])
    now = draft.now_for(customer)
    begins_at = now if params.get("start_date") in (None, "now") else params["start_date"]
    if not has_room(draft, customer):
        raise invalid(
            f"Customer {customer['id']} cannot have another subscription; cancel one first.", "customer"
        )
    if begins_at < now:
        raise invalid("The sandbox does not start schedules in the past; pass start_date=now.", "start_date")
    schedule = blank(
        KIND,
        draft.new_id("sub_sched_"),
        billing_mode=billing_mode(draft, params.get("billing_mode")),
        created=now,
        customer=customer["id"],
        end_behavior=params.get("end_behavior") or "release",
        metadata=merged_metadata({}, params.get("metadata") or {}),
        phases=spec.phases_of(draft, spec.need_phases(params.get("phases")), begins_at, now),
        test_clock=customer["test_clock"],
    )
    spec.check_phases(draft, schedule["phases"], customer, schedule["billing_mode"])
    known = schedule["default_settings"]
    schedule["default_settings"] = spec.default_settings(known, params.get("default_settings"))
    draft.add(schedule)
    if begins_at == now:
        schedules.start(draft, schedule, now)
    draft.emit("subscription_schedule.created", schedule)
    return schedule


def retrieve(draft: Draft, _params: Obj, schedule_id: str) -> Obj:
    """Return a schedule."""
    return draft.need(KIND, schedule_id, "schedule")


def update(draft: Draft, params: Obj, schedule_id: str) -> Obj:
    """Change a schedule that is not over."""
    schedule = _running(draft, schedule_id, "update")
    now = draft.now_for(schedule)
    if "metadata" in params:
        schedule["metadata"] = merged_metadata(schedule["metadata"], params["metadata"])
    if params.get("end_behavior") is not None:
        schedule["end_behavior"] = params["end_behavior"]
    known = schedule["default_settings"]
    schedule["default_settings"] = spec.default_settings(known, params.get("default_settings"))
    if params.get("phases") is None and params.get("end_behavior") is None:
        return schedule
    wanted = schedule["phases"]
    if params.get("phases") is not None:
        begins_at = _beginning(schedule, params["phases"], now)
        wanted = spec.phases_of(draft, spec.need_phases(params["phases"]), begins_at, now)
        customer = draft.the("customer", schedule["customer"])
        spec.check_phases(
            draft, wanted, customer, schedule["billing_mode"], schedule["phases"][0]["currency"]
        )
    if schedule["status"] == "not_started":
        schedule["phases"] = wanted
    else:
        behavior = params.get("proration_behavior") or "create_prorations"
        schedules.revise(draft, schedule, wanted, behavior)
    return schedule


def release(draft: Draft, params: Obj, schedule_id: str) -> Obj:
    """Let the subscription go on without its schedule."""
    schedule = _running(draft, schedule_id, "release")
    keep = bool(params.get("preserve_cancel_date"))
    schedule_end.release(draft, schedule, draft.now_for(schedule), keep_cancel_date=keep)
    return schedule


def cancel(draft: Draft, params: Obj, schedule_id: str) -> Obj:
    """Cancel a schedule and its subscription."""
    schedule = _running(draft, schedule_id, "cancel")
    now = draft.now_for(schedule)
    sub = draft.get("subscription", schedule["subscription"])
    if sub is None:
        schedule_end.cancel(draft, schedule, now)
        return schedule
    prorate, invoice_now = (params.get(name) is not False for name in ("prorate", "invoice_now"))
    cancelling.cancel(draft, sub, now, prorate=prorate, invoice_now=invoice_now)
    return schedule


def list_all(draft: Draft, params: Obj) -> Obj:
    """List the schedules."""
    by = {name: params[name] for name in ("customer",) if params.get(name) is not None}
    if params.get("scheduled"):
        by["status"] = "not_started"

    def is_wanted(schedule: Obj) -> bool:
        return all(in_range(schedule[name], params[name]) for name in _INSTANTS if name in params)

    return page_of(draft, KIND, URL, params, by=by, test=is_wanted)


def _running(draft: Draft, schedule_id: str, verb: str) -> Obj:
    schedule = draft.need(KIND, schedule_id, "schedule")
    if schedule["status"] in schedule_end.OVER:
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` "
            "status. The schedule must be in `not_started` or `active` status."
        )
    return schedule


def _beginning(schedule: Obj, sent: list[Obj], now: int) -> int:
    """Return when the first phase of an update begins: as it says, else where the current one began."""
    said = sent[0].get("start_date") if sent else None
    if said is not None:
        return now if said == "now" else int(said)
    current = schedule["current_phase"]
    return int((current or schedule["phases"][0])["start_date"])


ROUTES = (
    route("POST", URL, create, **spec.CREATE),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        **{name: range_of() for name in _INSTANTS},
        created=range_of(),
        customer=ref(),
        scheduled=boolean(),
    ),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **spec.UPDATE),
    route("POST", f"{URL}/{{id}}/cancel", cancel, invoice_now=boolean(), prorate=boolean()),
    route("POST", f"{URL}/{{id}}/release", release, preserve_cancel_date=boolean()),
)
