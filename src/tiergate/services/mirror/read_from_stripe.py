"""Reads objects from Stripe where what we were told is not certain."""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.context import Context
from tiergate.services.mirror.save_object import Outcome
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.webhooks.delivery import Need
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.lease_rows import give_back_lease, take_lease
from tiergate.store.mirror import Kind, Saved, mark_cards_read
from tiergate.store.mirrored_clocks import test_clock_of
from tiergate.store.test_clock_rows import saw_clock
from tiergate.stripe_api.gateway import Answer

log = logging.getLogger("tiergate")


READING_LEASE = timedelta(minutes=5)
"""Longer than the SDK tries; a reader that was killed keeps others waiting no longer than this."""
_MOST_READINGS = 2


class BeingReadError(TiergateError):
    """Somebody else is reading the same object from Stripe at this moment."""

    code = "being_read"


class OvertakenError(BeingReadError):
    """Events of an object kept arriving while it was read from Stripe: what was read may be older."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class Reading:
    """An object that was read and saved; ``account_id`` is ``None`` for a stranger's."""

    account_id: str | None


def read_object(context: Context, need: Need, cause: str) -> Reading | None:
    """Read one object from Stripe and save it; returns ``None`` when Stripe has none of that id.

    No transaction is open while Stripe is asked. Raises ``BeingReadError`` where another process or thread
    is reading the same object: its reading may cover what led here, and if not, it is soon this one's turn.
    Where an event crosses the answer it is read once more; raises ``OvertakenError`` where that happens
    again.
    """
    with reading_lease(context, f"{need.kind} {need.object_id}") as held:
        if not held:
            raise BeingReadError(
                f"The {need.kind} {need.object_id} is being read already.", "Try again in a moment."
            )
        with context.database.read() as tx:
            test_clock = test_clock_of(tx, need.kind, need.object_id)
        read_clock(context, test_clock)
        for _ in range(_MOST_READINGS):
            outcome = _read_once(context, need, cause)
            if outcome is None:
                return None
            if outcome.saved is not Saved.STALE:
                return Reading(outcome.account_id)
    raise OvertakenError(
        f"News of the {need.kind} {need.object_id} came while it was read, again and again.",
        "It is tried again by itself; where that goes on, compare the clocks of your servers.",
    )


def _read_once(context: Context, need: Need, cause: str) -> Outcome | None:
    began_at = context.now()
    answer = reader_of(context, need.kind)(need.object_id)
    log.info("stripe %s %s fetched%s", need.kind, need.object_id, "" if answer else ": gone")
    if answer is None:
        return None
    with context.database.write() as tx:
        outcome = save_reading(context, tx, need.kind, answer, began_at)
        if outcome.account_id:
            refresh_account(context, tx, outcome.account_id, cause)
    return outcome


def read_account(context: Context, account_id: str, cause: str) -> bool:
    """Read everything of an account from Stripe: clock, customer, cards, subscriptions, schedules, invoices.

    What we hold as open or attached and Stripe does not list is read by itself. Finding nothing proves
    nothing: what is mirrored is never taken away because a list was empty. Where events cross the answers,
    all is read once more. Returns false, having done nothing, where another process or thread is reading
    the same account.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
    if account is None or account.stripe_customer_id is None:
        return True
    with reading_lease(context, f"all of {account.stripe_customer_id}") as held:
        for _ in range(_MOST_READINGS if held else 0):
            if not _is_overtaken(context, account, account.stripe_customer_id, cause):
                break
        return held


def _is_overtaken(context: Context, account: Account, customer_id: str, cause: str) -> bool:
    """Read everything once; returns whether an event has told something newer of any of it meanwhile."""
    read_clock(context, account.test_clock)
    began_at = context.now()
    found = ask_everything(context, account, customer_id)
    log.info("stripe customer %s of account %s fetched whole", customer_id, account.account_id)
    with context.database.write() as tx:
        saved = [save_reading(context, tx, kind, answer, began_at).saved for kind, answer in found]
        mark_cards_read(tx, customer_id, began_at)
        refresh_account(context, tx, account.account_id, cause)
    return Saved.STALE in saved


def ask_everything(context: Context, account: Account, customer_id: str) -> list[tuple[Kind, Answer]]:
    """Ask Stripe for all that belongs to an account, and save nothing of it."""
    found = _answers(context, customer_id)
    return found + _unlisted(context, account, found)


@contextmanager
def reading_lease(context: Context, name: str) -> Iterator[bool]:
    """Have a reading to oneself, across all processes, or learn that somebody else is at it."""
    name, holder, now = f"read {name}", uuid.uuid4().hex, context.now()
    with context.database.write() as tx:
        held = take_lease(tx, name, holder, now, now + READING_LEASE)
    try:
        yield held
    finally:
        if held:
            with context.database.write() as tx:
                give_back_lease(tx, name, holder)


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


def reader_of(context: Context, kind: Kind) -> Callable[[str], Answer | None]:
    """Return what reads an object of a kind by its id."""
    readers: dict[Kind, Callable[[str], Answer | None]] = {
        "customer": context.gateway.fetch_customer,
        "subscription": context.gateway.fetch_subscription,
        "invoice": context.gateway.fetch_invoice,
        "payment_method": context.gateway.fetch_payment_method,
        "subscription_schedule": context.gateway.fetch_schedule,
    }
    return readers[kind]


def _answers(context: Context, customer_id: str) -> list[tuple[Kind, Answer]]:
    gateway = context.gateway
    customer = gateway.fetch_customer(customer_id)
    lists: dict[Kind, Iterator[Answer]] = {
        "subscription": gateway.list_subscriptions(customer_id),
        "subscription_schedule": gateway.list_schedules(customer_id),
        "invoice": gateway.list_invoices(customer_id),
    }
    found: list[tuple[Kind, Answer]] = []
    if customer:
        found.append(("customer", customer))
        if not customer.body.get("deleted"):
            lists["payment_method"] = gateway.list_payment_methods(customer_id)
    return found + [(kind, answer) for kind, answers in lists.items() for answer in answers]


def _unlisted(
    context: Context, account: Account, found: list[tuple[Kind, Answer]]
) -> list[tuple[Kind, Answer]]:
    """Read the cards that the list of those attached left out: they were detached meanwhile."""
    with context.database.read() as tx:
        state = load_state(tx, account)
    listed = {answer.body["id"] for _, answer in found}
    held = [method.id for method in state.payment_methods if method.customer_id]
    missing = (context.gateway.fetch_payment_method(one) for one in held if one not in listed)
    return [("payment_method", answer) for answer in missing if answer]
