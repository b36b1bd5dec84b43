"""Does what time has made due: clocks, events that failed, checkouts nobody reported, what was left
half-done, accounts.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from tiergate.rules.due import next_verification_at
from tiergate.rules.timeline import build_timeline
from tiergate.services.access.deliver_changes import deliver_changes
from tiergate.services.access.do_what_is_left import do_what_is_left
from tiergate.services.access.left_to_do import LeftToDo
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.access.tell_account import tell_accounts
from tiergate.services.account_time import account_now
from tiergate.services.changes.finish_operations import finish_operations
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import read_account, read_clock
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.reconcile.reconcile_regularly import reconcile_regularly
from tiergate.services.webhooks.ingest_webhook import apply_untold
from tiergate.store.account_rows import Due, due_accounts, find_account, load_state
from tiergate.store.checkout_rows import unwatched_checkouts
from tiergate.store.event_rows import waiting_events
from tiergate.store.test_clock_rows import is_clock_deleted, running_clocks

log = logging.getLogger("tiergate")

_T = TypeVar("_T")
_BATCH = 100
_BATCHES_UNTOLD = 10
_ASK_ABOUT_CHECKOUT_EVERY = timedelta(minutes=10)


def run_due(context: Context) -> int:
    """Do everything that is due now, and return how many accounts were looked at.

    One account's trouble does not hold up the next: it is logged, and stays due.
    """
    if not context.livemode:
        with context.database.read() as tx:
            clocks = running_clocks(tx)
        _each(context, clocks, lambda clock: read_clock(context, clock))
    _take_up_events(context)
    with context.database.read() as tx:
        sessions = unwatched_checkouts(tx, context.now() - _ASK_ABOUT_CHECKOUT_EVERY, _BATCH)
    _each(context, sessions, lambda session: follow_checkout(context, session))
    _each(context, ["operations"], lambda _: finish_operations(context))
    looked_at = 0
    for account_ids in _due_pages(context):
        _each(context, account_ids, lambda account: run_account(context, account))
        looked_at += len(account_ids)
    deliver_changes(context)
    _each(context, ["reconcile"], lambda _: reconcile_regularly(context))
    return looked_at


def _take_up_events(context: Context) -> None:
    """Apply the events that wait, the oldest first, until nothing can be done for any that is due.

    Of a long backlog an account is told now and then, and not after each of its events.
    """
    is_moving = True
    while is_moving:
        causes: dict[str, Sequence[str]] = {}
        for _ in range(_BATCHES_UNTOLD):
            context.deliveries.give_way()
            with context.database.read() as tx:
                waiting = waiting_events(tx, context.now(), _BATCH)
            try:
                is_moving = apply_untold(context, waiting, causes) > 0
            except Exception:
                log.exception("%s webhooks could not be taken up and stay due", len(waiting))
                is_moving = False
            if not is_moving:
                break
        tell_accounts(context, causes)


def _due_pages(context: Context) -> Iterator[list[str]]:
    """Give the accounts that are due, a page at a time, each of them once also where it stays due."""
    now = context.now()
    last: Due | None = None
    while True:
        with context.database.read() as tx:
            page = due_accounts(tx, now, _BATCH, last)
        yield [due.account_id for due in page]
        if len(page) < _BATCH:
            return
        last = page[-1]


def run_account(context: Context, account_id: str) -> None:
    """Look at one account: ask Stripe where it has not confirmed what holds, then announce what changed.

    What time alone has changed is announced also where Stripe cannot be asked; the account stays due then.
    Where somebody else is asking at this moment, it is theirs to announce.
    """
    is_others, left = False, LeftToDo.NOTHING
    try:
        is_others = _must_ask(context, account_id) and not read_account(context, account_id, cause="time")
    finally:
        if not is_others:
            with context.database.write() as tx:
                left = refresh_account(context, tx, account_id, cause="time", has_asked=True)
    do_what_is_left(context, account_id, left)


def _must_ask(context: Context, account_id: str) -> bool:
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        if account is None or account.stripe_customer_id is None:
            return False
        state = load_state(tx, account)
        at = account_now(context, tx, account)
        is_known_gone = state.customer is not None and state.customer.deleted
        if account.test_clock and not is_known_gone and is_clock_deleted(tx, account.test_clock):
            return True
        verify_at = next_verification_at(build_timeline(state, load_catalog(tx)), state, at)
    return verify_at is not None and verify_at <= at


def _each(context: Context, things: Iterable[_T], do: Callable[[_T], object]) -> None:
    for thing in things:
        context.deliveries.give_way()
        try:
            do(thing)
        except Exception:
            log.exception("subscription work on %s failed and stays due", thing)
