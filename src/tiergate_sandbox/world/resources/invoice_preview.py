"""Previews: https://docs.stripe.com/api/invoices/create_preview."""

from typing import Any

from tiergate_sandbox.world.billing import change as changes
from tiergate_sandbox.world.billing import credits, cycle, ending, methods, subscribe
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.billing.subscribe import Order
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.params import Param, boolean, choice, hash_of, ref, string, timestamp
from tiergate_sandbox.world.resources import subscription_params as spec

Obj = dict[str, Any]

PREVIEW: dict[str, Param] = {
    "currency": string(3),
    "customer": ref(),
    "preview_mode": choice("next"),
    "subscription": ref(),
    "subscription_details": hash_of(
        billing_cycle_anchor=spec.UPDATE["billing_cycle_anchor"],
        billing_mode=spec.BILLING_MODE,
        cancel_at=timestamp(),
        cancel_at_period_end=boolean(),
        cancel_now=boolean(),
        items=spec.UPDATE["items"],
        proration_behavior=spec.PRORATION,
        proration_date=timestamp(),
        start_date=timestamp(),
        trial_end=timestamp("now"),
    ),
}


def create_preview(draft: Draft, params: Obj) -> Obj:
    """Return the invoice that a change, or simply the next renewal, would lead to; nothing is kept of it."""
    trial = draft.fork()
    details = params.get("subscription_details") or {}
    if params.get("subscription") is not None:
        return _of_change(trial, params["subscription"], details)
    if params.get("customer") is None:
        raise missing_parameter("customer")
    return _of_new(trial, params, details)


def _of_change(trial: Draft, sub_id: str, details: Obj) -> Obj:
    sub = trial.need("subscription", sub_id, "subscription", 400)
    if sub["status"] in ending.OVER:
        raise invalid("A canceled subscription has no next invoice; preview another one.", "subscription")
    now = trial.now_for(sub)
    if details.get("cancel_now"):
        return _of_cancel(trial, sub, now, details)
    wanted = Change(
        now=now,
        items=spec.item_changes(trial, details.get("items") or []),
        trial_end=details.get("trial_end"),
        anchor_now=spec.wants_anchor_now(details),
        proration_behavior=details.get("proration_behavior") or "create_prorations",
        proration_date=details.get("proration_date"),
        payment_behavior="default_incomplete",
    )
    made_now = changes.change(trial, sub, wanted)
    if made_now is None:
        _refuse_without_renewal(sub, details)
        return cycle.upcoming_invoice(trial, sub_id)
    made_now.update(status="draft", number=None, hosted_invoice_url=None, invoice_pdf=None)
    return cycle.as_preview(trial, made_now)


def _of_cancel(trial: Draft, sub: Obj, now: int, details: Obj) -> Obj:
    if (details.get("proration_behavior") or "create_prorations") != "none":
        for item in sub["items"]:
            credits.credit(trial, sub, item, details.get("proration_date") or now)
    began_at = min(item["current_period_start"] for item in sub["items"])
    return cycle.as_preview(
        trial, cycle.cycle_invoice(trial, sub, [], (began_at, now), "subscription_update")
    )


def _refuse_without_renewal(sub: Obj, details: Obj) -> None:
    ends = sub["cancel_at"] is not None and details.get("cancel_at_period_end") is not False
    if ends or details.get("cancel_at_period_end"):
        raise invalid(
            "No upcoming invoices for customer: the subscription ends with its current period.",
            "subscription",
            "invoice_upcoming_none",
        )


def _of_new(trial: Draft, params: Obj, details: Obj) -> Obj:
    customer = methods.need_customer(trial, params["customer"])
    now = trial.now_for(customer)
    items = spec.item_orders(trial, details.get("items") or [], "subscription_details[items]")
    order = Order(
        customer=customer,
        items=items,
        now=now,
        currency=params.get("currency"),
        trial_end=spec.trial_end_of(trial, details, now),
        payment_behavior="default_incomplete",
        setup=False,
    )
    sub = subscribe.subscribe(trial, order)
    made = trial.the("invoice", sub["latest_invoice"])
    made.update(status="draft", number=None, hosted_invoice_url=None, invoice_pdf=None)
    return cycle.as_preview(trial, made)
