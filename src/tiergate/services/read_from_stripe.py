"""Reads objects from Stripe where what we were told is not certain."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tiergate.rules.state import InvoiceStatus
from tiergate.services.context import Context
from tiergate.services.refresh_account import refresh_account
from tiergate.services.save_object import Kind
from tiergate.services.save_reading import save_reading
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.mirror import test_clock_of
from tiergate.store.test_clock_rows import saw_clock
from tiergate.stripe_api.gateway import Answer

log = logging.getLogger("tiergate")


@dataclass(frozen=True, slots=True)
class Need:
    """An object that has to be read from Stripe."""

    kind: Kind
    object_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An object that was read and saved; ``account_id`` is ``None`` for a stranger's."""

    account_id: str | None


def read_object(context: Context, need: Need, cause: str) -> Reading | None:
    """Read one object from Stripe and save it; returns ``None`` when Stripe has none of that id.

    No transaction is open while Stripe is asked.
    """
    with context.database.read() as tx:
        test_clock = test_clock_of(tx, need.kind, need.object_id)
    read_clock(context, test_clock)
    began_at = context.now()
    answer = _reader(context, need.kind)(need.object_id)
    log.info("stripe %s %s fetched%s", need.kind, need.object_id, "" if answer else ": gone")
    if answer is None:
        return None
    with context.database.write() as tx:
        owner = save_reading(context, tx, need.kind, answer, began_at)
        if owner:
            refresh_account(context, tx, owner, cause)
    return Reading(owner)


def read_account(context: Context, account_id: str, cause: str) -> None:
    """Read everything of an account from Stripe: its clock, customer, subscriptions and open invoices.

    An invoice that we hold open and that Stripe does not list as open is read by itself. Finding nothing
    proves nothing: what is mirrored is never taken away because a list was empty.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
    if account is None or account.stripe_customer_id is None:
        return
    read_clock(context, account.test_clock)
    began_at = context.now()
    found = _answers(context, account.stripe_customer_id)
    found += [("invoice", answer) for answer in _closed_invoices(context, account, found)]
    log.info("stripe customer %s of account %s fetched whole", account.stripe_customer_id, account_id)
    with context.database.write() as tx:
        for kind, answer in found:
            save_reading(context, tx, kind, answer, began_at)
        refresh_account(context, tx, account_id, cause)


def read_clock(context: Context, test_clock: str | None) -> None:
    """Bring a test clock's time up to date, before reading what lives on it."""
    if test_clock is None or context.livemode:
        return
    answer = context.gateway.fetch_test_clock(test_clock)
    with context.database.write() as tx:
        save_clock(context, tx, test_clock, answer)


def save_clock(context: Context, tx: Transaction, test_clock: str, answer: Answer | None) -> None:
    """Note what time a clock shows; one that Stripe does not have any more is deleted."""
    if answer is None:
        saw_clock(tx, test_clock, datetime.min.replace(tzinfo=UTC), context.now(), deleted=True)
        return
    shown = datetime.fromtimestamp(answer.body["frozen_time"], UTC)
    saw_clock(tx, test_clock, shown, context.now(), status=answer.body["status"])


def _reader(context: Context, kind: Kind) -> Callable[[str], Answer | None]:
    readers: dict[Kind, Callable[[str], Answer | None]] = {
        "customer": context.gateway.fetch_customer,
        "subscription": context.gateway.fetch_subscription,
        "invoice": context.gateway.fetch_invoice,
    }
    return readers[kind]


def _answers(context: Context, customer_id: str) -> list[tuple[Kind, Answer]]:
    customer = context.gateway.fetch_customer(customer_id)
    found: list[tuple[Kind, Answer]] = [("customer", customer)] if customer else []
    found += [("subscription", answer) for answer in context.gateway.list_subscriptions(customer_id)]
    found += [("invoice", answer) for answer in context.gateway.list_open_invoices(customer_id)]
    return found


def _closed_invoices(context: Context, account: Account, found: list[tuple[Kind, Answer]]) -> list[Answer]:
    with context.database.read() as tx:
        state = load_state(tx, account)
    listed = {answer.body["id"] for kind, answer in found if kind == "invoice"}
    unsettled = (InvoiceStatus.OPEN, InvoiceStatus.DRAFT)
    missing = [i.id for i in state.invoices if i.status in unsettled and i.id not in listed]
    return [answer for invoice_id in missing if (answer := context.gateway.fetch_invoice(invoice_id))]
