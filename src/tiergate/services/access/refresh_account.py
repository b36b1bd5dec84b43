"""Works out an account anew after something changed, and journals what became different.

This is where access changes are announced, reminders fall due and conversions are noticed; whether a
webhook or the passing of time brought it here makes no difference.
"""

import logging
from dataclasses import replace
from datetime import datetime

from tiergate.rules.due import next_due_at, next_verification_at
from tiergate.rules.occasions import Occasion, occasions_of
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import build_timeline
from tiergate.rules.unpaid_invoice import converted_at
from tiergate.services.access.announce_access import announce_access
from tiergate.services.access.left_to_do import LeftToDo
from tiergate.services.access.note_duplicates import note_duplicates
from tiergate.services.account_time import account_now
from tiergate.services.accounts.unsent_invoices import unsent_invoices
from tiergate.services.changes.unnamed_plans import unnamed_plans
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import NoPlansError, load_catalog
from tiergate.services.trials.promise_reverse_trial import is_waiting
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state, save_outlook
from tiergate.store.checkout_rows import confirmed_purchases
from tiergate.store.journal_rows import Entry, append, append_all
from tiergate.store.outbox_rows import Message, enqueue
from tiergate.store.tried_before import note_tries

log = logging.getLogger("tiergate")


def refresh_account(
    context: Context, tx: Transaction, account_id: str, cause: str, *, has_asked: bool = False
) -> LeftToDo:
    """Bring what is announced of an account in line with what is known of it.

    ``cause`` names the event or call that led here, for the journal. Idempotent. A phase that began by the
    passing of time alone is announced by whoever has asked Stripe about it, or has tried to
    (``has_asked``): when a worker was down or a clock leapt, what came in between may change everything. So
    is a subscription that is paid beside another one.

    Returns what is left to be done at Stripe, by ``do_what_is_left`` and after this transaction; until that
    is done the account is due.
    """
    account = find_account(tx, account_id, lock=True)
    if account is None:
        return LeftToDo.NOTHING
    try:
        catalog = load_catalog(tx)
    except NoPlansError:
        return LeftToDo.NOTHING
    state = load_state(tx, account)
    timeline = build_timeline(state, catalog)
    at = account_now(context, tx, account)
    verify_at = next_verification_at(timeline, state, at)
    announced = account
    if has_asked or verify_at is None or verify_at > at:
        announced = announce_access(context, tx, account, timeline, at, cause)
    _note_conversions(context, tx, state, cause)
    note_tries(tx, account, state, context.now())
    occasions = occasions_of(state, account.time_zone, catalog.prompts)
    for occasion in occasions:
        _remind(context, tx, account, occasion, at)
    is_twice = note_duplicates(context, tx, state, catalog, at, cause, has_asked=has_asked)
    left = LeftToDo.DUPLICATES if is_twice else LeftToDo.NOTHING
    if unsent_invoices(tx, state):
        left |= LeftToDo.INVOICES
    if unnamed_plans(tx, state):
        left |= LeftToDo.NAMES
    if is_waiting(context, tx, account, state):
        left |= LeftToDo.TRIAL
    has_tried = any(subscription.trial_end for subscription in state.subscriptions)
    if has_tried and confirmed_purchases(tx, account_id):
        left |= LeftToDo.PURCHASES
    due_at = at if left else next_due_at(timeline, state, occasions, at)
    outlook = replace(announced, next_due_at=due_at)
    if outlook != account:
        save_outlook(tx, outlook, context.now())
    return left


def _note_conversions(context: Context, tx: Transaction, state: AccountState, cause: str) -> None:
    paid = ((one, converted_at(one, state.invoices)) for one in state.subscriptions)
    entries = [
        Entry(
            state.account_id,
            "converted",
            paid_at,
            context.now(),
            cause,
            {"subscription": subscription.id, "plan": subscription.plan_key},
            occasion_key=f"{subscription.id}:converted",
        )
        for subscription, paid_at in paid
        if paid_at is not None
    ]
    append_all(tx, entries)


def _remind(context: Context, tx: Transaction, account: Account, occasion: Occasion, at: datetime) -> None:
    """Enter an occasion while it is true; one that has passed unseen is stale, and stays untold."""
    if not occasion.due_at <= at < occasion.expires_at:
        return
    data = {"step": occasion.step, "subscription": occasion.object_id}
    key, kind, now = occasion.key, occasion.kind, context.now()
    if append(tx, Entry(account.account_id, kind, occasion.due_at, now, "time", data, occasion_key=key)):
        notice = Message(account.account_id, f"notice:{key}", "notice", kind, data, occasion.expires_at)
        enqueue(tx, notice, now)
        log.info("subscription reminder %s is due for account %s", occasion.step, account.account_id)
