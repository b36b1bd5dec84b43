"""What customers do to their subscriptions on the portal's pages.

https://docs.stripe.com/customer-management
"""

from typing import Any

from tiergate_sandbox.world.billing import cycle
from tiergate_sandbox.world.billing.ending import OVER
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.portal import allowed
from tiergate_sandbox.world.portal.discounts import with_kept
from tiergate_sandbox.world.resources import subscription_schedules, subscriptions
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]

_INTERVAL_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def cancel(draft: Draft, configuration: Obj, sub: Obj) -> None:
    """Cancel a subscription as the configuration says; one that has ended, or will, stays as it is.

    At the period's end, flexible subscriptions only get a ``cancel_at``, classic ones also
    ``cancel_at_period_end``.
    """
    allowed.need_feature(configuration, "subscription_cancel")
    if sub["status"] in OVER or sub["cancel_at"] is not None:
        return
    feature = configuration["features"]["subscription_cancel"]
    if feature["mode"] == "immediately":
        prorates = feature["proration_behavior"] == "create_prorations"
        subscriptions.cancel(draft, {"prorate": prorates}, sub["id"])
    elif sub["billing_mode"]["type"] == "flexible":
        subscriptions.update(draft, {"cancel_at": next_boundary(sub)}, sub["id"])
    else:
        subscriptions.update(draft, {"cancel_at_period_end": True}, sub["id"])


def tell_why(draft: Draft, configuration: Obj, sub: Obj, said: Obj) -> None:
    """Note why a customer has canceled; this arrives after the cancellation itself."""
    reasons = configuration["features"]["subscription_cancel"]["cancellation_reason"]
    if not reasons["enabled"]:
        raise invalid("The portal configuration does not ask for reasons.", "feedback")
    if said.get("feedback") is not None and said["feedback"] not in reasons["options"]:
        raise invalid("Choose one of the reasons that the portal configuration offers.", "feedback")
    if sub["cancel_at"] is None and sub["status"] not in OVER:
        raise invalid("The subscription is not canceled, so there is no reason to give.", "subscription")
    details = {name: said[name] for name in ("comment", "feedback") if said.get(name) is not None}
    if details:
        subscriptions.update(draft, {"cancellation_details": details}, sub["id"])


def renew(draft: Draft, configuration: Obj, sub: Obj) -> None:
    """Take a scheduled cancellation back."""
    allowed.need_feature(configuration, "subscription_cancel")
    if sub["status"] in OVER:
        raise invalid("This subscription has ended and cannot be renewed; subscribe again.", "subscription")
    if sub["cancel_at_period_end"]:
        subscriptions.update(draft, {"cancel_at_period_end": False}, sub["id"])
    elif sub["cancel_at"] is not None:
        subscriptions.update(draft, {"cancel_at": None}, sub["id"])


def offer_of(draft: Draft, configuration: Obj, sub: Obj, asked: Obj) -> Obj:
    """Return what a change would do: when it happens, and the invoice that would come of it."""
    wanted = _wanted(draft, configuration, sub, asked)
    item, now = sub["items"][0], draft.now_for(sub)
    if is_same(sub, wanted):
        raise invalid("Choose another plan or another quantity; this is what you have.", "price")
    if waits(draft, configuration, sub, wanted):
        return {"starts_at": item["current_period_end"], "proration_date": None, "invoice": None}
    params = _params(configuration, sub, wanted, now)
    invoice = _invoice_of(draft.fork(), sub, params)
    return {"starts_at": now, "proration_date": params.get("proration_date"), "invoice": invoice}


def change(draft: Draft, configuration: Obj, sub: Obj, asked: Obj) -> None:
    """Change price and quantity, now or at the period's end; what is so already is left alone."""
    wanted = _wanted(draft, configuration, sub, asked)
    if is_same(sub, wanted):
        return
    if waits(draft, configuration, sub, wanted):
        _schedule(draft, sub, wanted)
        return
    subscriptions.update(draft, _params(configuration, sub, wanted, draft.now_for(sub)), sub["id"])


def is_same(sub: Obj, wanted: Obj) -> bool:
    """Tell whether nothing would change."""
    item = sub["items"][0]
    same = (wanted["price"], wanted["quantity"]) == (item["price"], item["quantity"])
    return same and not wanted["discounts"]


def waits(draft: Draft, configuration: Obj, sub: Obj, wanted: Obj) -> bool:
    """Tell whether a change waits for the period's end: one fulfilled condition is enough."""
    conditions = configuration["features"]["subscription_update"]["schedule_at_period_end"]["conditions"]
    kinds = {one["type"] for one in conditions}
    item = sub["items"][0]
    old, new = draft.glance("price", item["price"]), draft.glance("price", wanted["price"])
    if "shortening_interval" in kinds and _length_days(new) < _length_days(old):
        return True
    costs = (new["unit_amount"] or 0) * wanted["quantity"]
    return "decreasing_item_amount" in kinds and costs < (old["unit_amount"] or 0) * item["quantity"]


def pause(draft: Draft, configuration: Obj, sub: Obj) -> None:
    """Pause a subscription until the customer resumes it."""
    allowed.need_feature(configuration, "subscription_pause")
    if sub["status"] == "paused":
        return
    allowed.check_pausable(sub)
    subscriptions.pause(draft, {"type": "subscription"}, sub["id"])


def resume(draft: Draft, configuration: Obj, sub: Obj) -> None:
    """Resume a paused subscription."""
    allowed.need_feature(configuration, "subscription_pause")
    if sub["status"] == "paused":
        subscriptions.resume(draft, {}, sub["id"])


def _wanted(draft: Draft, configuration: Obj, sub: Obj, asked: Obj) -> Obj:
    allowed.need_feature(configuration, "subscription_update")
    allowed.check_updatable(draft, sub)
    item = sub["items"][0]
    quantity = item["quantity"] if asked.get("quantity") is None else asked["quantity"]
    price = asked.get("price") or item["price"]
    allowed.check_choice(draft, configuration, sub, price, quantity, "items[0]")
    return {
        "price": price,
        "quantity": quantity,
        "discounts": asked.get("discounts") or [],
        "proration_date": asked.get("proration_date"),
    }


def _params(configuration: Obj, sub: Obj, wanted: Obj, now: int) -> Obj:
    """Return the update that the configuration makes of a choice; a refused card changes nothing."""
    feature = configuration["features"]["subscription_update"]
    item = sub["items"][0]
    params: Obj = {
        "items": [{"id": item["id"], "price": wanted["price"], "quantity": wanted["quantity"]}],
        "payment_behavior": "error_if_incomplete",
        "proration_behavior": feature["proration_behavior"],
    }
    if wanted["discounts"]:
        params["discounts"] = with_kept(sub, wanted["discounts"])
    if sub["status"] == "trialing":
        if feature["trial_update_behavior"] == "end_trial":
            params["trial_end"] = "now"
        return params
    if feature["billing_cycle_anchor"] == "now":
        params["billing_cycle_anchor"] = {"type": "now"}
    elif feature["proration_behavior"] != "none":
        params["proration_date"] = wanted["proration_date"] or now
    return params


def _invoice_of(trial: Draft, sub: Obj, params: Obj) -> Obj:
    """Return the invoice that a change makes at once, or else the next one, in a draft to throw away."""
    changed = subscriptions.update(trial, {**params, "payment_behavior": "default_incomplete"}, sub["id"])
    if changed["latest_invoice"] == sub["latest_invoice"]:
        return cycle.upcoming_invoice(trial, sub["id"])
    return trial.the("invoice", changed["latest_invoice"])


def _schedule(draft: Draft, sub: Obj, wanted: Obj) -> None:
    """Let the present phase run out and the wanted one follow, as ``subscription_schedule`` events tell."""
    item = sub["items"][0]
    schedule = subscription_schedules.create(draft, {"from_subscription": sub["id"]})
    draft.tell_from_here(schedule)
    present = {
        "items": [{"price": item["price"], "quantity": item["quantity"]}],
        "start_date": item["current_period_start"],
        "end_date": item["current_period_end"],
    }
    rhythm = draft.glance("price", wanted["price"])["recurring"]
    later = {
        "items": [{"price": wanted["price"], "quantity": wanted["quantity"]}],
        "duration": {name: rhythm[name] for name in ("interval", "interval_count")},
    }
    subscription_schedules.update(draft, {"phases": [present, later]}, schedule["id"])


def _length_days(price: Obj) -> int:
    recurring = price["recurring"]
    return int(_INTERVAL_DAYS[recurring["interval"]] * recurring["interval_count"])
