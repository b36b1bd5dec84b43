"""Resuming a paused subscription: https://docs.stripe.com/api/subscriptions/resume."""

from dataclasses import dataclass
from typing import Any

from tiergate_sandbox.world.billing import change, collect, credits, cycle, lines, metering, pending_update
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a subscription is resumed.

    With ``anchor_now`` a whole period begins and is charged; otherwise the rest of the old cycle's period is,
    as ``proration_behavior`` says. With ``on_success`` the subscription stays paused until that is paid.
    """

    now: int
    anchor_now: bool = True
    proration_behavior: str = "create_prorations"
    proration_date: int | None = None
    on_success: bool = False


def resume(draft: Draft, sub: Obj, wanted: Resumption) -> Obj:
    """Resume a paused subscription; a refused payment leaves it past due, or paused with ``on_success``.

    Raises:
        StripeError: when it is not paused, or when there is no payment method to charge.
    """
    _check(sub, wanted)
    pending_update.discard(draft, sub, wanted.now)
    before = pending_update.copy_of(sub)
    began_at = min(item["current_period_start"] for item in sub["items"])
    if wanted.anchor_now:
        sub["billing_cycle_anchor"] = wanted.now
    for item in sub["items"]:
        _begin_period(draft, sub, item, wanted)
    sub.update(status="active", status_details=None)
    due = sub["items"] if wanted.anchor_now else []
    payment = "pending_if_incomplete" if wanted.on_success else "allow_incomplete"
    invoice = None
    if wanted.anchor_now or wanted.proration_behavior == "always_invoice":
        _need_payer(draft, sub, due)
        paying = Change(wanted.now, payment_behavior=payment)
        invoice = change.invoice_now(draft, sub, paying, due, began_at)
    if invoice is not None and wanted.on_success and invoice["status"] == "open":
        expires_at = wanted.now + pending_update.RESUME_WINDOW_SECONDS
        pending_update.hold(sub, before, invoice, expires_at, trial_from_plan=None)
        return sub
    draft.emit("customer.subscription.resumed", sub)
    return sub


def _check(sub: Obj, wanted: Resumption) -> None:
    if sub["status"] != "paused":
        raise invalid(
            f"Only a paused subscription can be resumed; the status of {sub['id']} is {sub['status']}."
        )
    if sub["collection_method"] != "charge_automatically":
        raise invalid("Only a subscription with collection_method=charge_automatically can be resumed.")
    if wanted.on_success and sub["billing_mode"]["type"] != "flexible":
        raise invalid(
            "payment_behavior=resume_on_payment_success needs billing_mode flexible; migrate it first.",
            "payment_behavior",
        )


def _begin_period(draft: Draft, sub: Obj, item: Obj, wanted: Resumption) -> None:
    if metering.is_metered(draft.glance("price", item["price"])):
        item["_"].setdefault("used_since", wanted.now)
    if wanted.anchor_now:
        cycle.set_period(draft, sub, item, wanted.now)
        return
    at = wanted.now if wanted.proration_date is None else wanted.proration_date
    start, end = cycle.natural_period(draft, sub, item, at)
    item.update(current_period_start=start, current_period_end=end)
    if wanted.proration_behavior != "none":
        credits.debit(draft, sub, item, at)


def _need_payer(draft: Draft, sub: Obj, due: list[Obj]) -> None:
    """Refuse to resume when there is something to pay and nobody to charge."""
    trial = draft.fork()
    copied = trial.the("subscription", sub["id"])
    items = copied["items"] if due else []
    if not items and not lines.pending_items(trial, sub["customer"], sub["id"]):
        return
    now = trial.now_for(copied)
    invoice = cycle.cycle_invoice(trial, copied, items, (now, now), "subscription_update")
    if invoice["amount_due"] > 0 and collect.paying_method(trial, invoice) is None:
        raise StripeError(collect.NO_METHOD_MESSAGE, code="resource_missing")
