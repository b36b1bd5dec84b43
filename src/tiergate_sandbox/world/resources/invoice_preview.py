"""Previews: https://docs.stripe.com/api/invoices/create_preview."""

from dataclasses import replace
from typing import Any

from tiergate_sandbox.world.billing import change as changes
from tiergate_sandbox.world.billing import (
    credits,
    cut_short,
    cycle,
    discounts,
    ending,
    invoices,
    lines,
    methods,
    subscribe,
)
from tiergate_sandbox.world.billing.change import Change
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.subscribe import Order
from tiergate_sandbox.world.billing.totals import total_up
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    choice,
    currency_code,
    hash_of,
    ref,
    required,
    timestamp,
)
from tiergate_sandbox.world.resources import invoice_items
from tiergate_sandbox.world.resources import subscription_money as money
from tiergate_sandbox.world.resources import subscription_params as spec
from tiergate_sandbox.world.resources.discounts import DISCOUNTS, said

Obj = dict[str, Any]

DETAILS: dict[str, Param] = {
    "billing_cycle_anchor": spec.UPDATE["billing_cycle_anchor"],
    "billing_mode": spec.BILLING_MODE,
    "cancel_at": timestamp("min_period_end", "max_period_end"),
    "cancel_at_period_end": boolean(),
    "cancel_now": boolean(),
    "default_tax_rates": array_of(ref()),
    "items": spec.UPDATE["items"],
    "proration_behavior": spec.PRORATION,
    "proration_date": timestamp(),
    "trial_end": timestamp("now"),
}
PREVIEW: dict[str, Param] = {
    "automatic_tax": hash_of(enabled=required(boolean())),
    "coupon": ref(),
    "currency": currency_code(),
    "customer": ref(),
    "discounts": DISCOUNTS,
    "invoice_items": array_of(hash_of(**invoice_items.PREVIEWED), 250),
    "preview_mode": choice("next"),
    "subscription": ref(),
    "subscription_details": hash_of(**DETAILS),
}

ONLY_RUNNING = ("billing_cycle_anchor", "cancel_now", "proration_date")
WITHOUT_CANCEL = (
    "billing_cycle_anchor",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "items",
    "trial_end",
)
"""What says nothing about an end at once."""


def create_preview(draft: Draft, params: Obj) -> Obj:
    """Return the invoice that a change, or simply the next renewal, would lead to; nothing is kept of it."""
    trial = draft.showing = draft.fork()
    details = params.get("subscription_details") or {}
    _check_details(params, details)
    if params.get("subscription") is not None:
        return _of_subscription(trial, params, details)
    if params.get("customer") is None:
        raise missing_parameter("customer")
    customer = methods.need_customer(trial, params["customer"])
    _add_items(trial, customer, None, params)
    if details.get("items"):
        return _of_new(trial, customer, params, details)
    return _of_pending(trial, customer, params)


def _check_details(params: Obj, details: Obj) -> None:
    """Refuse what would not show in the preview.

    Raises:
        StripeError: when the details do not go together, or not with what is previewed.
    """
    useless: tuple[str, ...]
    if params.get("subscription") is None:
        useless, why = ONLY_RUNNING, "needs a `subscription`"
    elif details.get("cancel_now"):
        useless, why = WITHOUT_CANCEL, "does not go with cancel_now"
    else:
        useless, why = ("billing_mode",), "is for a new subscription"
    for name in useless:
        if details.get(name) is not None:
            raise invalid(f"`{name}` {why}.", f"subscription_details[{name}]")
    running = params.get("subscription") is not None
    if not running and details and not details.get("items"):
        raise missing_parameter("subscription_details[items]")
    for index, one in enumerate(details.get("items") or []):
        if not running and (one.get("id") is not None or one.get("deleted")):
            raise invalid(
                "An item that exists already needs a `subscription`.",
                f"subscription_details[items][{index}][{'id' if one.get('id') is not None else 'deleted'}]",
            )


def _of_subscription(trial: Draft, params: Obj, details: Obj) -> Obj:
    sub = trial.need("subscription", params["subscription"], "subscription", 400)
    if sub["status"] in ending.OVER:
        raise invalid("A canceled subscription has no next invoice; preview another one.", "subscription")
    customer = trial.the("customer", sub["customer"])
    _check_same(sub, params)
    now = trial.now_for(sub)
    _add_items(trial, customer, sub, params)
    money.apply(trial, sub, {**details, **params}, customer, now)
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
    if details.get("cancel_at_period_end") is False:
        ending.unschedule(sub)
    made_now = changes.change(trial, sub, wanted)
    if made_now is not None:
        if details.get("cancel_at") is not None or details.get("cancel_at_period_end"):
            raise invalid(
                "This change is invoiced at once, before the end counts; preview them one after the other.",
                "subscription_details[cancel_at]",
            )
        return _as_draft(trial, made_now)
    return _of_end(trial, sub, details, wanted) or cycle.upcoming_invoice(trial, sub["id"])


def _check_same(sub: Obj, params: Obj) -> None:
    for name in ("customer", "currency"):
        said = params.get(name)
        if said is not None and said.lower() != sub[name].lower():
            raise invalid(f"The {name} of {sub['id']} is {sub[name]}, not {said}.", name)


def _of_cancel(trial: Draft, sub: Obj, now: int, details: Obj) -> Obj:
    if (details.get("proration_behavior") or "create_prorations") != "none":
        for item in sub["items"]:
            credits.credit(trial, sub, item, details.get("proration_date") or now)
    began_at = min(item["current_period_start"] for item in sub["items"])
    return cycle.as_preview(
        trial, cycle.cycle_invoice(trial, sub, [], (began_at, now), "subscription_update")
    )


def _of_end(trial: Draft, sub: Obj, details: Obj, wanted: Change) -> Obj | None:
    """Let the subscription end as the preview says; return the invoice of an end in the current period.

    Raises:
        StripeError: ``invoice_upcoming_none`` when it ends with its period and nothing is left to bill.
    """
    end = min(item["current_period_end"] for item in sub["items"])
    began_at = min(item["current_period_start"] for item in sub["items"])
    cancel_at = details.get("cancel_at")
    if isinstance(cancel_at, str):
        cancel_at = ending.named_end(sub, cancel_at)
    if cancel_at is not None:
        prorates = "none" if wanted.proration_behavior == "none" else "create_prorations"
        cut_short.end_at(trial, sub, cancel_at, replace(wanted, proration_behavior=prorates))
    if not details.get("cancel_at_period_end") and (sub["cancel_at"] is None or sub["cancel_at"] > end):
        return None
    if not lines.pending_items(trial, sub["customer"], sub["id"]):
        raise _nothing_comes("the subscription ends with its current period.", "subscription")
    made = cycle.cycle_invoice(trial, sub, [], (began_at, wanted.now), "subscription_update")
    return cycle.as_preview(trial, made)


def _of_new(trial: Draft, customer: Obj, params: Obj, details: Obj) -> Obj:
    now = trial.now_for(customer)
    cancel_at = details.get("cancel_at")
    if isinstance(cancel_at, int) and cancel_at <= now:
        raise invalid(
            f"cancel_at must be in the future; it is {now} here.", "subscription_details[cancel_at]"
        )
    order = Order(
        customer=customer,
        items=spec.item_orders(trial, details.get("items") or [], "subscription_details[items]"),
        now=now,
        currency=params.get("currency"),
        trial_end=spec.trial_end_of(trial, details, now),
        cancel_at=cancel_at,
        cancel_at_period_end=bool(details.get("cancel_at_period_end")),
        payment_behavior="default_incomplete",
        proration_behavior=details.get("proration_behavior") or "create_prorations",
        setup=False,
        discounts=said(trial, params) or [],
        values={
            **money.tax_values(trial, {**details, **params}, customer),
            "billing_mode": spec.billing_mode(trial, details.get("billing_mode")),
        },
    )
    sub = subscribe.subscribe(trial, order)
    return _as_draft(trial, trial.the("invoice", sub["latest_invoice"]))


def _of_pending(trial: Draft, customer: Obj, params: Obj) -> Obj:
    """Return the invoice that would gather what is pending for a customer."""
    now = trial.now_for(customer)
    currency = params.get("currency") or customer["currency"] or trial.settings.default_currency
    waiting = [one for one in lines.pending_items(trial, customer["id"], None) if one["currency"] == currency]
    if not waiting:
        raise _nothing_comes(f"{customer['id']} has no pending invoice items.", "customer")
    invoice = invoices.new_draft(trial, customer, None, reason="upcoming", now=now, currency=currency)
    wanted = said(trial, params)
    if wanted is not None:
        invoice["discounts"] = []
        discounts.give(trial, invoice, wanted, Place(customer, now, currency))
    for one in waiting:
        lines.add_pending(trial, invoice, one)
    total_up(trial, invoice)
    return cycle.as_preview(trial, invoice)


def _add_items(trial: Draft, customer: Obj, sub: Obj | None, params: Obj) -> None:
    """Let the invoice items that are only asked about wait with the real ones."""
    for one in params.get("invoice_items") or []:
        known = one.pop("invoiceitem", None)
        if known is not None:
            invoice_items.update(trial, one, known)
        else:
            invoice_items.new_item(trial, customer, sub, one)


def _as_draft(trial: Draft, invoice: Obj) -> Obj:
    invoice.update(
        status="draft",
        number=None,
        hosted_invoice_url=None,
        invoice_pdf=None,
        effective_at=None,
        ending_balance=None,
    )
    invoice["status_transitions"]["finalized_at"] = None
    return cycle.as_preview(trial, invoice)


def _nothing_comes(why: str, param: str) -> StripeError:
    return invalid(f"No upcoming invoices for customer: {why}", param, "invoice_upcoming_none")
