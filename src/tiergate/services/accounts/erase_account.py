"""Erases an account's personal data, and keeps the history of the money."""

from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.errors import TiergateError
from tiergate.rules.state import ENDED
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.delete_customer import delete_customer
from tiergate.services.accounts.require_account import require_account
from tiergate.services.checkout.expire_checkout import expire_checkout
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.checkout_rows import open_checkouts
from tiergate.store.erased_rows import erase_rows
from tiergate.store.journal_rows import Entry, append


class AccountStillLiveError(TiergateError):
    """A subscription of the account runs."""

    code = "account_still_live"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: when first, and whether that was now."""

    account_id: str
    erased_at: datetime
    is_new: bool


def erase_account(context: Context, account_id: str, *, by: str = "", at_stripe: bool = False) -> Erased:
    """Erase it here, and with ``at_stripe`` the customer there too; safe to repeat.

    A checkout that is open is closed first, so that nobody buys in the name of somebody who is gone; that
    calls Stripe. Raises ``UnknownAccountError``, ``AccountStillLiveError``, ``StripeUnavailableError`` and
    ``StripeRefusedError``.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        _refuse_live(tx, account)
        left_open = open_checkouts(tx, account_id)
    for checkout in left_open:
        expire_checkout(context, checkout)
    if at_stripe:
        delete_customer(context, account_id)
    with context.database.write() as tx:
        account = require_account(tx, account_id, lock=True)
        _refuse_live(tx, account)
        now = context.now()
        who = "the customer" if by and by in (account.email, account.name) else by
        data = {"by": who, "at_stripe": at_stripe}
        at = account_now(context, tx, account)
        is_new = append(tx, Entry(account_id, "erased", at, now, "erase", data, occasion_key="erased"))
        erase_rows(tx, account, now)
        note_change(tx, account_topic(account_id))
        refresh_account(context, tx, account_id, cause="erase")
    return Erased(account_id, account.erased_at or now, is_new)


def _refuse_live(tx: Transaction, account: Account) -> None:
    live = [one.id for one in load_state(tx, account).subscriptions if one.status not in ENDED]
    if live:
        raise AccountStillLiveError(
            f"Account {account.account_id!r} has a subscription that runs: {', '.join(live)}.",
            "Cancel it with immediate effect first, then erase the account.",
        )
