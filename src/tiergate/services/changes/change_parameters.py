"""Turns a change into the calls to Stripe that bring it about: the only place where that is done.

What the preview asks is made of the same parameters as what the update sends, so they cannot differ.
"""

from datetime import datetime
from typing import Any

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.rules.held import Held
from tiergate.rules.instants import to_unix_seconds
from tiergate.rules.planned_items import Sold, goes_with_planned, planned_items
from tiergate.rules.quantity_change import add_on_of, price_of_add_on
from tiergate.rules.state import SubscriptionItem
from tiergate.services.changes.change_facts import Facts

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
    if change.kind is ChangeKind.STAY and change.holds is Holds.NOW:
        return (*released, *(take_back_cancellation(held) if change.takes_back_cancellation else ()))
    if change.holds is Holds.AT_RENEWAL:
        taken_back = take_back_cancellation(held) if change.takes_back_cancellation else ()
        return (*released, *taken_back, *_scheduled(change, facts, held))
    prepared: Steps = ()
    if change.takes_back_cancellation and not held.subscription.cancel_at_period_end:
        prepared = _as_period_end(held)
    update = {**_money(change, held, proration_date), **_payment(held), "items": _items(change, facts, held)}
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
    details = {**_money(change, held, proration_date), "items": _items(change, facts, held)}
    if change.takes_back_cancellation:
        details["cancel_at_period_end"] = False
    return {"subscription": held.subscription.id, "subscription_details": details}


def renewal_parameters(change: Change, facts: Facts, held: Held) -> Json:
    """Return what asks Stripe for the first renewal with a change.

    Where the interval gets shorter only then, the invoice is that of a subscription that begins anew. So it
    is where a schedule is in force, which would be part of the answer although the change releases it.
    """
    is_shorter = change.holds is Holds.AT_RENEWAL and change.interval != held.interval
    if is_shorter or held.schedule_id is not None:
        return {
            "customer": held.subscription.customer_id,
            "subscription_details": {"items": _items_then(change, facts, held)},
        }
    details: Json = {"items": _items(change, facts, held), "proration_behavior": "none"}
    if change.takes_back_cancellation:
        details["cancel_at_period_end"] = False
    return {"subscription": held.subscription.id, "subscription_details": details}


def with_reductions(wanted: Json, subscription: Json) -> Json:
    """Return what asks for an invoice, in the currency of a subscription, with its discounts and taxes."""
    discounts = [one if isinstance(one, str) else one["id"] for one in subscription.get("discounts") or ()]
    rates = [
        rate if isinstance(rate, str) else rate["id"] for rate in subscription.get("default_tax_rates") or ()
    ]
    found: Json = {"discounts": [{"discount": one} for one in discounts]} if discounts else {}
    if subscription.get("currency"):
        found["currency"] = subscription["currency"]
    if (subscription.get("automatic_tax") or {}).get("enabled"):
        found["automatic_tax"] = {"enabled": True}
    details = {**wanted["subscription_details"], **({"default_tax_rates": rates} if rates else {})}
    return {**wanted, **found, "subscription_details": details}


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


def _items(change: Change, facts: Facts, held: Held) -> list[Json]:
    """Return the items that change; all others stay as they are."""
    return [_item(change, facts, held), *_following(change, facts, held)]


def _item(change: Change, facts: Facts, held: Held) -> Json:
    """Return the item that is wished to change."""
    if change.add_on_key is not None:
        return _add_on_item(change, facts, held, change.add_on_key)
    item: Json = {"id": held.item.id, "quantity": change.quantity}
    if _keeps_plan(change) or change.plan is None or change.interval is None:
        return item
    return {**item, "price": facts.price_id(change.plan.price(change.interval, held.currency).lookup_key)}


def _add_on_item(change: Change, facts: Facts, held: Held, key: str) -> Json:
    known = held.add_on(key)
    if known is None:
        price = price_of_add_on(facts.catalog.add_ons[key], held.interval, held.currency)
        return {"price": facts.price_id(price.lookup_key), "quantity": change.quantity}
    if change.quantity == 0:
        return {"id": known.id, "deleted": True}
    return {"id": known.id, "quantity": change.quantity}


def _keeps_plan(change: Change) -> bool:
    """Whether the price of the plan stays as it is: one at which it is not sold any more, too."""
    is_kept = change.kind in (ChangeKind.MORE, ChangeKind.FEWER, ChangeKind.STAY)
    return change.add_on_key is not None or is_kept


def _following(change: Change, facts: Facts, held: Held) -> list[Json]:
    """Return the add-ons that are paid by another interval together with their plan.

    Source: https://docs.stripe.com/billing/subscriptions/mixed-interval
    """
    if _keeps_plan(change) or change.interval is None:
        return []
    found = []
    stays = planned_items(held).follows if change.holds is Holds.AT_RENEWAL else {}
    for item in held.subscription.items:
        key, interval = item.add_on_key, facts.intervals.get(item.price_id)
        is_given_up = stays.get(item.id, "held") is None
        if key is not None and interval not in (None, change.interval) and not is_given_up:
            price = price_of_add_on(add_on_of(facts.catalog, key), change.interval, held.currency)
            price_id = facts.price_id(price.lookup_key)
            found.append({"id": item.id, "price": price_id, "quantity": item.quantity})
    return found


def _named(change: Change, facts: Facts, held: Held) -> Steps:
    """Return the call that names the new plan in the metadata, which cannot ride along with the change."""
    metadata = _metadata(change, facts)
    return ({**update_step(held, {"metadata": metadata}), "unless_pending": True},) if metadata else ()


def _metadata(change: Change, facts: Facts) -> Json:
    if _keeps_plan(change) or change.plan is None:
        return {}
    return {"plan_key": change.plan.key, "catalog_version": str(facts.catalog.version)}


def _scheduled(change: Change, facts: Facts, held: Held) -> Steps:
    """Return the calls that plan a change for the renewal: Stripe wants a schedule made, then filled.

    Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
    """
    then = _items_then(change, facts, held)
    if change.effective_at is None or then == [_phase_item(*_sold(item)) for item in held.subscription.items]:
        return ()
    return (
        {"call": "create_schedule", "id": held.subscription.id},
        {
            "call": "plan_phases",
            "id": held.subscription.id,
            "at": to_unix_seconds(change.effective_at),
            "items": then,
            "metadata": _metadata(change, facts),
        },
    )


def _items_then(change: Change, facts: Facts, held: Held) -> list[Json]:
    """Return what is sold from the renewal on, with a change."""
    then, added = _sold_then(change, facts, held)
    return [_phase_item(*sold) for sold in (*then.values(), *added) if sold is not None]


def _sold_then(change: Change, facts: Facts, held: Held) -> tuple[dict[str, Sold | None], tuple[Sold, ...]]:
    """Return what follows each item at the renewal, and what comes besides: as planned but for this."""
    now = {item.id: _sold(item) for item in held.subscription.items}
    planned = planned_items(held)
    is_kept = goes_with_planned(change, held)
    then: dict[str, Sold | None] = dict(planned.follows if is_kept else now)
    if is_kept and not _keeps_plan(change):
        # The add-ons go by the interval that is wanted now, not by the one that was planned.
        then = {item_id: sold and (now[item_id][0], sold[1]) for item_id, sold in then.items()}
    added = planned.added if is_kept else ()
    for update in _items(change, facts, held):
        if "id" not in update:
            added = (*added, (update["price"], update["quantity"]))
            continue
        price_id, quantity = then[update["id"]] or now[update["id"]]
        is_following = update["id"] != held.item.id and change.add_on_key is None
        quantity = quantity if is_following else update.get("quantity", quantity)
        then[update["id"]] = None if update.get("deleted") else (update.get("price", price_id), quantity)
    return then, added


def _sold(item: SubscriptionItem) -> Sold:
    return item.price_id, item.quantity


def _phase_item(price_id: str, quantity: int) -> Json:
    return {"price": price_id, "quantity": quantity}
