"""Passes on what a member wishes to those who may change what is paid for."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiergate.services.account_time import account_now
from tiergate.services.accounts.acting import Acting
from tiergate.services.accounts.require_account import require_unerased
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store.journal_rows import Entry, append
from tiergate.store.outbox_rows import Message, enqueue

KIND = "upgrade_asked"
_LASTS = timedelta(days=7)
"""How long a wish is shown to the owners, and its message worth sending."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for, and when in the account's time; without a plan it is any bigger one."""

    by: str
    plan: str | None
    interval: str | None
    at: datetime


def ask_to_upgrade(
    context: Context, acting: Acting, plan: str | None = None, interval: str | None = None
) -> bool:
    """Ask the account's owners; false where the same person asked for the same within the same day.

    The owners find it on their billing page for a week, and where the account has an address a message waits
    to be sent there. Raises ``UnknownAccountError``, ``AccountErasedError`` and ``UnknownPlanError``.
    """
    now = context.now()
    with context.database.write() as tx:
        account = require_unerased(tx, acting.account_id, lock=True)
        if plan is not None:
            load_catalog(tx).plan(plan)
        at = account_now(context, tx, account)
        person = hashlib.sha256(acting.person.encode()).hexdigest()[:16]
        key = f"{KIND}:{now.date().isoformat()}:{plan or ''}:{person}"
        data = {"by": acting.person, "plan": plan, "interval": interval}
        cause = f"asked by {acting.person or 'a member'}"
        if not append(tx, Entry(account.account_id, KIND, at, now, cause, data, key)):
            return False
        if account.email:
            notice = Message(account.account_id, f"notice:{key}", "notice", KIND, data, at + _LASTS)
            enqueue(tx, notice, now)
    return True


def still_asked(journal: Iterable[Entry], at: datetime) -> tuple[Asked, ...]:
    """Return what an account's members still wish for, the newest first: each plan once, with who was last.

    A wish is over after a week, and once the plan has changed.
    """
    open_now: dict[str | None, Asked] = {}
    for entry in journal:
        if entry.kind == KIND:
            told = entry.data
            asked = Asked(told.get("by") or "", told.get("plan"), told.get("interval"), entry.happened_at)
            open_now.pop(asked.plan, None)
            open_now[asked.plan] = asked
        elif entry.kind == "access_changed" and entry.data["from"]["plan"] != entry.data["to"]["plan"]:
            open_now.clear()
    return tuple(each for each in reversed(open_now.values()) if at - each.at < _LASTS)
