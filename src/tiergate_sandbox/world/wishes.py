"""The instants that an object waits for, read off its state alone."""

from typing import Any

from tiergate_sandbox.world.settings import DAY_SECONDS, Settings

Obj = dict[str, Any]
Wishes = dict[str, int]

TRIAL_NOTICE_SECONDS = 3 * DAY_SECONDS
RENEWING = ("trialing", "active", "past_due", "unpaid")


def wishes_of(obj: Obj, settings: Settings) -> Wishes:
    """Return the wake-ups that the object wants, by name."""
    kind = obj["object"]
    if kind == "subscription":
        return _subscription(obj, settings)
    if kind == "invoice":
        return _invoice(obj)
    if kind == "checkout.session" and obj["status"] == "open":
        return {"checkout.expire": obj["expires_at"]}
    return {}


def next_boundary(sub: Obj) -> int:
    """Return when the subscription's earliest item period ends
    (https://docs.stripe.com/api/subscriptions/object).
    """
    return int(min(item["current_period_end"] for item in sub["items"]))


def _subscription(sub: Obj, settings: Settings) -> Wishes:
    if sub["status"] == "incomplete":
        return {"subscription.expire": sub["created"] + settings.incomplete_seconds}
    if sub["status"] == "paused" and sub["cancel_at"] is not None:
        return {"subscription.boundary": sub["cancel_at"]}
    if sub["status"] not in RENEWING:
        return {}
    end = next_boundary(sub)
    cancel_at = sub["cancel_at"]
    wishes = {"subscription.boundary": end if cancel_at is None else min(end, cancel_at)}
    own = sub["_"]
    if sub["status"] == "trialing" and own["trial_notice_for"] != sub["trial_end"]:
        wishes["subscription.trial_notice"] = sub["trial_end"] - TRIAL_NOTICE_SECONDS
    renews = cancel_at is None or cancel_at > end
    if renews and sub["collection_method"] == "charge_automatically" and own["upcoming_for"] != end:
        upcoming_at = end - settings.upcoming_days * DAY_SECONDS
        if upcoming_at > max(item["current_period_start"] for item in sub["items"]):
            wishes["subscription.upcoming"] = upcoming_at
    return wishes


def _invoice(invoice: Obj) -> Wishes:
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] is not None:
        return {"invoice.finalize": invoice["automatically_finalizes_at"]}
    if invoice["status"] != "open":
        return {}
    wishes = {}
    if invoice["auto_advance"] and invoice["next_payment_attempt"] is not None:
        wishes["invoice.retry"] = invoice["next_payment_attempt"]
    if invoice["collection_method"] == "send_invoice" and not invoice["_"]["overdue"] and invoice["due_date"]:
        wishes["invoice.overdue"] = invoice["due_date"]
    return wishes
