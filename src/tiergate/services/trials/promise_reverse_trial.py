"""The trial that begins by itself at sign-up: promised together with the account.

It gives access from that instant on, whether Stripe answers or not; ``begin_reverse_trial`` brings it there.
"""

from datetime import datetime, timedelta

from tiergate.rules.instants import isoformat
from tiergate.rules.reverse_trial import waiting_trial
from tiergate.rules.state import AccountState, Grant, GrantKind
from tiergate.rules.trial_eligibility import Eligibility, refusal_words
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import NoPlansError, load_catalog
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.grant_rows import save_grant
from tiergate.store.journal_rows import Entry, append, entered_occasions

GRANT_ID = "reverse_trial"
"""One in the life of an account."""

NOT_BEGUN = "reverse_trial:not_begun"
"""The occasion of Stripe's refusal."""


def promise_reverse_trial(context: Context, tx: Transaction, account: Account) -> None:
    """Give a new account its reverse trial, where the catalogue has one and nothing speaks against it.

    Whoever signed up so long ago that the trial would be over is new here only, and gets none. One that is
    refused is journalled with the reason.
    """
    try:
        catalog = load_catalog(tx)
    except NoPlansError:
        return
    plan = catalog.reverse_trial_plan
    if plan is None or plan.trial is None:
        return
    at, now, length = account_now(context, tx, account), context.now(), timedelta(days=plan.trial.days)
    state = load_state(tx, account)
    if account.signed_up_at + length <= at or any(grant.id == GRANT_ID for grant in state.grants):
        return
    why = judge_trial(tx, account, state, catalog, plan)
    if why is not Eligibility.ELIGIBLE:
        data = {"plan": plan.key, "why": str(why), "words": refusal_words(why, plan)}
        key = f"{GRANT_ID}:refused"
        append(tx, Entry(account.account_id, "trial_refused", at, now, "register", data, occasion_key=key))
        return
    ends_at = at + length
    grant = Grant(GRANT_ID, GrantKind.REVERSE_TRIAL, at, ends_at, plan.key, catalog_version=catalog.version)
    save_grant(tx, account.account_id, grant, "", now)
    told = {"plan": plan.key, "until": isoformat(ends_at)}
    append(tx, Entry(account.account_id, "reverse_trial", at, now, "register", told))


def is_waiting(context: Context, tx: Transaction, account: Account, state: AccountState) -> bool:
    """Whether a reverse trial is still to begin at Stripe, which has not refused it."""
    return waiting_promise(tx, account, state, account_now(context, tx, account)) is not None


def waiting_promise(tx: Transaction, account: Account, state: AccountState, at: datetime) -> Grant | None:
    """Return the reverse trial that is still to begin at Stripe, if there is one."""
    grant = waiting_trial(state, at)
    if grant is None or NOT_BEGUN in entered_occasions(tx, account.account_id):
        return None
    return grant
