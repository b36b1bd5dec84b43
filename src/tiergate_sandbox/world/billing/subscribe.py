"""The start of a subscription:
https://docs.stripe.com/billing/subscriptions/overview#subscription-payment-behavior.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from tiergate_sandbox.world.billing import (
    backdating,
    collect,
    combining,
    cycle,
    discounts,
    ending,
    invoices,
    lines,
    methods,
    setups,
)
from tiergate_sandbox.world.billing.collect import Attempt
from tiergate_sandbox.world.billing.metering import quantity_of
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid
from tiergate_sandbox.world.rounding import line_amount
from tiergate_sandbox.world.wishes import TRIAL_NOTICE_SECONDS

Obj = dict[str, Any]

CUSTOMER_SUBSCRIPTIONS = 500
CLOCK_SUBSCRIPTIONS = 3


@dataclass(slots=True)
class ItemOrder:
    """One price that is subscribed to."""

    price: Obj
    quantity: int = 1
    metadata: dict[str, str] = field(default_factory=dict)
    discounts: list[Obj] = field(default_factory=list)
    tax_rates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """What is asked for when a subscription is created.

    ``values`` are subscription fields that are taken as they are. ``setup`` says that the card is to be
    checked when nothing has to be paid; ``authenticated`` that 3-D Secure has been passed already, for
    ``intent``; ``as_draft`` that the first invoice waits for its hour, as that of a schedule does;
    ``backdated_to`` that the time since then is charged too.
    """

    customer: Obj
    items: list[ItemOrder]
    now: int
    currency: str | None = None
    trial_end: int | None = None
    anchor: int | None = None
    cancel_at: int | Literal["min_period_end", "max_period_end"] | None = None
    cancel_at_period_end: bool = False
    payment_behavior: str = "allow_incomplete"
    proration_behavior: str = "create_prorations"
    one_time: list[ItemOrder] = field(default_factory=list)
    setup: bool = True
    authenticated: bool = False
    intent: Obj | None = None
    as_draft: bool = False
    backdated_to: int | None = None
    discounts: list[Obj] = field(default_factory=list)
    values: Obj = field(default_factory=dict)


def subscribe(draft: Draft, order: Order) -> Obj:
    """Create a subscription, its first invoice and (usually) its payment.

    Raises:
        StripeError: when the order makes no sense, when nobody could be charged, or when the payment fails
        and
            ``payment_behavior`` is ``error_if_incomplete``.
    """
    sub = _new_subscription(draft, order)
    _give_discounts(draft, sub, order)
    if order.backdated_to is not None and order.proration_behavior != "none":
        backdating.charge_past(draft, sub, order.backdated_to, order.now)
    invoice = cycle.cycle_invoice(draft, sub, sub["items"], (order.now, order.now), "subscription_create")
    sub["latest_invoice"] = invoice["id"]
    draft.emit("invoice.created", invoice)
    if sub["collection_method"] == "send_invoice":
        invoices.wait_as_draft(draft, invoice, order.now)
    else:
        _charge_first(draft, sub, invoice, order)
    draft.emit("customer.subscription.created", sub)
    if sub["status"] == "trialing" and sub["trial_end"] - order.now < TRIAL_NOTICE_SECONDS:
        cycle.announce_trial_end(draft, sub)
    return sub


def _give_discounts(draft: Draft, sub: Obj, order: Order) -> None:
    """Give the subscription and its items their discounts, and let what is bought once wait for the
    invoice.
    """
    bought = [*order.items, *order.one_time]
    prices = [price_in(draft, one.price["id"], sub["currency"]) for one in bought]
    subtotal = sum(line_amount(price, one.quantity) for price, one in zip(prices, bought, strict=True))
    place = Place(order.customer, order.now, sub["currency"], subtotal)
    discounts.give(draft, sub, order.discounts, place)
    for item, one in zip(sub["items"], order.items, strict=True):
        discounts.give(draft, item, one.discounts, place)
    for one in order.one_time:
        buy_once(draft, sub, one, place)


def buy_once(draft: Draft, sub: Obj, one: ItemOrder, place: Place) -> None:
    """Let what is bought once wait for the subscription's next invoice, with its discounts and tax rates."""
    price = price_in(draft, one.price["id"], sub["currency"], "add_invoice_items")
    customer = draft.the("customer", sub["customer"])
    pending = lines.one_time(draft, customer, sub, price, one.quantity, place.now)
    discounts.give(draft, pending, one.discounts, place)
    pending["tax_rates"] = one.tax_rates


def check_items(items: list[ItemOrder], currency: str | None = None) -> str:
    """Return the one currency of the prices, or the one that was asked for.

    Raises:
        StripeError: when there is none, or a price is archived, not recurring, or named twice.
    """
    if not items:
        raise invalid(
            "A subscription needs at least one item; pass items[0][price].", "items", "parameter_missing"
        )
    for index, item in enumerate(items):
        if not item.price["active"]:
            message = "The price specified is inactive. This field only accepts active prices."
            raise invalid(message, f"items[{index}][price]", "price_inactive")
        if item.price["recurring"] is None:
            raise invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices with "
                "`type=recurring`.",
                f"items[{index}][price]",
            )
    named = [item.price["id"] for item in items]
    for one in named:
        if named.count(one) > 1:
            raise invalid(
                f"Cannot add multiple subscription items with the same price: {one}. Add up the quantities.",
                "items",
            )
    if currency is not None:
        return currency
    currencies = {item.price["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid("All prices on a subscription must use the same currency.", "items")
    return str(currencies.pop())


def new_item(draft: Draft, sub: Obj, item: ItemOrder, now: int) -> Obj:
    """Return a new subscription item, which still lacks its period."""
    return blank(
        "subscription_item",
        draft.new_id("si_"),
        created=now,
        metadata=item.metadata,
        price=item.price["id"],
        quantity=quantity_of(item.price, item.quantity),
        subscription=sub["id"],
        tax_rates=item.tax_rates,
    )


def _new_subscription(draft: Draft, order: Order) -> Obj:
    customer, now = order.customer, order.now
    currency = check_items(order.items, order.currency)
    _check_room(draft, customer)
    trialing = order.trial_end is not None
    sub = blank(
        "subscription",
        draft.new_id("sub_"),
        billing_cycle_anchor=order.trial_end or order.anchor or now,
        created=now,
        currency=currency,
        customer=customer["id"],
        start_date=order.backdated_to or now,
        status="trialing" if trialing else "active",
        test_clock=customer["test_clock"],
        trial_end=order.trial_end,
        trial_start=now if trialing else None,
        **order.values,
    )
    if sub["billing_mode"]["type"] == "classic" and customer["currency"] not in (None, currency):
        raise invalid(
            "You cannot combine currencies on a single customer. This customer has a subscription or an "
            "invoice with "
            f"currency {customer['currency']}.",
        )
    customer["currency"] = customer["currency"] or currency
    sub["_"]["proration_behavior"] = order.proration_behavior
    if isinstance(order.cancel_at, int):
        ending.schedule_at(sub, order.cancel_at, now)
    sub["items"] = [new_item(draft, sub, item, now) for item in order.items]
    combining.check(draft, sub)
    for item in sub["items"]:
        cycle.set_period(draft, sub, item, now)
        if trialing:
            item["current_period_end"] = order.trial_end
    _check_anchor(draft, sub, order)
    if isinstance(order.cancel_at, str):
        ending.schedule_at(sub, ending.named_end(sub, order.cancel_at), now)
    if order.cancel_at_period_end:
        ending.schedule_at_period_end(sub, min(item["current_period_end"] for item in sub["items"]), now)
    return draft.add(sub)


def _check_anchor(draft: Draft, sub: Obj, order: Order) -> None:
    if order.anchor is None:
        return
    for item in sub["items"]:
        if item["current_period_end"] < order.anchor:
            raise invalid(
                "`billing_cycle_anchor` cannot be later than the next natural billing date of the "
                "subscription.",
                "billing_cycle_anchor",
            )


def has_room(draft: Draft, customer: Obj) -> bool:
    """Tell whether a customer can have one more subscription."""
    most = _most_subscriptions(draft, customer)
    if len(draft.state.posting("subscription", ("customer", customer["id"]))) < most:
        return True
    found = draft.find("subscription", "customer", customer["id"])
    return sum(1 for sub in found if sub["status"] not in ending.OVER) < most


def _most_subscriptions(draft: Draft, customer: Obj) -> int:
    on_clock = customer["test_clock"] is not None and not draft.settings.relaxed_clocks
    return CLOCK_SUBSCRIPTIONS if on_clock else CUSTOMER_SUBSCRIPTIONS


def _check_room(draft: Draft, customer: Obj) -> None:
    if has_room(draft, customer):
        return
    most = _most_subscriptions(draft, customer)
    if most == CLOCK_SUBSCRIPTIONS:
        raise invalid(
            f"A customer on a test clock can have at most {most} subscriptions. "
            "Use another customer, or start the sandbox with relaxed clocks."
        )
    raise invalid(
        f"Customer {customer['id']} already has the maximum {most} current subscriptions. Cancel one first."
    )


def _charge_first(draft: Draft, sub: Obj, invoice: Obj, order: Order) -> None:
    method = methods.paying(draft, order.customer, sub)
    if invoice["amount_due"] == 0:
        invoices.finalize(draft, invoice, order.now)
        collect.collect(draft, invoice, order.now, Attempt.IN_REQUEST)
        _check_card(draft, sub, method, order)
        return
    if order.as_draft:
        invoices.wait_as_draft(draft, invoice, order.now)
        return
    sub["status"] = "incomplete"
    deferred = order.payment_behavior == "default_incomplete"
    if method is None and not deferred:
        raise StripeError(collect.NO_METHOD_MESSAGE, code="resource_missing")
    invoices.finalize(draft, invoice, order.now, intent=order.intent)
    if deferred:
        _offer_to_confirm(draft, invoice, method)
        return
    error = collect.collect(draft, invoice, order.now, Attempt.IN_REQUEST, authenticated=order.authenticated)
    if error is not None and order.payment_behavior == "error_if_incomplete":
        raise error


def _offer_to_confirm(draft: Draft, invoice: Obj, method: Obj | None) -> None:
    intent = draft.get("payment_intent", invoice["_"]["payment_intent"])
    if intent is not None and method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")


def _check_card(draft: Draft, sub: Obj, method: Obj | None, order: Order) -> None:
    """Check the card that will be charged later, or wait for one when the caller wants to ask for it."""
    if not order.setup:
        return
    if method is None and order.payment_behavior != "default_incomplete":
        return
    setup = setups.new_setup(draft, order.now, clock=sub["test_clock"], customer=sub["customer"])
    if method is None:
        sub["pending_setup_intent"] = setup["id"]
        return
    outcome = setups.confirm_setup(draft, setup, method)
    if outcome.status != "succeeded":
        sub["pending_setup_intent"] = setup["id"]
