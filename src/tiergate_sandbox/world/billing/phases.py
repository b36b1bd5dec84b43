"""The phases of a schedule, and the switch to the next one when it falls on the turn of the period.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from typing import Any

from tiergate_sandbox.world.billing import lines, metering, pending_update, schedule_end
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.periods import Interval
from tiergate_sandbox.world.schedule_shapes import phase_item

Obj = dict[str, Any]
Pair = tuple[Obj | None, Obj | None]
"""A subscription item and the phase item that takes its place: None is nothing before, or nothing after."""


def current_index(schedule: Obj) -> int:
    """Return the place of the current phase."""
    starts_at = schedule["current_phase"]["start_date"]
    return next(index for index, phase in enumerate(schedule["phases"]) if phase["start_date"] == starts_at)


def enter_when_due(draft: Draft, sub: Obj, now: int) -> None:
    """Enter the next phase (or leave the last one) if it is due and all items are at the end of a period.

    Nothing is prorated then: the renewal that follows is for what the phase says.
    """
    schedule = schedule_end.of(draft, sub)
    if schedule is None or schedule["status"] != "active" or schedule["current_phase"]["end_date"] > now:
        return
    if any(item["current_period_end"] > now for item in sub["items"]):
        return
    phase = advance(draft, schedule, sub, now)
    if phase is None:
        return
    resets = resets_anchor(draft, sub, phase)
    apply_fields(sub, phase)
    if (phase["trial_end"] or 0) > now:
        _begin_trial(draft, sub, phase["trial_end"], now)
    elif resets:
        sub["billing_cycle_anchor"] = now
    swap(draft, sub, phase, now)
    for item in phase["add_invoice_items"]:
        price = price_in(draft, item["price"], sub["currency"])
        lines.one_time(draft, draft.the("customer", sub["customer"]), sub, price, item["quantity"], now)


def _begin_trial(draft: Draft, sub: Obj, trial_end: int, now: int) -> None:
    """Let the period that begins be a trial; what was used before it is billed, what is used in it is not."""
    metering.leave_pending(draft, sub, now)
    for item in sub["items"]:
        item["_"].pop("used_since", None)
    started_at = sub["trial_start"] if sub["status"] == "trialing" else now
    sub.update(status="trialing", trial_start=started_at, trial_end=trial_end, billing_cycle_anchor=trial_end)


def advance(draft: Draft, schedule: Obj, sub: Obj, now: int) -> Obj | None:
    """Make the next phase the current one and return it; without one, end the schedule and return None."""
    index = current_index(schedule) + 1
    pending_update.discard(draft, sub, now)
    if index >= len(schedule["phases"]):
        if schedule["end_behavior"] == "release":
            schedule_end.finish(draft, schedule, now)
        return None
    return make_current(schedule, sub, index)


def make_current(schedule: Obj, sub: Obj, index: int) -> Obj:
    """Make a phase the current one; the last one of a schedule that cancels sets ``cancel_at``."""
    phase: Obj = schedule["phases"][index]
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    if schedule["end_behavior"] == "cancel" and index == len(schedule["phases"]) - 1:
        sub["cancel_at"] = phase["end_date"]
    return phase


def apply_fields(sub: Obj, phase: Obj) -> None:
    """Give the subscription what the phase says besides items; metadata is merged."""
    sub["metadata"] = {**sub["metadata"], **(phase["metadata"] or {})}
    for name in ("collection_method", "default_payment_method", "description"):
        if phase[name] is not None:
            sub[name] = phase[name]
    days_until_due = (phase["invoice_settings"] or {}).get("days_until_due")
    if days_until_due is not None:
        sub["days_until_due"] = days_until_due


def pairs(sub: Obj, phase: Obj) -> list[Pair]:
    """Return which item becomes which: the same price first, then in their order; the rest come or go."""
    left = list(sub["items"])
    found: list[Pair] = []
    open_wishes = []
    for wanted in phase["items"]:
        same = next((item for item in left if item["price"] == wanted["price"]), None)
        if same is None:
            open_wishes.append(wanted)
        else:
            left.remove(same)
            found.append((same, wanted))
    for wanted in open_wishes:
        found.append((left.pop(0) if left else None, wanted))
    return found + [(item, None) for item in left]


def resets_anchor(draft: Draft, sub: Obj, phase: Obj) -> bool:
    """Tell whether the phase begins a new cycle: because it says so, or because an interval changes."""
    if phase["billing_cycle_anchor"] == "phase_start":
        return True
    return any(
        Interval.of(draft.glance("price", item["price"]))
        != Interval.of(draft.glance("price", wanted["price"]))
        for item, wanted in pairs(sub, phase)
        if item is not None and wanted is not None
    )


def swap(draft: Draft, sub: Obj, phase: Obj, now: int) -> None:
    """Give the subscription the items of a phase; a new one waits for the renewal to get its period."""
    for known, wanted in pairs(sub, phase):
        if wanted is None:
            sub["items"].remove(known)
            continue
        item = known or _new_item(draft, sub, now)
        metadata = wanted["metadata"] or item["metadata"]
        item.update(price=wanted["price"], quantity=wanted["quantity"], metadata=metadata)


def _new_item(draft: Draft, sub: Obj, now: int) -> Obj:
    item = blank("subscription_item", draft.new_id("si_"), created=now, subscription=sub["id"])
    item.update(current_period_start=now, current_period_end=now)
    sub["items"].append(item)
    return item


def write_back(draft: Draft, sub: Obj) -> None:
    """Note on the current phase what a direct edit of the subscription changed."""
    schedule = schedule_end.of(draft, sub)
    if schedule is None or schedule["status"] != "active":
        return
    phase = schedule["phases"][current_index(schedule)]
    phase["items"] = items_of(sub)
    phase["trial_end"] = sub["trial_end"] if sub["status"] == "trialing" else None


def items_of(sub: Obj) -> list[Obj]:
    """Return the subscription's items as those of a phase."""
    return [
        phase_item({"id": item["price"]}, item["quantity"], dict(item["metadata"])) for item in sub["items"]
    ]
