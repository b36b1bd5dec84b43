"""Changing a running subscription: other prices, other quantities, another trial end, another anchor.

https://docs.stripe.com/billing/subscriptions/change-price
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from tiergate_sandbox.world.billing import (
    collect,
    combining,
    credits,
    cycle,
    discounts,
    invoices,
    lines,
    pausing,
    pending_update,
    subscribe,
)
from tiergate_sandbox.world.billing.collect import Attempt
from tiergate_sandbox.world.billing.metering import quantity_of
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.subscribe import ItemOrder
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter, no_such
from tiergate_sandbox.world.periods import Interval
from tiergate_sandbox.world.wishes import TRIAL_NOTICE_SECONDS

Obj = dict[str, Any]


@dataclass(slots=True)
class ItemChange:
    """What happens to one item: changed or removed when ``id`` names it, added otherwise."""

    id: str | None
    price: Obj | None
    quantity: int | None
    metadata: dict[str, str] | None = None
    deleted: bool = False
    discounts: list[Obj] | None = None
    tax_rates: list[str] | None = None


@dataclass(slots=True)
class Change:
    """What is asked for; ``None`` leaves things as they are."""

    now: int
    items: list[ItemChange] = field(default_factory=list)
    trial_end: int | Literal["now"] | None = None
    anchor_now: bool = False
    proration_behavior: str = "create_prorations"
    proration_date: int | None = None
    payment_behavior: str = "allow_incomplete"
    one_time: list[ItemOrder] = field(default_factory=list)


def change(draft: Draft, sub: Obj, wanted: Change) -> Obj | None:
    """Change a subscription, and return the invoice that was made for it at once, if one was.

    Raises:
        StripeError: when the change makes no sense, or when its payment fails and ``payment_behavior`` is
            ``error_if_incomplete``.
    """
    if wanted.items or wanted.anchor_now or wanted.trial_end is not None:
        _check_changeable(sub, wanted)
    place = Place(draft.the("customer", sub["customer"]), wanted.now, sub["currency"])
    for one in wanted.one_time:
        subscribe.buy_once(draft, sub, one, place)
    if sub["status"] == "trialing" or sub["status"] == "paused":
        _swap_items(draft, sub, wanted)
        return _change_trial(draft, sub, wanted) if sub["status"] == "trialing" else None
    if isinstance(wanted.trial_end, int):
        return _start_trial(draft, sub, wanted, wanted.trial_end)
    if not wanted.items and not wanted.anchor_now:
        return None
    return _change_in_period(draft, sub, wanted)


def _check_changeable(sub: Obj, wanted: Change) -> None:
    if sub["status"] in ("incomplete", "incomplete_expired", "canceled"):
        raise invalid(
            f"You cannot change the items, the trial or the anchor of a subscription with status "
            f"{sub['status']}. "
            "Pay its open invoice first, or create a new subscription."
        )
    start = min(item["current_period_start"] for item in sub["items"])
    end = max(item["current_period_end"] for item in sub["items"])
    if wanted.proration_date is not None and not start <= wanted.proration_date <= end:
        raise invalid(
            f"The proration_date must lie in the current period, from {start} to {end}.", "proration_date"
        )


def _change_in_period(draft: Draft, sub: Obj, wanted: Change) -> Obj | None:
    at = wanted.now if wanted.proration_date is None else wanted.proration_date
    prorates = wanted.proration_behavior != "none"
    resets = wanted.anchor_now or _classic_reset(draft, sub, wanted)
    began_at = min(item["current_period_start"] for item in sub["items"])
    touched = list(sub["items"]) if resets else _named_items(sub, wanted)
    if prorates:
        for item in touched:
            credits.credit(draft, sub, item, at)
    changed = _swap_items(draft, sub, wanted)
    if resets:
        sub["billing_cycle_anchor"] = wanted.now
        for item in sub["items"]:
            cycle.set_period(draft, sub, item, wanted.now)
        return invoice_now(draft, sub, wanted, sub["items"], began_at)
    for item in changed:
        start, end = cycle.natural_period(draft, sub, item, at)
        item.update(current_period_start=start, current_period_end=end)
        if sub["cancel_at"] is not None:
            item["current_period_end"] = min(end, sub["cancel_at"])
        if prorates:
            credits.debit(draft, sub, item, at)
    if wanted.proration_behavior != "always_invoice":
        return None
    return invoice_now(draft, sub, wanted, [], began_at)


def _classic_reset(draft: Draft, sub: Obj, wanted: Change) -> bool:
    """Tell whether classic billing begins a new period by itself: for another interval, or from free to "
    "paid.
    """
    if sub["billing_mode"]["type"] != "classic":
        return False
    for one in wanted.items:
        if one.price is None or one.id is None:
            continue
        old = draft.glance("price", _item(sub, one.id)["price"])
        if Interval.of(old) != Interval.of(one.price) or (
            old["unit_amount"] == 0 and one.price["unit_amount"] != 0
        ):
            return True
    return False


def _named_items(sub: Obj, wanted: Change) -> list[Obj]:
    return [
        _item(sub, one.id)
        for one in wanted.items
        if one.id is not None and (one.deleted or one.price is not None or one.quantity is not None)
    ]


def _swap_items(draft: Draft, sub: Obj, wanted: Change) -> list[Obj]:
    """Apply the item changes and return the items that are billed differently from now on."""
    new_prices = [ItemOrder(one.price) for one in wanted.items if one.price is not None]
    if new_prices:
        subscribe.check_items(new_prices)
    changed = []
    for one in wanted.items:
        if one.id is None:
            changed.append(_added(draft, sub, one, wanted.now))
            continue
        item = _item(sub, one.id)
        if one.deleted:
            sub["items"].remove(item)
            continue
        if one.metadata is not None:
            item["metadata"] = one.metadata
        _set_money(draft, sub, item, one, wanted.now)
        if one.price is not None or one.quantity is not None:
            item["price"] = item["price"] if one.price is None else one.price["id"]
            item["quantity"] = quantity_of(draft.glance("price", item["price"]), one.quantity)
            changed.append(item)
    if not sub["items"]:
        raise invalid("A subscription must keep at least one item; cancel the subscription instead.", "items")
    for new in new_prices:
        price_in(draft, new.price["id"], sub["currency"], "items")
    combining.check(draft, sub)
    return changed


def _added(draft: Draft, sub: Obj, one: ItemChange, now: int) -> Obj:
    if one.price is None:
        raise missing_parameter("items[0][price]")
    if any(item["price"] == one.price["id"] for item in sub["items"]):
        raise invalid(
            "Cannot add multiple subscription items with the same price: "
            f"{one.price['id']}. Change the quantity of the existing item by passing its id.",
            "items",
        )
    order = ItemOrder(one.price, 1 if one.quantity is None else one.quantity, one.metadata or {})
    item = subscribe.new_item(draft, sub, order, now)
    _set_money(draft, sub, item, one, now)
    if sub["status"] == "trialing":
        item.update(current_period_start=now, current_period_end=sub["trial_end"])
    else:
        cycle.set_period(draft, sub, item, now)
    sub["items"].append(item)
    return item


def _set_money(draft: Draft, sub: Obj, item: Obj, one: ItemChange, now: int) -> None:
    """Give an item its discounts and tax rates, as far as they were said."""
    if one.discounts is not None:
        place = Place(draft.the("customer", sub["customer"]), now, sub["currency"])
        discounts.give(draft, item, one.discounts, place)
    if one.tax_rates is not None:
        item["tax_rates"] = one.tax_rates


def _change_trial(draft: Draft, sub: Obj, wanted: Change) -> Obj | None:
    if wanted.trial_end == "now":
        return end_trial_now(draft, sub, wanted)
    if wanted.trial_end is not None:
        sub.update(trial_end=wanted.trial_end, billing_cycle_anchor=wanted.trial_end)
        for item in sub["items"]:
            item["current_period_end"] = wanted.trial_end
        if wanted.trial_end - wanted.now < TRIAL_NOTICE_SECONDS:
            cycle.announce_trial_end(draft, sub)
    return None


def end_trial_now(draft: Draft, sub: Obj, wanted: Change) -> Obj | None:
    """End a trial early and begin the first paid period, or do what is set for a missing payment method."""
    began_at = sub["trial_start"]
    sub["trial_end"] = wanted.now
    cycle.announce_trial_end(draft, sub)
    follows = cycle.after_trial(draft, sub)
    if follows != "bill":
        for item in sub["items"]:
            item["current_period_end"] = wanted.now
        cycle.leave_trial(draft, sub, wanted.now, follows)
        return None
    sub["status"] = "active"
    if sub["trial_settings"]["end_behavior"]["billing_cycle_anchor"] == "now":
        sub["billing_cycle_anchor"] = wanted.now
    for item in sub["items"]:
        cycle.set_period(draft, sub, item, wanted.now)
    return invoice_now(draft, sub, wanted, sub["items"], began_at)


def _start_trial(draft: Draft, sub: Obj, wanted: Change, trial_end: int) -> Obj | None:
    began_at = min(item["current_period_start"] for item in sub["items"])
    for item in sub["items"]:
        if wanted.proration_behavior != "none":
            credits.credit(draft, sub, item, wanted.now)
        item["_"]["debits"] = []
        item.update(current_period_start=wanted.now, current_period_end=trial_end)
    _swap_items(draft, sub, wanted)
    sub.update(status="trialing", trial_start=wanted.now, trial_end=trial_end, billing_cycle_anchor=trial_end)
    if trial_end - wanted.now < TRIAL_NOTICE_SECONDS:
        cycle.announce_trial_end(draft, sub)
    if wanted.proration_behavior != "always_invoice":
        return None
    return invoice_now(draft, sub, wanted, [], began_at)


def invoice_now(draft: Draft, sub: Obj, wanted: Change, due: list[Obj], began_at: int) -> Obj | None:
    """Invoice a change at once, unless it leaves nothing to invoice."""
    may_wait = wanted.payment_behavior == "pending_if_incomplete"
    pending = lines.pending_items(draft, sub["customer"], sub["id"])
    if not due and not any(draft.is_new(item) or not may_wait for item in pending):
        return None
    invoice = cycle.cycle_invoice(
        draft, sub, due, (began_at, wanted.now), "subscription_update", alone=may_wait
    )
    if may_wait:
        pending_update.mark(invoice)
    if pausing.is_withheld(sub):
        invoice["auto_advance"] = False
    sub["latest_invoice"] = invoice["id"]
    draft.emit("invoice.created", invoice)
    if pausing.is_withheld(sub):
        pausing.withhold(draft, sub, invoice, wanted.now)
        return invoice
    if sub["collection_method"] == "send_invoice":
        invoices.wait_as_draft(draft, invoice, wanted.now)
        return invoice
    invoices.finalize(draft, invoice, wanted.now)
    if wanted.payment_behavior == "default_incomplete" and invoice["amount_remaining"] > 0:
        sub["status"] = "past_due"
        return invoice
    error = collect.collect(draft, invoice, wanted.now, Attempt.IN_REQUEST)
    if error is not None and wanted.payment_behavior == "error_if_incomplete":
        raise error
    return invoice


def _item(sub: Obj, item_id: str) -> Obj:
    for item in sub["items"]:
        if item["id"] == item_id:
            found: Obj = item
            return found
    raise no_such("subscription_item", item_id, "items[0][id]")
