"""An end inside the current period: ``cancel_at`` shortens it, and taking that back lengthens it again.

https://docs.stripe.com/billing/subscriptions/cancel#custom-cancellation-dates
"""

from typing import Any

from tiergate_sandbox.world.billing import change, credits, cycle, ending
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]

IN_A_PAID_PERIOD = ("active", "past_due", "unpaid")


def end_at(draft: Draft, sub: Obj, cancel_at: int, wanted: Change) -> None:
    """Let a subscription end at an instant; the time after it is given back if it is paid for already."""
    lengthen(draft, sub, wanted)
    ending.schedule_at(sub, cancel_at, wanted.now)
    sub["_"]["proration_behavior"] = wanted.proration_behavior
    if sub["status"] not in IN_A_PAID_PERIOD:
        return
    for item in sub["items"]:
        if item["current_period_end"] <= cancel_at:
            continue
        if wanted.proration_behavior != "none":
            credits.credit(draft, sub, item, cancel_at)
            for debit in item["_"]["debits"]:
                debit["given_back_from"] = min(cancel_at, debit.get("given_back_from", debit["end"]))
        item["current_period_end"] = cancel_at
    _invoice(draft, sub, wanted)


def go_on(draft: Draft, sub: Obj, wanted: Change) -> None:
    """Take a scheduled end back."""
    lengthen(draft, sub, wanted)
    ending.unschedule(sub)
    _invoice(draft, sub, wanted)


def lengthen(draft: Draft, sub: Obj, wanted: Change) -> None:
    """Give the items that ``cancel_at`` has cut short their whole periods again, for what those cost."""
    cancel_at = sub["cancel_at"]
    if cancel_at is None or sub["status"] not in IN_A_PAID_PERIOD:
        return
    for item in sub["items"]:
        _, whole_end = cycle.natural_period(draft, sub, item, item["current_period_start"])
        if item["current_period_end"] != cancel_at or whole_end <= cancel_at:
            continue
        item["current_period_end"] = whole_end
        if wanted.proration_behavior != "none":
            paid = item["_"]["debits"]
            credits.debit(draft, sub, item, cancel_at)
            item["_"]["debits"] = paid + item["_"]["debits"]


def _invoice(draft: Draft, sub: Obj, wanted: Change) -> None:
    if wanted.proration_behavior == "always_invoice":
        began_at = min(item["current_period_start"] for item in sub["items"])
        change.invoice_now(draft, sub, wanted, [], began_at)
