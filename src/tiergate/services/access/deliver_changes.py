"""Tells the host's own code that access has changed: each change in order, and until it has succeeded.

A change is entered in the outbox exactly once, by the transaction that found it. It is told at least once:
a process that dies between the callback and the note that it succeeded leaves it to be told again, with the
same key. A callback that is registered ``in_transaction`` writes through the connection which notes that:
what it does there happens exactly once.
"""

import logging
from datetime import timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.access.access_change import Callback, change_from_json
from tiergate.services.back_off import MOST_ATTEMPTS, wait_after
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.outbox_rows import (
    Claim,
    account_with_message,
    claim_message,
    close_message,
    holds_claim,
    is_waiting,
    postpone_message,
)

log = logging.getLogger("tiergate")

_LEASE = timedelta(minutes=10)
"""How long a callback may take before another worker thinks that this one has died."""


class AlreadyListeningError(TiergateError):
    """A callback is registered already."""

    code = "already_listening"


def listen(context: Context, callback: Callback, *, in_transaction: bool) -> None:
    """Register the host's one callback. Raises ``AlreadyListeningError`` where there is one already."""
    if context.listening.callback is not None:
        raise AlreadyListeningError(
            "Access changes have a callback already.", "Register one, and call the others from it."
        )
    context.listening.callback = callback
    context.listening.in_transaction = in_transaction
    context.database.tell_changes(lambda topics: _deliver_committed(context, topics))


def _deliver_committed(context: Context, topics: frozenset[str]) -> None:
    """Tell right after the transaction that entered the change; what fails here is told by ``run_due``."""
    for account_id in filter(None, map(account_with_message, topics)):
        try:
            deliver_changes(context, account_id)
        except Exception:
            log.exception("changes of account %s are told later", account_id)


def deliver_changes(context: Context, account_id: str | None = None) -> None:
    """Tell the callback what it has not been told, of one account or of all.

    Does nothing in a process that has registered none: the changes wait for one that has.
    """
    callback = context.listening.callback
    while callback is not None and (claim := _claim(context, account_id)):
        _deliver(context, callback, claim)


def _claim(context: Context, account_id: str | None) -> Claim | None:
    now = context.now()
    with context.database.read() as tx:
        if not is_waiting(tx, "callback", now, account_id):
            return None
    with context.database.write() as tx:
        return claim_message(tx, "callback", now, now + _LEASE, account_id)


def _deliver(context: Context, callback: Callback, claim: Claim) -> None:
    try:
        if context.listening.in_transaction:
            with context.database.write() as tx:
                if not holds_claim(tx, claim):
                    return
                _call(callback, claim, tx)
                close_message(tx, claim, "delivered", context.now())
        else:
            _call(callback, claim, None)
            with context.database.write() as tx:
                close_message(tx, claim, "delivered", context.now())
    except Exception as error:
        log.exception(
            "callback for %s of account %s failed", claim.message.message_key, claim.message.account_id
        )
        _note_failure(context, claim, error)
        return
    context.listening.told += 1
    log.info("callback told of %s of account %s", claim.message.message_key, claim.message.account_id)


def _call(callback: Callback, claim: Claim, connection: Transaction | None) -> None:
    message = claim.message
    callback(change_from_json(message.message_key, message.account_id, message.payload, connection))


def _note_failure(context: Context, claim: Claim, error: Exception) -> None:
    note = f"{type(error).__name__}: {error}"
    with context.database.write() as tx:
        if claim.attempts >= MOST_ATTEMPTS:
            close_message(tx, claim, "failed", context.now(), note)
        else:
            postpone_message(tx, claim, note, context.now() + wait_after(claim.attempts))
