"""The time that an account's customers experience: the only place where it is read.

It is real time, except on a Stripe test clock, where it is the latest instant which that clock is known
to have reached. In live mode there are no test clocks.
"""

from collections.abc import Iterable
from datetime import datetime

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.load_accounts import Stub
from tiergate.store.test_clock_rows import clocks_now


def account_now(context: Context, tx: Transaction, account: Account) -> datetime:
    """Return what time it is for an account."""
    return clock_times(context, tx, [account]).get(account.account_id) or context.now()


def clock_times(context: Context, tx: Transaction, found: Iterable[Account | Stub]) -> dict[str, datetime]:
    """Return the time of each account that lives on a test clock; the others live in real time."""
    if context.livemode:
        return {}
    clock_of = {account.account_id: account.test_clock for account in found if account.test_clock}
    shown = clocks_now(tx, set(clock_of.values()))
    return {account_id: shown[clock] for account_id, clock in clock_of.items() if clock in shown}
