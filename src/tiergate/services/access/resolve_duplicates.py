"""Cancels at Stripe what an account has twice and must not go on: a trial that a purchase has overtaken, and
a second paid subscription where the policy says so.
"""

import logging

from tiergate.rules.duplicates import Duplicate
from tiergate.rules.state import SubscriptionStatus
from tiergate.services.access.note_duplicates import duplicates_to_cancel, note_refusal
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import read_account
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.run_operation import Asked, Wanted, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation, is_open
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

log = logging.getLogger("tiergate")

ACTION = "cancel_duplicate "
"""What the action of the operation begins with; the subscription's id follows."""
_CAUSE = "on_duplicate"


def resolve_duplicates(context: Context, account_id: str) -> None:
    """Announce what is paid twice and cancel what is to be cancelled, once Stripe has confirmed it.

    A late event must not cost anybody the subscription that was meant to stay, so everything is read first;
    where somebody else is reading, it is left to whoever looks at the account next. A refusal is final, is
    journalled, and leaves things as they are. No transaction is open while Stripe is asked.
    """
    if not _is_begun(context, account_id):
        if not read_account(context, account_id, _CAUSE):
            return
        with context.database.write() as tx:
            refresh_account(context, tx, account_id, _CAUSE, has_asked=True)
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        found = _found(tx, account) if account else []
    for duplicate in found:
        _cancel(context, account_id, duplicate)


def _is_begun(context: Context, account_id: str) -> bool:
    """Whether a cancellation was decided and its outcome is not known: that is settled first."""
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        found = _found(tx, account) if account else []
        return any(is_open(tx, account_id, _action(duplicate)) for duplicate in found)


def _action(duplicate: Duplicate) -> str:
    return f"{ACTION}{duplicate.subscription_id}"


def _found(tx: Transaction, account: Account) -> list[Duplicate]:
    return duplicates_to_cancel(tx, load_state(tx, account), load_catalog(tx))


def finish_canceling(context: Context, begun: Operation) -> None:
    """Finish cancelling what an account has twice, where it still has.

    Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    subscription_id = begun.parameters["subscription"]

    def is_twice(tx: Transaction, account: Account) -> bool:
        return any(one.subscription_id == subscription_id for one in _found(tx, account))

    _run(context, begun.account_id, begun.action, begun, is_twice)


def _cancel(context: Context, account_id: str, duplicate: Duplicate) -> None:
    parameters = {"subscription": duplicate.subscription_id, "kept": duplicate.kept_id}
    try:
        _run(
            context,
            account_id,
            _action(duplicate),
            parameters,
            lambda tx, account: duplicate in _found(tx, account),
        )
    except StripeRefusedError as refusal:
        log.warning("subscription %s cannot be cancelled: %s", duplicate.subscription_id, refusal)
        with context.database.write() as tx:
            account = find_account(tx, account_id, lock=True)
            if account is not None:
                at = account_now(context, tx, account)
                note_refusal(context, tx, account_id, duplicate, at, refusal.message)


def _run(
    context: Context,
    account_id: str,
    action: str,
    asked: Asked,
    wanted: Wanted,
) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        save_reading(context, tx, "subscription", answer, operation.created_at)
        account = find_account(tx, account_id)
        if account is not None:
            key = f"{operation.parameters['subscription']}:duplicate_canceled"
            at = account_now(context, tx, account)
            kind, now = "duplicate_canceled", context.now()
            append(tx, Entry(account_id, kind, at, now, _CAUSE, operation.parameters, occasion_key=key))
        refresh_account(context, tx, account_id, _CAUSE, has_asked=True)

    run_operation(
        context,
        account_id,
        action,
        asked,
        lambda asked, _key: _cancel_at_stripe(context, asked["subscription"]),
        lambda operation: _canceled(context, operation.parameters["subscription"]),
        settle,
        wanted,
    )


def _cancel_at_stripe(context: Context, subscription_id: str) -> Answer:
    try:
        return context.gateway.cancel_subscription(subscription_id)
    except StripeRefusedError:
        # Stripe cancels once: after a lost answer it refuses, and what it holds is the answer.
        answer = _canceled(context, subscription_id)
        if answer is None:
            raise
        return answer


def _canceled(context: Context, subscription_id: str) -> Answer | None:
    answer = context.gateway.fetch_subscription(subscription_id)
    return answer if answer and answer.body["status"] == SubscriptionStatus.CANCELED else None
