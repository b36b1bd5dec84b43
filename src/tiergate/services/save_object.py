"""Saves one of Stripe's objects in the mirror, with the account and the plan that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tiergate.rules.state import Customer, Subscription
from tiergate.services.context import Context
from tiergate.services.find_owner import find_owner
from tiergate.store import Transaction
from tiergate.store.catalog_rows import find_price
from tiergate.store.mirror import (
    Saved,
    Sighting,
    customer_facts,
    save_customer,
    save_invoice,
    save_subscription,
)
from tiergate.stripe_api.read_shapes import read_customer, read_invoice, read_subscription

Kind = Literal["customer", "subscription", "invoice"]
"""The objects that are mirrored, by Stripe's own word in ``object``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sighting, and whose object it is."""

    saved: Saved
    account_id: str | None


def save_object(
    context: Context, tx: Transaction, kind: Kind, raw: Mapping[str, Any], sighting: Sighting
) -> Outcome:
    """Save an object as it was sighted; strangers' objects are saved too, with no account."""
    if kind == "subscription":
        return _save_subscription(context, tx, raw, sighting)
    if kind == "invoice":
        invoice = read_invoice(raw)
        owner = find_owner(context, tx, invoice.customer_id, invoice.metadata, invoice.test_clock)
        saved = save_invoice(tx, invoice, raw, replace(sighting, account_id=owner), context.now())
        return Outcome(saved, owner)
    customer = read_customer(raw)
    if customer.deleted:
        customer = _with_what_was_known(context, tx, customer)
    owner = find_owner(context, tx, customer.id, customer.metadata, customer.test_clock)
    saved = save_customer(tx, customer, raw, replace(sighting, account_id=owner), context.now())
    return Outcome(saved, owner)


def _save_subscription(
    context: Context, tx: Transaction, raw: Mapping[str, Any], sighting: Sighting
) -> Outcome:
    read = read_subscription(raw)
    subscription = replace(read, plan_key=_plan_key(tx, read))
    owner = find_owner(context, tx, subscription.customer_id, subscription.metadata, subscription.test_clock)
    saved = save_subscription(tx, subscription, raw, replace(sighting, account_id=owner), context.now())
    return Outcome(saved, owner)


def _with_what_was_known(context: Context, tx: Transaction, customer: Customer) -> Customer:
    """Keep the clock and the mode of a deleted customer: Stripe shows nothing but its id."""
    test_clock, _ = customer_facts(tx, customer.id)
    return replace(customer, test_clock=customer.test_clock or test_clock, livemode=context.livemode)


def _plan_key(tx: Transaction, subscription: Subscription) -> str | None:
    """Return the plan of the price; our metadata fills in only where no price is mapped.

    Stripe's portal changes prices and leaves our metadata as it was.
    """
    prices = (find_price(tx, item.price_id) for item in subscription.items)
    mapped = next((price.plan_key for price in prices if price), None)
    return mapped or subscription.metadata.get("plan_key")
