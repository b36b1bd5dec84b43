"""Works out an account anew after something changed, and journals what became different.

This is where access changes are announced, reminders fall due and conversions are noticed; whether a
webhook or the passing of time brought it here makes no difference.
"""

import logging
from dataclasses import replace
from datetime import datetime

from tiergate.rules.access import Reason
from tiergate.rules.due import next_due_at, next_verification_at
from tiergate.rules.instants import isoformat
from tiergate.rules.occasions import Occasion, occasions_of
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Phase, build_timeline
from tiergate.rules.unpaid_invoice import converted_at
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.load_catalog import NoPlansError, load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state, save_outlook
from tiergate.store.journal_rows import Entry, append

log = logging.getLogger("tiergate")

_REPORTED = frozenset([Reason.UNKNOWN_STATUS, Reason.UNMAPPED_PRICE])
"""What a human has to look at: this code refused it because it does not know it."""


def refresh_account(
    context: Context, tx: Transaction, account_id: str, cause: str, *, has_asked: bool = False
) -> None:
    """Bring what is announced of an account in line with what is known of it.

    ``cause`` names the event or call that led here, for the journal. Idempotent. A phase that began by the
    passing of time alone is announced by whoever has asked Stripe about it, or has tried to
    (``has_asked``): when a worker was down or a clock leapt, what came in between may change everything.
    """
    account = find_account(tx, account_id, lock=True)
    if account is None:
        return
    try:
        catalog = load_catalog(tx)
    except NoPlansError:
        return
    state = load_state(tx, account)
    timeline = build_timeline(state, catalog)
    at = account_now(context, tx, account)
    verify_at = next_verification_at(timeline, state, at)
    announced = account
    if has_asked or verify_at is None or verify_at > at:
        announced = _announce(context, tx, account, timeline.at(at), at, cause)
    _note_conversions(context, tx, state, cause)
    occasions = occasions_of(state, account.time_zone)
    for occasion in occasions:
        _remind(context, tx, account, occasion, at)
    outlook = replace(announced, next_due_at=next_due_at(timeline, state, occasions, at))
    if outlook != account:
        save_outlook(tx, outlook, context.now())


def _announce(
    context: Context, tx: Transaction, account: Account, phase: Phase, at: datetime, cause: str
) -> Account:
    """Journal what became different, and return the account with what is announced of it now.

    That Stripe has not spoken yet changes nothing for anybody: it is no news as long as access stays.
    """
    announced = replace(account, plan_key=phase.plan_key, access=str(phase.access), reason=str(phase.reason))
    is_waiting = phase.reason is Reason.UNCONFIRMED and _has(announced) == _has(account)
    if is_waiting or announced == account:
        return account
    happened_at = min(max(phase.starts_at, account.signed_up_at), at)
    data = {
        "from": {"plan": account.plan_key, "access": account.access, "reason": account.reason},
        "to": {"plan": announced.plan_key, "access": announced.access, "reason": announced.reason},
        "because": str(phase.cause),
        "until": isoformat(phase.ends_at),
    }
    append(tx, Entry(account.account_id, "access_changed", happened_at, context.now(), cause, data))
    log.log(
        logging.WARNING if phase.reason in _REPORTED else logging.INFO,
        "subscription access of account %s is now %s on plan %s (%s)",
        account.account_id, phase.access, phase.plan_key, phase.reason,
    )  # fmt: skip
    return announced


def _has(account: Account) -> tuple[str | None, str | None]:
    return account.plan_key, account.access


def _note_conversions(context: Context, tx: Transaction, state: AccountState, cause: str) -> None:
    for subscription in state.subscriptions:
        paid_at = converted_at(subscription, state.invoices)
        if paid_at is None:
            continue
        entry = Entry(
            state.account_id,
            "converted",
            paid_at,
            context.now(),
            cause,
            {"subscription": subscription.id, "plan": subscription.plan_key},
            occasion_key=f"{subscription.id}:converted",
        )
        append(tx, entry)


def _remind(context: Context, tx: Transaction, account: Account, occasion: Occasion, at: datetime) -> None:
    """Enter an occasion while it is true; one that has passed unseen is stale, and stays untold."""
    if not occasion.due_at <= at < occasion.expires_at:
        return
    entry = Entry(
        account.account_id,
        occasion.kind,
        occasion.due_at,
        context.now(),
        cause="time",
        data={"step": occasion.step, "subscription": occasion.object_id},
        occasion_key=occasion.key,
    )
    if append(tx, entry):
        log.info("subscription reminder %s is due for account %s", occasion.step, account.account_id)
