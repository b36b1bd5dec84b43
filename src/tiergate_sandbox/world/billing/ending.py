"""The end of a subscription: https://docs.stripe.com/billing/subscriptions/cancel."""

from typing import Any

from tiergate_sandbox.world.billing import invoices, pending_update, schedule_end
from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]

OVER = ("canceled", "incomplete_expired")


def end(draft: Draft, sub: Obj, now: int, *, reason: str | None = None) -> None:
    """End a subscription now: it stays retrievable as ``canceled``, and nothing more is charged for it."""
    pending_update.discard(draft, sub, now)
    invoices.stop_collecting(draft, sub)
    sub.update(status="canceled", ended_at=now, canceled_at=sub["canceled_at"] or now, status_details=None)
    if reason is not None:
        sub["cancellation_details"]["reason"] = reason
    draft.emit("customer.subscription.deleted", sub)
    schedule_end.close(draft, sub, now, reason)


def expire(draft: Draft, sub: Obj, now: int) -> None:
    """Expire a subscription whose first invoice was not paid within 23 hours."""
    invoice = draft.the("invoice", sub["latest_invoice"])
    sub.update(status="incomplete_expired", ended_at=now, canceled_at=now)
    if invoice["status"] == "open":
        invoices.void(draft, invoice, now)


def schedule_at_period_end(sub: Obj, end_at: int, now: int) -> None:
    """Note that a subscription shall not renew."""
    sub.update(cancel_at_period_end=True, cancel_at=end_at, canceled_at=now)
    sub["cancellation_details"]["reason"] = "cancellation_requested"


def schedule_at(sub: Obj, cancel_at: int, now: int) -> None:
    """Note the instant at which a subscription shall end."""
    sub.update(cancel_at_period_end=False, cancel_at=cancel_at, canceled_at=now)
    sub["cancellation_details"]["reason"] = "cancellation_requested"


def named_end(sub: Obj, word: str) -> int:
    """Return the instant that ``min_period_end`` or ``max_period_end`` means at present."""
    ends = [item["current_period_end"] for item in sub["items"]]
    return int(min(ends) if word == "min_period_end" else max(ends))


def unschedule(sub: Obj) -> None:
    """Take a scheduled end back."""
    sub.update(cancel_at_period_end=False, cancel_at=None, canceled_at=None)
    sub["cancellation_details"]["reason"] = None


def remove_customer(draft: Draft, customer: Obj) -> None:
    """Delete a customer: end its subscriptions, let its payment methods go, and leave only its id."""
    now = draft.now_for(customer)
    for sub in draft.find("subscription", "customer", customer["id"]):
        if sub["status"] not in OVER:
            end(draft, sub, now)
    for schedule in draft.find("subscription_schedule", "customer", customer["id"]):
        if schedule["status"] == "not_started":
            schedule_end.cancel(draft, schedule, now)
    invoices.stop_collecting(draft, customer)
    for method in draft.find("payment_method", "customer", customer["id"]):
        method["customer"] = None
        draft.keep_quiet(method)
    draft.emit("customer.deleted", customer)
    customer_id = customer["id"]
    customer.clear()
    customer.update({"id": customer_id, "object": "customer", "deleted": True})
