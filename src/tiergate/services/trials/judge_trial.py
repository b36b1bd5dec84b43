"""Judges whether an account may try a plan, from all that is known of it and of those like it."""

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.state import AccountState
from tiergate.rules.trial_eligibility import Eligibility, may_try
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.tried_before import tried_before


def judge_trial(
    tx: Transaction, account: Account, state: AccountState, catalog: Catalog, plan: Plan
) -> Eligibility:
    """Answer whether an account may try a plan; what was tried before is known under its marks too."""
    if plan.trial is None:
        return Eligibility.NO_TRIAL
    tries = tried_before(tx, account, state)
    return may_try(plan, catalog.trials, state.subscriptions, account.email, tries)
