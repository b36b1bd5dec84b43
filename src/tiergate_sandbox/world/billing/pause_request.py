"""Pausing a subscription at its owner's wish: https://docs.stripe.com/api/subscriptions/pause."""

from typing import Any, Literal

from tiergate_sandbox.world.billing import change, credits, metering, pausing, pending_update
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid

Obj = dict[str, Any]
UnusedTimeFrom = Literal["now", "item_current_period_start", "none"]

PAUSABLE = ("active", "past_due", "unpaid")


def pause(
    draft: Draft, sub: Obj, now: int, unused_time_from: UnusedTimeFrom, *, bill_usage: bool, invoice_now: bool
) -> None:
    """Pause a subscription: its periods end now, and unused time is given back.

    ``bill_usage`` charges what was used so far; without it that is never charged.

    Raises:
        StripeError: when this subscription cannot be paused.
    """
    _check(sub)
    pending_update.discard(draft, sub, now)
    began_at = min(item["current_period_start"] for item in sub["items"])
    if bill_usage:
        metering.leave_pending(draft, sub, now)
    for item in sub["items"]:
        item["_"].pop("used_since", None)
        if unused_time_from != "none":
            credits.credit(
                draft, sub, item, now if unused_time_from == "now" else item["current_period_start"]
            )
        item["_"]["debits"] = []
        item["current_period_end"] = now
    pausing.pause(draft, sub, now, "pause_requested")
    if invoice_now:
        change.invoice_now(draft, sub, Change(now), [], began_at)


def _check(sub: Obj) -> None:
    if sub["billing_mode"]["type"] != "flexible":
        raise invalid("Only a subscription with billing_mode flexible can be paused; migrate it first.")
    if sub["status"] not in PAUSABLE:
        raise invalid(
            f"A subscription with status {sub['status']} cannot be paused; it must be active, past_due or "
            "unpaid."
        )
    if sub["collection_method"] != "charge_automatically":
        raise invalid(
            "A subscription whose invoices are sent cannot be paused; use pause_collection instead."
        )
    if sub["schedule"] is not None:
        raise invalid(f"A subscription with a schedule cannot be paused; release {sub['schedule']} first.")
