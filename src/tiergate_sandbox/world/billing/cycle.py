"""The turn of a period: renewal, the end of a trial, and what is announced before.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from typing import Any, Literal

from tiergate_sandbox.world.billing import (
    discounts,
    ending,
    invoices,
    lines,
    metering,
    methods,
    pausing,
    pending_update,
    phases,
)
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.periods import Interval, period_at
from tiergate_sandbox.world.rounding import line_amount, share
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]
Follows = Literal["bill", "cancel", "pause"]


def set_period(draft: Draft, sub: Obj, item: Obj, start: int) -> None:
    """Give an item the period that begins at ``start``; a scheduled end cuts it short."""
    _, end = natural_period(draft, sub, item, start)
    if sub["cancel_at"] is not None:
        end = min(end, sub["cancel_at"])
    item.update(current_period_start=start, current_period_end=end)


def natural_period(draft: Draft, sub: Obj, item: Obj, at: int) -> tuple[int, int]:
    """Return the whole period around ``at``, counted from the anchor."""
    interval = Interval.of(draft.glance("price", item["price"]))
    return period_at(sub["billing_cycle_anchor"], interval, at)


def add_period_lines(draft: Draft, invoice: Obj, sub: Obj, items: list[Obj]) -> None:
    """Charge items for their current periods: nothing in a trial, a share of the price for part of one."""
    for item in items:
        if sub["status"] == "trialing":
            lines.add_trial(draft, invoice, sub, item)
            continue
        if metering.is_metered(draft.glance("price", item["price"])):
            metering.add_usage(draft, invoice, sub, item)
            continue
        amount, partial = _amount_for_period(draft, sub, item)
        if partial and sub["_"]["proration_behavior"] == "none":
            continue
        lines.add_service(draft, invoice, sub, item, amount, partial=partial)


def renewal_invoice(draft: Draft, sub: Obj, now: int) -> Obj:
    """Move the items whose period is over to the next one, and return the draft invoice for it."""
    due = [item for item in sub["items"] if item["current_period_end"] <= now]
    began_at = min((item["current_period_start"] for item in due), default=now)
    for item in due:
        set_period(draft, sub, item, item["current_period_end"])
        if sub["status"] == "trialing":
            item["current_period_end"] = sub["trial_end"]
    return cycle_invoice(draft, sub, due, (began_at, now), "subscription_cycle")


def cycle_invoice(
    draft: Draft, sub: Obj, due: list[Obj], period: tuple[int, int], reason: str, *, alone: bool = False
) -> Obj:
    """Return a draft invoice for what is pending and for the current periods of the items that are due.

    ``alone`` leaves out what was pending before this step.
    """
    customer = draft.the("customer", sub["customer"])
    invoice = invoices.new_draft(draft, customer, sub, reason=reason, now=period[1], currency=sub["currency"])
    for pending in lines.pending_items(draft, sub["customer"], sub["id"]):
        if pending["currency"] == sub["currency"] and (draft.is_new(pending) or not alone):
            lines.add_pending(draft, invoice, pending)
    add_period_lines(draft, invoice, sub, due)
    invoice["period_start"], invoice["period_end"] = period
    total_up(draft, invoice)
    discounts.spend(draft, invoice, customer, sub)
    return invoice


def turn(draft: Draft, sub: Obj, now: int) -> None:
    """Do what the end of the current period (or ``cancel_at``) brings."""
    if sub["pending_update"] is not None:
        pending_update.expire(draft, sub, now)
    phases.enter_when_due(draft, sub, now)
    if sub["cancel_at"] is not None and sub["cancel_at"] <= now:
        _end_as_scheduled(draft, sub, now)
    elif is_trial_over(sub, now):
        _end_trial(draft, sub, now)
    else:
        _renew(draft, sub, now)


def is_trial_over(sub: Obj, now: int) -> bool:
    """Tell whether a trial ends; the phase of a schedule may just have begun one, or made it longer."""
    return bool(sub["status"] == "trialing" and sub["trial_end"] <= now)


def after_trial(draft: Draft, sub: Obj) -> Follows:
    """Tell what follows a trial that ends: ``missing_payment_method`` counts only when none is found
    anywhere.

    https://docs.stripe.com/billing/subscriptions/trials#create-free-trials-without-payment
    """
    if sub["collection_method"] == "send_invoice":
        return "bill"
    if methods.paying(draft, draft.the("customer", sub["customer"]), sub) is not None:
        return "bill"
    behavior: str = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    follows: dict[str, Follows] = {"cancel": "cancel", "pause": "pause"}
    return follows.get(behavior, "bill")


def leave_trial(draft: Draft, sub: Obj, now: int, follows: Follows) -> None:
    """Cancel or pause a subscription whose trial ends without a payment method."""
    if follows == "cancel":
        ending.end(draft, sub, now)
        return
    pausing.pause(draft, sub, now, "trial_end_without_payment_method")


def announce_trial_end(draft: Draft, sub: Obj) -> None:
    """Tell that a trial is about to end."""
    sub["_"]["trial_notice_for"] = sub["trial_end"]
    draft.emit("customer.subscription.trial_will_end", sub)


def announce_renewal(draft: Draft, sub: Obj) -> None:
    """Tell what the next invoice will be, unless the trial before it leads to none."""
    sub["_"]["upcoming_for"] = next_boundary(sub)
    if sub["status"] == "trialing" and after_trial(draft, sub) != "bill":
        return
    upcoming = upcoming_invoice(draft.fork(), sub["id"])
    del upcoming["id"]
    draft.emit("invoice.upcoming", upcoming)


def upcoming_invoice(trial: Draft, sub_id: str) -> Obj:
    """Return the next invoice of a subscription, made in a draft that will be thrown away."""
    sub = trial.the("subscription", sub_id)
    at = next_boundary(sub)
    phases.enter_when_due(trial, sub, at)
    if is_trial_over(sub, at):
        sub["status"] = "active"
    invoice = renewal_invoice(trial, sub, at)
    invoice["next_payment_attempt"] = at + trial.settings.draft_seconds
    return as_preview(trial, invoice)


def as_preview(trial: Draft, invoice: Obj) -> Obj:
    """Return an invoice as one that does not exist."""
    invoice["id"] = trial.new_id("upcoming_in_")
    invoice["object"] = "invoice"
    for line in invoice["lines"]:
        line["invoice"] = invoice["id"]
    return invoice


def final_invoice(draft: Draft, sub: Obj, now: int) -> None:
    """Invoice what is still pending for a subscription that has ended, if there is anything."""
    metering.leave_pending(draft, sub, now)
    if not lines.pending_items(draft, sub["customer"], sub["id"]):
        return
    began_at = min(item["current_period_start"] for item in sub["items"])
    invoice = cycle_invoice(draft, sub, [], (began_at, now), "subscription_update")
    sub["latest_invoice"] = invoice["id"]
    invoices.wait_as_draft(draft, invoice, now)
    draft.emit("invoice.created", invoice)


def _end_as_scheduled(draft: Draft, sub: Obj, now: int) -> None:
    ending.end(draft, sub, now)
    final_invoice(draft, sub, now)


def _end_trial(draft: Draft, sub: Obj, now: int) -> None:
    follows = after_trial(draft, sub)
    if follows == "bill":
        sub["status"] = "active"
        _renew(draft, sub, now)
    else:
        leave_trial(draft, sub, now, follows)


def _renew(draft: Draft, sub: Obj, now: int) -> None:
    invoice = renewal_invoice(draft, sub, now)
    sub["latest_invoice"] = invoice["id"]
    if sub["status"] == "unpaid" or pausing.is_withheld(sub):
        invoice["auto_advance"] = False
    else:
        invoices.wait_as_draft(draft, invoice, now)
    draft.emit("invoice.created", invoice)
    if pausing.is_withheld(sub):
        pausing.withhold(draft, sub, invoice, now)


def _amount_for_period(draft: Draft, sub: Obj, item: Obj) -> tuple[int, bool]:
    """Return what the item's current period costs, and whether it begins later or ends earlier than a whole
    one.
    """
    full = line_amount(price_in(draft, item["price"], sub["currency"]), item["quantity"])
    start, end = item["current_period_start"], item["current_period_end"]
    whole_start, whole_end = natural_period(draft, sub, item, start)
    if (start, end) == (whole_start, whole_end):
        return full, False
    if start == whole_start and sub["_"]["proration_behavior"] == "none":
        return full, False
    return share(full, end - start, whole_end - whole_start), True
