"""Does what time has made due: clocks, events that failed, checkouts nobody reported, accounts."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from tiergate.rules.due import next_verification_at
from tiergate.rules.timeline import build_timeline
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.follow_checkout import follow_checkout
from tiergate.services.ingest_webhook import apply_stored
from tiergate.services.load_catalog import load_catalog
from tiergate.services.read_from_stripe import read_account, read_clock
from tiergate.services.refresh_account import refresh_account
from tiergate.store.account_rows import due_accounts, find_account, load_state
from tiergate.store.checkout_rows import unwatched_checkouts
from tiergate.store.event_rows import waiting_events
from tiergate.store.test_clock_rows import running_clocks

log = logging.getLogger("tiergate")

_T = TypeVar("_T")
_BATCH = 100
_ASK_ABOUT_CHECKOUT_EVERY = timedelta(minutes=10)


def run_due(context: Context) -> int:
    """Do everything that is due now, and return how many accounts were looked at.

    One account's trouble does not hold up the next: it is logged, and stays due.
    """
    if not context.livemode:
        with context.database.read() as tx:
            clocks = running_clocks(tx)
        _each(clocks, lambda clock: read_clock(context, clock))
    with context.database.read() as tx:
        events = waiting_events(tx, context.now(), _BATCH)
        sessions = unwatched_checkouts(tx, context.now() - _ASK_ABOUT_CHECKOUT_EVERY, _BATCH)
        accounts = due_accounts(tx, context.now(), _BATCH)
    _each(events, lambda event: apply_stored(context, event))
    _each(sessions, lambda session: follow_checkout(context, session))
    _each(accounts, lambda account: run_account(context, account))
    return len(accounts)


def run_account(context: Context, account_id: str) -> None:
    """Look at one account: ask Stripe where it has not confirmed what holds, then announce what changed.

    What time alone has changed is announced also where Stripe cannot be asked; the account stays due then.
    """
    try:
        if _must_ask(context, account_id):
            read_account(context, account_id, cause="time")
    finally:
        with context.database.write() as tx:
            refresh_account(context, tx, account_id, cause="time", has_asked=True)


def _must_ask(context: Context, account_id: str) -> bool:
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        if account is None or account.stripe_customer_id is None:
            return False
        state = load_state(tx, account)
        at = account_now(context, tx, account)
        verify_at = next_verification_at(build_timeline(state, load_catalog(tx)), state, at)
    return verify_at is not None and verify_at <= at


def _each(things: Iterable[_T], do: Callable[[_T], object]) -> None:
    for thing in things:
        try:
            do(thing)
        except Exception:
            log.exception("subscription work on %s failed and stays due", thing)
