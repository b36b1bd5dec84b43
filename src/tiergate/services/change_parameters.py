"""Turns a change into the calls to Stripe that bring it about: the only place where that is done.

What the preview asks is made of the same parameters as what the update sends, so they cannot differ.
"""

from datetime import datetime
from typing import Any

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.rules.held import Held
from tiergate.rules.instants import to_unix_seconds
from tiergate.rules.quantity_change import price_of_add_on
from tiergate.rules.state import SubscriptionItem
from tiergate.services.change_facts import Facts

Json = dict[str, Any]
Steps = tuple[Json, ...]
"""Calls to Stripe, in order, as they are noted in the operation."""


def steps_for(change: Change, facts: Facts, proration_date: datetime) -> Steps:
    """Return the calls that bring a change about; none where there is nothing to be done."""
    held = facts.held
    if held is None or not change.is_made:
        return ()
    if change.kind is ChangeKind.CANCEL:
        return cancel_steps(change, held, {})
    released = _released(change)
    if change.kind is ChangeKind.STAY:
        return (*released, *(take_back_cancellation(held) if change.takes_back_cancellation else ()))
    if change.holds is Holds.AT_RENEWAL:
        taken_back = take_back_cancellation(held) if change.takes_back_cancellation else ()
        return (*released, *taken_back, *_scheduled(change, facts, held))
    prepared: Steps = ()
    if change.takes_back_cancellation and not held.subscription.cancel_at_period_end:
        prepared = _as_period_end(held)
    update = {**_money(change, held, proration_date), **_payment(held), "items": [_item(change, facts, held)]}
    if change.takes_back_cancellation:
        update["cancel_at_period_end"] = False
    return (*released, *prepared, update_step(held, update), *_named(change, facts, held))


def cancel_steps(change: Change, held: Held, details: Json) -> Steps:
    """Return the calls that bring a cancellation about; ``details`` say why, as Stripe wants it said."""
    params: Json = {"cancellation_details": details} if details else {}
    if change.holds is Holds.NOW:
        step = {"call": "cancel_subscription", "id": held.subscription.id, "params": params}
        return (*_released(change), step)
    return (*_released(change), update_step(held, {"cancel_at_period_end": True, **params}))


def _released(change: Change) -> Steps:
    return ({"call": "release_schedule", "id": change.releases},) if change.releases else ()


def preview_parameters(change: Change, facts: Facts, held: Held, proration_date: datetime) -> Json:
    """Return what asks Stripe for the invoice that a change now leads to."""
    details = {**_money(change, held, proration_date), "items": [_item(change, facts, held)]}
    if change.takes_back_cancellation:
        details["cancel_at_period_end"] = False
    return {"subscription": held.subscription.id, "subscription_details": details}


def renewal_parameters(change: Change, facts: Facts, held: Held) -> Json:
    """Return what asks Stripe for the first renewal with a change.

    Where the interval gets shorter only then, the invoice is that of a subscription that begins anew.
    """
    if change.holds is Holds.AT_RENEWAL and change.interval != held.interval:
        return {
            "customer": held.subscription.customer_id,
            "subscription_details": {"items": _items_then(change, facts, held)},
        }
    details: Json = {"items": [_item(change, facts, held)], "proration_behavior": "none"}
    if change.takes_back_cancellation:
        details["cancel_at_period_end"] = False
    return {"subscription": held.subscription.id, "subscription_details": details}


def take_back_cancellation(held: Held) -> Steps:
    """Return the call that lets a subscription go on."""
    goes_on = {"cancel_at_period_end": False} if held.subscription.cancel_at_period_end else {"cancel_at": ""}
    return (update_step(held, goes_on),)


def update_step(held: Held, params: Json) -> Json:
    """Return the call that changes the subscription."""
    return {"call": "update_subscription", "id": held.subscription.id, "params": params}


def _as_period_end(held: Held) -> Steps:
    """Return the call that turns a fixed end into one with the period: only that can be taken back together
    with a change that waits for its payment.
    """
    if held.subscription.cancels_at == held.renews_at:
        return (update_step(held, {"cancel_at_period_end": True}),)
    return (update_step(held, {"cancel_at": ""}),)


def _money(change: Change, held: Held, proration_date: datetime) -> Json:
    """Return how a change is charged: at once and to the second, or not at all while a trial goes on."""
    if change.trial_end == "now":
        return {"trial_end": "now", "proration_behavior": "always_invoice"}
    if held.is_in_trial:
        return {"proration_behavior": "none"}
    return {"proration_behavior": "always_invoice", "proration_date": to_unix_seconds(proration_date)}


def _payment(held: Held) -> Json:
    """Return what follows when the payment fails: the old plan stays in force, and the new one waits.

    Source: https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    return {} if held.subscription.is_sent_invoices else {"payment_behavior": "pending_if_incomplete"}


def _item(change: Change, facts: Facts, held: Held) -> Json:
    """Return the one item that changes; all others stay as they are."""
    if change.add_on_key is not None:
        return _add_on_item(change, facts, held, change.add_on_key)
    item: Json = {"id": held.item.id, "quantity": change.quantity}
    keeps_plan = change.kind in (ChangeKind.MORE, ChangeKind.FEWER)
    if keeps_plan or change.plan is None or change.interval is None:
        return item
    return {**item, "price": facts.price_id(change.plan.price(change.interval).lookup_key)}


def _add_on_item(change: Change, facts: Facts, held: Held, key: str) -> Json:
    known = held.add_on(key)
    if known is None:
        price = price_of_add_on(facts.catalog.add_ons[key], held.interval)
        return {"price": facts.price_id(price.lookup_key), "quantity": change.quantity}
    if change.quantity == 0:
        return {"id": known.id, "deleted": True}
    return {"id": known.id, "quantity": change.quantity}


def _named(change: Change, facts: Facts, held: Held) -> Steps:
    """Return the call that names the new plan in the metadata, which cannot ride along with the change."""
    metadata = _metadata(change, facts)
    return ({**update_step(held, {"metadata": metadata}), "unless_pending": True},) if metadata else ()


def _metadata(change: Change, facts: Facts) -> Json:
    keeps_plan = change.add_on_key is not None or change.kind in (ChangeKind.MORE, ChangeKind.FEWER)
    if keeps_plan or change.plan is None:
        return {}
    return {"plan_key": change.plan.key, "catalog_version": str(facts.catalog.version)}


def _scheduled(change: Change, facts: Facts, held: Held) -> Steps:
    """Return the calls that plan a change for the renewal: Stripe wants a schedule made, then filled.

    Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
    """
    if change.effective_at is None:
        return ()
    return (
        {"call": "create_schedule", "id": held.subscription.id},
        {
            "call": "plan_phases",
            "id": held.subscription.id,
            "at": to_unix_seconds(change.effective_at),
            "items": _items_then(change, facts, held),
            "metadata": _metadata(change, facts),
        },
    )


def _items_then(change: Change, facts: Facts, held: Held) -> list[Json]:
    changed = _item(change, facts, held)
    items = []
    for item in held.subscription.items:
        if item.id != changed.get("id"):
            items.append(_phase_item(item))
        elif not changed.get("deleted"):
            price = changed.get("price", item.price_id)
            items.append({"price": price, "quantity": changed["quantity"]})
    return items


def _phase_item(item: SubscriptionItem) -> Json:
    return {"price": item.price_id, "quantity": item.quantity}
