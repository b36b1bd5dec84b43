"""Closes a checkout that is still open, so that it can no longer be paid."""

from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.context import Context
from tiergate.services.run_operation import Asked, run_operation
from tiergate.store import Transaction
from tiergate.store.checkout_rows import Checkout, find_checkout, open_checkouts, set_checkout_status
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "expire_checkout"
_EXPIRED = "expired"


def expire_checkout(context: Context, checkout: Checkout) -> None:
    """Expire a session; one that was paid in this very moment is followed instead."""
    session_id = checkout.checkout_session_id
    _expire(context, checkout.account_id, session_id, {"session": session_id})


def finish_expiring(context: Context, begun: Operation) -> None:
    """Finish closing a session, where it is still open. Raises ``StripeUnavailableError``."""
    _expire(context, begun.account_id, begun.parameters["session"], begun)


def _expire(context: Context, account_id: str, session_id: str, asked: Asked) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        # One that was completed counts as open until its subscription is mirrored.
        if answer.body["status"] == _EXPIRED:
            set_checkout_status(tx, operation.parameters["session"], _EXPIRED, context.now())

    try:
        run_operation(
            context,
            account_id,
            ACTION,
            asked,
            lambda wanted, key: context.gateway.expire_checkout_session(wanted["session"], key),
            lambda operation: _look_up(context, operation),
            settle,
            lambda tx, _account: _is_open(tx, session_id),
        )
    except StripeRefusedError:
        follow_checkout(context, session_id)


def expire_open_checkouts(context: Context, account_id: str) -> None:
    """Expire all sessions of an account that are still open, and follow those that are not any more."""
    with context.database.read() as tx:
        opened = open_checkouts(tx, account_id)
    for checkout in opened:
        if follow_checkout(context, checkout.checkout_session_id) == "open":
            expire_checkout(context, checkout)


def _is_open(tx: Transaction, session_id: str) -> bool:
    checkout = find_checkout(tx, session_id)
    return checkout is not None and checkout.status == "open"


def _look_up(context: Context, operation: Operation) -> Answer | None:
    answer = context.gateway.fetch_checkout_session(operation.parameters["session"])
    return answer if answer and answer.body["status"] != "open" else None
