"""Saves one of Stripe's objects in the mirror, with the account and the plan that it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tiergate.rules.state import Customer
from tiergate.services.context import Context
from tiergate.services.mirror.find_owner import find_owner
from tiergate.services.mirror.sold_as import prices_in, scheduled_as, sold_as
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.catalog_rows import find_prices
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.mirror import (
    Kind,
    Saved,
    Sighting,
    customer_facts,
    owner_of,
    save_customer,
    save_invoice,
    save_payment_method,
    save_schedule,
    save_subscription,
)
from tiergate.store.mirrored_clocks import test_clock_of
from tiergate.stripe_api.read_shapes import (
    has_all_items,
    read_customer,
    read_invoice,
    read_payment_method,
    read_schedule,
    read_subscription,
)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sighting, and whose object it is."""

    saved: Saved
    account_id: str | None


def save_object(context: Context, tx: Transaction, kind: Kind, raw: Json, sighting: Sighting) -> Outcome:
    """Save an object as it was sighted; strangers' objects are saved too, with no account.

    The account's row is locked before any other, here and wherever an account is written: two writers
    that need the same rows take them in the same order.
    """
    outcome = _SAVERS[kind](context, tx, raw, sighting)
    if outcome.saved is Saved.SAVED and outcome.account_id:
        note_change(tx, account_topic(outcome.account_id))
    return outcome


def _save_customer(context: Context, tx: Transaction, raw: Json, sighting: Sighting) -> Outcome:
    customer = read_customer(raw)
    if customer.deleted:
        customer = _with_what_was_known(context, tx, customer)
    owner = find_owner(context, tx, customer.id, customer.metadata, customer.test_clock)
    saved = save_customer(tx, customer, raw, replace(sighting, account_id=owner), context.now())
    return Outcome(saved, owner)


def _save_subscription(context: Context, tx: Transaction, raw: Json, sighting: Sighting) -> Outcome:
    read = read_subscription(raw)
    owner = find_owner(context, tx, read.customer_id, read.metadata, read.test_clock)
    if not has_all_items(raw):
        return Outcome(Saved.STALE, owner)
    sold = sold_as(read, find_prices(tx, prices_in(read)))
    saved = save_subscription(
        tx,
        sold.subscription,
        raw,
        replace(sighting, account_id=owner),
        context.now(),
        keeps_version=not sold.is_told,
    )
    return Outcome(saved, owner)


def _save_invoice(context: Context, tx: Transaction, raw: Json, sighting: Sighting) -> Outcome:
    invoice = read_invoice(raw)
    owner = find_owner(context, tx, invoice.customer_id, invoice.metadata, invoice.test_clock)
    saved = save_invoice(tx, invoice, raw, replace(sighting, account_id=owner), context.now())
    return Outcome(saved, owner)


def _save_payment_method(context: Context, tx: Transaction, raw: Json, sighting: Sighting) -> Outcome:
    """Save a payment method; one that was detached names no customer, but its row tells whose it was."""
    method = read_payment_method(raw)
    test_clock = clock_of_method(tx, raw)
    if method.customer_id is None:
        owner = owner_of(tx, "payment_method", method.id)
        find_account(tx, owner or "", lock=True)
    else:
        owner = find_owner(context, tx, method.customer_id, {}, test_clock)
    told = replace(sighting, account_id=owner)
    saved = save_payment_method(tx, method, raw, told, context.now(), test_clock=test_clock)
    return Outcome(saved, owner)


def clock_of_method(tx: Transaction, raw: Json) -> str | None:
    """Return the test clock of a payment method's customer, for it names none itself."""
    method = read_payment_method(raw)
    if method.customer_id is None:
        return test_clock_of(tx, "payment_method", method.id)
    return customer_facts(tx, method.customer_id)[0]


def _save_schedule(context: Context, tx: Transaction, raw: Json, sighting: Sighting) -> Outcome:
    read = read_schedule(raw)
    owner = find_owner(context, tx, read.customer_id, read.metadata, read.test_clock)
    schedule = scheduled_as(read, find_prices(tx, prices_in(read)))
    saved = save_schedule(tx, schedule, raw, replace(sighting, account_id=owner), context.now())
    return Outcome(saved, owner)


def _with_what_was_known(context: Context, tx: Transaction, customer: Customer) -> Customer:
    """Keep the clock and the mode of a deleted customer: Stripe shows nothing but its id."""
    test_clock, _ = customer_facts(tx, customer.id)
    return replace(customer, test_clock=customer.test_clock or test_clock, livemode=context.livemode)


_SAVERS: dict[Kind, Callable[[Context, Transaction, Json, Sighting], Outcome]] = {
    "customer": _save_customer,
    "subscription": _save_subscription,
    "invoice": _save_invoice,
    "payment_method": _save_payment_method,
    "subscription_schedule": _save_schedule,
}
