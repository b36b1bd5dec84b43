"""Passes on what a member wishes to those who may change what is paid for."""

import hashlib
from datetime import timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.account_time import account_now
from tiergate.services.acting import Acting
from tiergate.services.context import Context
from tiergate.services.load_catalog import load_catalog
from tiergate.services.require_account import refuse_erased, require_account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.outbox_rows import Message, enqueue

KIND = "upgrade_asked"
_LASTS = timedelta(days=7)
"""How long the message is worth sending."""


class OwnerUnreachableError(TiergateError):
    """The account has no address to send anything to."""

    code = "owner_unreachable"


def ask_to_upgrade(
    context: Context, acting: Acting, plan: str | None = None, interval: str | None = None
) -> bool:
    """Ask the account's owner, by the address it bills to; false where that was done within the same day.

    One person asks for one plan at most once a day. Raises ``UnknownAccountError``, ``AccountErasedError``,
    ``UnknownPlanError`` and ``OwnerUnreachableError``.
    """
    now = context.now()
    with context.database.write() as tx:
        account = require_account(tx, acting.account_id, lock=True)
        refuse_erased(account)
        if plan is not None:
            load_catalog(tx).plan(plan)
        if not account.email:
            raise OwnerUnreachableError(
                "We know no address of an owner of this account.", "Tell an owner yourself what you need."
            )
        at = account_now(context, tx, account)
        person = hashlib.sha256(acting.person.encode()).hexdigest()[:16]
        key = f"{KIND}:{now.date().isoformat()}:{plan or ''}:{person}"
        data = {"by": acting.person, "plan": plan, "interval": interval}
        cause = f"asked by {acting.person or 'a member'}"
        if not append(tx, Entry(account.account_id, KIND, at, now, cause, data, key)):
            return False
        enqueue(tx, Message(account.account_id, f"notice:{key}", "notice", KIND, data, at + _LASTS), now)
    return True
