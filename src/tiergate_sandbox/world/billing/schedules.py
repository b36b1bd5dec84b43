"""Schedules at work: https://docs.stripe.com/billing/subscriptions/subscription-schedules."""

from typing import Any

from tiergate_sandbox.world.billing import cycle, ending, phases, schedule_end
from tiergate_sandbox.world.billing.change import Change, ItemChange, change
from tiergate_sandbox.world.billing.subscribe import ItemOrder, Order, has_room, subscribe
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.schedule_shapes import PHASE
from tiergate_sandbox.world.store import decode, encode
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]

MOST_PHASES = 10


def adopt(draft: Draft, sub: Obj) -> Obj:
    """Put a running subscription under a new schedule, whose only phase is the current period.

    Raises:
        StripeError: when it has a schedule already, or has ended.
    """
    if sub["schedule"] is not None:
        raise invalid(
            f"You cannot migrate a subscription that is already attached to a schedule: {sub['schedule']}. "
            "Update that schedule, or release it first.",
            "from_subscription",
        )
    if sub["status"] in (*ending.OVER, "incomplete"):
        raise invalid(
            f"You cannot migrate a subscription with status {sub['status']} to a schedule.",
            "from_subscription",
        )
    now = draft.now_for(sub)
    schedule = blank(
        "subscription_schedule",
        draft.new_id("sub_sched_"),
        billing_mode=sub["billing_mode"],
        created=now,
        customer=sub["customer"],
        end_behavior="release" if sub["cancel_at"] is None else "cancel",
        phases=[_present_phase(sub)],
        status="active",
        subscription=sub["id"],
        test_clock=sub["test_clock"],
    )
    schedule["default_settings"].update(
        collection_method=sub["collection_method"],
        default_payment_method=sub["default_payment_method"],
        description=sub["description"],
    )
    phases.make_current(schedule, sub, 0)
    sub.update(schedule=schedule["id"], cancel_at_period_end=False)
    draft.add(schedule)
    draft.emit("subscription_schedule.created", schedule)
    return schedule


def new_phase(**values: Any) -> Obj:
    """Return a phase with some values filled in."""
    phase: Obj = decode(encode(PHASE))
    phase.update(values)
    return phase


def start(draft: Draft, schedule: Obj, now: int) -> None:
    """Create the subscription of a schedule whose first phase begins; its first invoice waits as a draft.

    A customer who can have no further subscription gets none: the schedule is canceled.
    """
    customer = draft.the("customer", schedule["customer"])
    if not has_room(draft, customer):
        schedule_end.cancel(draft, schedule, now)
        return
    phase = schedule["phases"][0]
    settings = schedule["default_settings"]
    values = {
        name: phase[name] if phase[name] is not None else settings[name]
        for name in ("collection_method", "default_payment_method", "description")
    }
    days = ((phase["invoice_settings"] or settings["invoice_settings"]) or {}).get("days_until_due")
    order = Order(
        customer=customer,
        items=[_order_of(draft, item) for item in phase["items"]],
        now=now,
        currency=phase["currency"],
        trial_end=phase["trial_end"],
        proration_behavior=phase["proration_behavior"],
        one_time=[_order_of(draft, item) for item in phase["add_invoice_items"]],
        as_draft=True,
        values={
            **values,
            "billing_mode": schedule["billing_mode"],
            "days_until_due": days,
            "metadata": dict(phase["metadata"] or {}),
            "schedule": schedule["id"],
        },
    )
    sub = subscribe(draft, order)
    schedule.update(status="active", subscription=sub["id"])
    phases.make_current(schedule, sub, 0)


def switch(draft: Draft, schedule: Obj, now: int) -> None:
    """Enter the next phase, together with the renewal when both fall on one instant."""
    sub = draft.the("subscription", schedule["subscription"])
    if sub["status"] != "paused" and next_boundary(sub) <= now:
        cycle.turn(draft, sub, now)
    if schedule["status"] == "active" and schedule["current_phase"]["end_date"] <= now:
        _switch_inside(draft, schedule, sub, now)


def revise(draft: Draft, schedule: Obj, wanted: list[Obj], proration_behavior: str) -> None:
    """Give an active schedule other phases; a change of the current one is applied at once."""
    sub = draft.the("subscription", schedule["subscription"])
    now = draft.now_for(schedule)
    index = next(
        (place for place, phase in enumerate(wanted) if phase["start_date"] <= now < phase["end_date"]), None
    )
    starts_at = schedule["current_phase"]["start_date"]
    if index is None or wanted[index]["start_date"] not in (starts_at, now):
        raise invalid(
            "You can not modify the start date of the current phase, nor leave it out. "
            f"Repeat it with start_date={starts_at}.",
            "phases[0][start_date]",
        )
    schedule["phases"] = wanted
    sub["cancel_at"] = None
    phase = phases.make_current(schedule, sub, index)
    phases.apply_fields(sub, phase)
    _bill_switch(draft, sub, phase, now, proration_behavior, anchor_now=False, bought=[])


def announce_expiry(draft: Draft, schedule: Obj, _now: int) -> None:
    """Tell that a schedule will end in seven days."""
    schedule["_"]["expiring_for"] = schedule["phases"][-1]["end_date"]
    draft.emit("subscription_schedule.expiring", schedule)


def _switch_inside(draft: Draft, schedule: Obj, sub: Obj, now: int) -> None:
    phase = phases.advance(draft, schedule, sub, now)
    if phase is not None:
        anchor_now = phases.resets_anchor(draft, sub, phase)
        phases.apply_fields(sub, phase)
        behavior, bought = phase["proration_behavior"], phase["add_invoice_items"]
        _bill_switch(draft, sub, phase, now, behavior, anchor_now=anchor_now, bought=bought)
    elif schedule["end_behavior"] == "cancel":
        ending.end(draft, sub, now)
        cycle.final_invoice(draft, sub, now)


def _bill_switch(
    draft: Draft,
    sub: Obj,
    phase: Obj,
    now: int,
    proration_behavior: str,
    *,
    anchor_now: bool,
    bought: list[Obj],
) -> None:
    """Give a subscription the items of a phase inside its period, prorated as the phase says."""
    trial_end = phase["trial_end"]
    wanted = Change(
        now=now,
        items=_item_changes(draft, sub, phase),
        trial_end=trial_end if (trial_end or 0) > now and trial_end != sub["trial_end"] else None,
        anchor_now=anchor_now,
        proration_behavior=proration_behavior,
        one_time=[_order_of(draft, item) for item in bought],
    )
    change(draft, sub, wanted)


def _item_changes(draft: Draft, sub: Obj, phase: Obj) -> list[ItemChange]:
    changes = []
    for item, wanted in phases.pairs(sub, phase):
        if wanted is None and item is not None:
            changes.append(ItemChange(item["id"], None, None, deleted=True))
        elif wanted is not None and item is None:
            price = _still_for_sale(draft, wanted)
            changes.append(ItemChange(None, price, wanted["quantity"], wanted["metadata"]))
        elif wanted is not None and item is not None and _differs(item, wanted):
            price = _still_for_sale(draft, wanted)
            changes.append(ItemChange(item["id"], price, wanted["quantity"], wanted["metadata"] or None))
    return changes


def _still_for_sale(draft: Draft, wanted: Obj) -> Obj:
    """Return a phase's price; one that was archived after it was planned is still switched to."""
    return {**draft.glance("price", wanted["price"]), "active": True}


def _differs(item: Obj, wanted: Obj) -> bool:
    return bool(item["price"] != wanted["price"] or item["quantity"] != wanted["quantity"])


def _present_phase(sub: Obj) -> Obj:
    return new_phase(
        start_date=min(item["current_period_start"] for item in sub["items"]),
        end_date=next_boundary(sub) if sub["cancel_at"] is None else sub["cancel_at"],
        collection_method=None,
        currency=sub["currency"],
        items=phases.items_of(sub),
        metadata=dict(sub["metadata"]),
        trial_end=sub["trial_end"] if sub["status"] == "trialing" else None,
    )


def _order_of(draft: Draft, item: Obj) -> ItemOrder:
    return ItemOrder(draft.glance("price", item["price"]), item["quantity"], item["metadata"] or {})
