"""Gives an account its one Stripe customer."""

from contextlib import suppress
from typing import Any

from tiergate.services.accounts.require_account import require_unerased
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import BeingReadError, read_object
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import Asked, bears_mark, marked, run_operation
from tiergate.services.webhooks.delivery import Need
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, give_customer, load_state
from tiergate.store.mirror import is_customer_deleted, mark_customer_deleted
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer

ACTION = "create_customer"


def ensure_customer(context: Context, account_id: str) -> str:
    """Return the account's Stripe customer, creating it where there is none yet, or none any more.

    However many callers do this at once, they get the same customer. Raises ``UnknownAccountError`` and
    ``AccountErasedError``.
    """
    with context.database.read() as tx:
        account = require_unerased(tx, account_id)
        if account.stripe_customer_id and not _lacks_customer(tx, account):
            return account.stripe_customer_id
    _create(context, account_id, _parameters(context, account))
    return ensure_customer(context, account_id)


def finish_customer(context: Context, begun: Operation) -> None:
    """Finish creating a customer that nobody waits for any more, unless there is one already."""
    _create(context, begun.account_id, begun)


def _create(context: Context, account_id: str, asked: Asked) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        give_customer(tx, account_id, answer.body["id"], answer.body.get("test_clock"), context.now())
        save_reading(context, tx, "customer", answer, operation.created_at)

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        lambda wanted, key: context.gateway.create_customer(marked(wanted, key), key),
        lambda operation: _look_up(context, operation),
        settle,
        _lacks_customer,
    )


def is_customer_gone(context: Context, customer_id: str) -> bool:
    """Whether a customer was deleted at Stripe, be it without a word: Stripe is asked."""
    with suppress(BeingReadError):
        if read_object(context, Need("customer", customer_id), cause="checkout") is None:
            with context.database.write() as tx:
                mark_customer_deleted(tx, customer_id, context.now())
    with context.database.read() as tx:
        return is_customer_deleted(tx, customer_id)


def _look_up(context: Context, operation: Operation) -> Answer | None:
    """Find the customer that was created; no search finds those on a test clock, but a list does."""
    test_clock = operation.parameters.get("test_clock")
    found = (
        context.gateway.list_customers(test_clock)
        if test_clock
        else context.gateway.search_customers(operation.operation_id)
    )
    return next((answer for answer in found if bears_mark(answer, operation)), None)


def _lacks_customer(tx: Transaction, account: Account) -> bool:
    """Whether there is no customer to buy for: a deleted one can never buy again."""
    if account.stripe_customer_id is None:
        return True
    customer = load_state(tx, account).customer
    return customer is not None and customer.deleted


def _parameters(context: Context, account: Account) -> dict[str, Any]:
    wanted = {
        "email": account.email,
        "name": account.name,
        "metadata": {"account_id": account.account_id},
        "test_clock": None if context.livemode else context.test_clock or account.test_clock,
    }
    return {key: value for key, value in wanted.items() if value}
