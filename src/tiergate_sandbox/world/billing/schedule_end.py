"""The end of a schedule: by itself, together with its subscription, or because it is let go.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from typing import Any

from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]

OVER = ("canceled", "completed", "released")


def of(draft: Draft, sub: Obj) -> Obj | None:
    """Return the schedule that manages a subscription, if one does."""
    return draft.get("subscription_schedule", sub["schedule"])


def is_past_its_phases(schedule: Obj, now: int) -> bool:
    """Tell whether the last phase is over."""
    return bool(schedule["phases"][-1]["end_date"] <= now)


def release(draft: Draft, schedule: Obj, now: int, *, keep_cancel_date: bool = False) -> None:
    """Let the subscription go on without the schedule."""
    sub = draft.get("subscription", schedule["subscription"])
    schedule.update(
        status="released",
        released_at=now,
        released_subscription=schedule["subscription"],
        subscription=None,
        current_phase=None,
    )
    if sub is not None:
        sub["schedule"] = None
        if schedule["end_behavior"] == "cancel" and not keep_cancel_date:
            sub["cancel_at"] = None
    draft.emit("subscription_schedule.released", schedule)


def finish(draft: Draft, schedule: Obj, now: int) -> None:
    """Do what the end of the last phase brings when the subscription goes on."""
    if draft.settings.schedule_ends_as == "released":
        release(draft, schedule, now)
        return
    sub = draft.get("subscription", schedule["subscription"])
    if sub is not None:
        sub["schedule"] = None
    _complete(draft, schedule, now)


def close(draft: Draft, sub: Obj, now: int, reason: str | None) -> None:
    """End the schedule of a subscription that has ended."""
    schedule = of(draft, sub)
    if schedule is None or schedule["status"] in OVER:
        return
    if schedule["end_behavior"] == "cancel" and is_past_its_phases(schedule, now):
        _complete(draft, schedule, now)
        return
    cancel(draft, schedule, now, aborted=reason == "payment_failed")


def cancel(draft: Draft, schedule: Obj, now: int, *, aborted: bool = False) -> None:
    """Cancel a schedule; ``aborted`` says that its subscription was given up unpaid."""
    schedule.update(status="canceled", canceled_at=now, current_phase=None)
    draft.emit(f"subscription_schedule.{'aborted' if aborted else 'canceled'}", schedule)


def _complete(draft: Draft, schedule: Obj, now: int) -> None:
    schedule.update(status="completed", completed_at=now, current_phase=None)
    draft.emit("subscription_schedule.completed", schedule)
