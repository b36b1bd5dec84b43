"""Notes what an account has twice: tells of a second paid subscription, and says what must not go on."""

import logging
from datetime import datetime, timedelta

from tiergate.rules.catalog import Catalog
from tiergate.rules.duplicates import Duplicate, duplicates_of
from tiergate.rules.state import AccountState
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.journal_rows import Entry, append, entered_occasions
from tiergate.store.outbox_rows import Message, enqueue

log = logging.getLogger("tiergate")

_NOTICE_LASTS = timedelta(days=7)


def note_duplicates(
    context: Context,
    tx: Transaction,
    state: AccountState,
    catalog: Catalog,
    at: datetime,
    cause: str,
    *,
    has_asked: bool,
) -> bool:
    """Announce each second paid subscription once, where Stripe has just been asked (``has_asked``).

    Of two events the one that ends the other subscription may be late: nobody is to be frightened by that.
    Returns whether Stripe still has to be asked, or something is to be cancelled there.
    """
    paid_twice = [one for one in duplicates_of(state, catalog) if one.kind == "second_paid"]
    told = entered_occasions(tx, state.account_id) if paid_twice else set()
    untold = [duplicate for duplicate in paid_twice if _announcement_key(duplicate) not in told]
    if untold and not has_asked:
        return True
    for duplicate in untold:
        _announce(context, tx, state.account_id, duplicate, at, cause)
    return bool(duplicates_to_cancel(tx, state, catalog))


def duplicates_to_cancel(tx: Transaction, state: AccountState, catalog: Catalog) -> list[Duplicate]:
    """Return what must not go on; what Stripe has refused to cancel is left for people to decide."""
    wanted = [duplicate for duplicate in duplicates_of(state, catalog) if duplicate.is_cancelled]
    refused = entered_occasions(tx, state.account_id) if wanted else set()
    return [duplicate for duplicate in wanted if _refusal_key(duplicate) not in refused]


def note_refusal(
    context: Context, tx: Transaction, account_id: str, duplicate: Duplicate, at: datetime, error: str
) -> None:
    """Journal that Stripe has refused to cancel a duplicate."""
    data = {"subscription": duplicate.subscription_id, "kept": duplicate.kept_id, "error": error}
    key, now = _refusal_key(duplicate), context.now()
    append(tx, Entry(account_id, "duplicate_not_canceled", at, now, "on_duplicate", data, occasion_key=key))


def _announce(
    context: Context, tx: Transaction, account_id: str, duplicate: Duplicate, at: datetime, cause: str
) -> None:
    key, kind, now = _announcement_key(duplicate), "duplicate_subscription", context.now()
    data = {"subscription": duplicate.subscription_id, "kept": duplicate.kept_id}
    if append(tx, Entry(account_id, kind, at, now, cause, data, occasion_key=key)):
        enqueue(tx, Message(account_id, f"notice:{key}", "notice", kind, data, at + _NOTICE_LASTS), now)
        log.warning(
            "account %s pays for subscription %s beside %s",
            account_id, duplicate.subscription_id, duplicate.kept_id,
        )  # fmt: skip


def _announcement_key(duplicate: Duplicate) -> str:
    return f"{duplicate.subscription_id}:second_paid"


def _refusal_key(duplicate: Duplicate) -> str:
    return f"{duplicate.subscription_id}:duplicate_not_canceled"
