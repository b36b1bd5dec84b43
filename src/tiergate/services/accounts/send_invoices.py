"""Has invoices sent for what was bought while renewals were not charged, once for each purchase.

Stripe's checkout makes every subscription charge the card, so it is changed as soon as it is mirrored. Who
changes it back at Stripe afterwards has the last word.
"""

import logging
from typing import Any

from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.unsent_invoices import collection_key, unsent_invoices
from tiergate.services.context import Context
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

log = logging.getLogger("tiergate")

ACTION = "send_invoices "
"""What the action of the operation begins with; the subscription's id follows."""
_CAUSE = "auto_charge is off"


def send_invoices(context: Context, account_id: str) -> None:
    """Change what is to be changed at Stripe; a refusal is journalled, and final.

    No transaction is open while Stripe is asked. Raises ``StripeUnavailableError``.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        wanted = _wanted(tx, account) if account else {}
    for subscription_id, params in wanted.items():
        _change(context, account_id, subscription_id, params)


def _wanted(tx: Transaction, account: Account) -> dict[str, dict[str, Any]]:
    return unsent_invoices(tx, load_state(tx, account))


def finish_sending(context: Context, begun: Operation) -> None:
    """Finish having invoices sent, where it is still to be done. Raises ``StripeUnavailableError``."""
    subscription_id = begun.action.removeprefix(ACTION)
    _change(context, begun.account_id, subscription_id, begun.parameters, begun)


def _change(
    context: Context,
    account_id: str,
    subscription_id: str,
    params: dict[str, Any],
    begun: Operation | None = None,
) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        save_reading(context, tx, "subscription", answer, operation.created_at)
        _journal(context, tx, account_id, subscription_id, "invoices_sent_from_now", params)
        refresh_account(context, tx, account_id, _CAUSE)

    try:
        run_operation(
            context,
            account_id,
            f"{ACTION}{subscription_id}",
            begun or params,
            lambda wanted, key: context.gateway.update_subscription(subscription_id, wanted, key),
            lambda _operation: None,  # to say it once more changes nothing
            settle,
            lambda tx, account: subscription_id in _wanted(tx, account),
        )
    except StripeRefusedError as refusal:
        log.warning("subscription %s cannot be sent invoices: %s", subscription_id, refusal)
        with context.database.write() as tx:
            data = {**params, "error": refusal.message}
            _journal(context, tx, account_id, subscription_id, "invoices_not_sent", data)


def _journal(
    context: Context, tx: Transaction, account_id: str, subscription_id: str, kind: str, data: dict[str, Any]
) -> None:
    account = find_account(tx, account_id, lock=True)
    if account is not None:
        entry = Entry(
            account_id,
            kind,
            account_now(context, tx, account),
            context.now(),
            _CAUSE,
            {"subscription": subscription_id, **data},
            occasion_key=collection_key(subscription_id),
        )
        append(tx, entry)
