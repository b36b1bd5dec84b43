"""The instants that an object waits for, read off its state alone."""

from typing import Any

from tiergate_sandbox.world.settings import DAY_SECONDS, Settings

Obj = dict[str, Any]
Wishes = dict[str, int]

TRIAL_NOTICE_SECONDS = 3 * DAY_SECONDS
SCHEDULE_NOTICE_SECONDS = 7 * DAY_SECONDS
RENEWING = ("trialing", "active", "past_due", "unpaid")


def wishes_of(obj: Obj, settings: Settings) -> Wishes:
    """Return the wake-ups that the object wants, by name."""
    kind = obj["object"]
    if kind == "subscription":
        return _subscription(obj, settings)
    if kind == "invoice":
        return _invoice(obj, settings)
    if kind == "subscription_schedule":
        return _schedule(obj)
    if kind == "charge" and obj["_"].get("dispute_at") is not None:
        return {"charge.dispute": obj["_"]["dispute_at"]}
    if kind == "refund" and obj["_"]["settles_at"] is not None:
        return {"refund.settle": obj["_"]["settles_at"]}
    if kind == "discount" and obj["end"] is not None and not obj["_"]["over"]:
        return {"discount.end": obj["end"]}
    if kind == "checkout.session" and obj["status"] == "open":
        return {"checkout.expire": obj["expires_at"]}
    return {}


def next_boundary(sub: Obj) -> int:
    """Return when the subscription's earliest item period ends
    (https://docs.stripe.com/api/subscriptions/object).
    """
    return int(min(item["current_period_end"] for item in sub["items"]))


def _subscription(sub: Obj, settings: Settings) -> Wishes:
    wishes = _standing(sub, settings)
    if sub["pending_update"] is not None:
        wishes["subscription.expire_update"] = sub["pending_update"]["expires_at"]
    withheld = sub["pause_collection"]
    if withheld is not None and withheld["resumes_at"] is not None and sub["ended_at"] is None:
        wishes["subscription.collect_again"] = withheld["resumes_at"]
    return wishes


def _standing(sub: Obj, settings: Settings) -> Wishes:
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
    announces = settings.upcoming_days > 0 and sub["collection_method"] == "charge_automatically"
    if renews and announces and own["upcoming_for"] != end:
        upcoming_at = end - settings.upcoming_days * DAY_SECONDS
        if upcoming_at > max(item["current_period_start"] for item in sub["items"]):
            wishes["subscription.upcoming"] = upcoming_at
    return wishes


def _invoice(invoice: Obj, settings: Settings) -> Wishes:
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] is not None:
        return {"invoice.finalize": invoice["automatically_finalizes_at"]}
    if invoice["status"] != "open":
        return {}
    wishes = {}
    if invoice["auto_advance"] and invoice["next_payment_attempt"] is not None:
        wishes["invoice.retry"] = invoice["next_payment_attempt"]
    if invoice["collection_method"] == "send_invoice" and not invoice["_"]["overdue"] and invoice["due_date"]:
        wishes["invoice.overdue"] = invoice["due_date"]
    if settings.overdue_days and invoice["_"]["overdue"] and not invoice["_"].get("given_up"):
        wishes["invoice.long_overdue"] = invoice["due_date"] + settings.overdue_days * DAY_SECONDS
    return wishes


def _schedule(schedule: Obj) -> Wishes:
    if schedule["status"] == "not_started":
        return {"schedule.start": schedule["phases"][0]["start_date"]}
    if schedule["status"] != "active":
        return {}
    ends_at = schedule["phases"][-1]["end_date"]
    wishes = {"schedule.switch": schedule["current_phase"]["end_date"]}
    if schedule["_"]["expiring_for"] != ends_at:
        wishes["schedule.expiring"] = ends_at - SCHEDULE_NOTICE_SECONDS
    return wishes
