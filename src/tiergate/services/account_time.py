"""The time that an account's customers experience: the only place where it is read.

It is real time, except on a Stripe test clock, where it is the latest instant which that clock is known
to have reached. In live mode there are no test clocks.
"""

from datetime import datetime

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.test_clock_rows import clock_now


def account_now(context: Context, tx: Transaction, account: Account) -> datetime:
    """Return what time it is for an account."""
    if context.livemode or account.test_clock is None:
        return context.now()
    return clock_now(tx, account.test_clock) or context.now()
