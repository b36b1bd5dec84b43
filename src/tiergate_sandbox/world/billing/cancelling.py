"""Cancelling a subscription at once: https://docs.stripe.com/api/subscriptions/cancel."""

from typing import Any

from tiergate_sandbox.world.billing import credits, cycle, ending
from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]


def cancel(draft: Draft, sub: Obj, now: int, *, prorate: bool, invoice_now: bool) -> None:
    """End a subscription because somebody asked for it.

    ``prorate`` gives the unused time back, ``invoice_now`` bills what is pending.
    """
    if prorate and sub["status"] not in ("trialing", "paused", "incomplete"):
        for item in sub["items"]:
            credits.credit(draft, sub, item, now)
    sub.update(cancel_at=None, cancel_at_period_end=False)
    ending.end(draft, sub, now, reason="cancellation_requested")
    if invoice_now:
        cycle.final_invoice(draft, sub, now)
