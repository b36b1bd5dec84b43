"""Resuming a paused subscription: https://docs.stripe.com/api/subscriptions/resume."""

from typing import Any

from tiergate_sandbox.world.billing import collect, cycle, invoices
from tiergate_sandbox.world.billing.collect import Attempt
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid

Obj = dict[str, Any]


def resume(draft: Draft, sub: Obj, now: int, *, anchor_now: bool = True) -> Obj:
    """Resume a paused subscription: a new period begins and is charged; a refusal leaves it past due.

    Raises:
        StripeError: when it is not paused, or when there is no payment method to charge.
    """
    if sub["status"] != "paused":
        raise invalid(
            f"Only a paused subscription can be resumed; the status of {sub['id']} is {sub['status']}."
        )
    began_at = min(item["current_period_start"] for item in sub["items"])
    if anchor_now:
        sub["billing_cycle_anchor"] = now
    for item in sub["items"]:
        cycle.set_period(draft, sub, item, now)
    sub.update(status="active", status_details=None)
    invoice = cycle.cycle_invoice(draft, sub, sub["items"], (began_at, now), "subscription_update")
    if invoice["amount_due"] > 0 and collect.paying_method(draft, invoice) is None:
        raise StripeError(collect.NO_METHOD_MESSAGE, code="resource_missing")
    sub["latest_invoice"] = invoice["id"]
    draft.emit("invoice.created", invoice)
    invoices.finalize(draft, invoice, now)
    collect.collect(draft, invoice, now, Attempt.IN_REQUEST)
    draft.emit("customer.subscription.resumed", sub)
    return sub
