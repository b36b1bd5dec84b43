"""Deletes an account's customer at Stripe, for good."""

from typing import Any

from tiergate.services.context import Context
from tiergate.services.run_operation import Asked, Wanted, never, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.mirror import is_customer_deleted, mark_customer_deleted
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "delete_customer"


def delete_customer(context: Context, account_id: str) -> None:
    """Delete it, unless there is none or it is deleted already; Stripe keeps invoices and payments.

    Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    Source: https://docs.stripe.com/api/customers/delete
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
    customer_id = account.stripe_customer_id if account else None
    if customer_id is not None:
        _delete(context, account_id, {"customer": customer_id}, _is_there(customer_id))


def finish_deleting(context: Context, begun: Operation) -> None:
    """Note that a customer was deleted; one that was not may have bought something since, and stays.

    Raises ``StripeUnavailableError``.
    """
    _delete(context, begun.account_id, begun, never)


def _is_there(customer_id: str) -> Wanted:
    return lambda tx, _account: not is_customer_deleted(tx, customer_id)


def _delete(context: Context, account_id: str, asked: Asked, wanted: Wanted) -> None:
    def call(told: dict[str, Any], _key: str) -> Answer:
        try:
            return context.gateway.delete_customer(told["customer"])
        except StripeRefusedError:
            # Stripe deletes once: after a lost answer it refuses, and what it holds is the answer.
            answer = _deleted(context, told["customer"])
            if answer is None:
                raise
            return answer

    def settle(tx: Transaction, operation: Operation, _answer: Answer) -> None:
        mark_customer_deleted(tx, operation.parameters["customer"], context.now())

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        call,
        lambda operation: _deleted(context, operation.parameters["customer"]),
        settle,
        wanted,
    )


def _deleted(context: Context, customer_id: str) -> Answer | None:
    answer = context.gateway.fetch_customer(customer_id)
    return answer if answer and answer.body.get("deleted") else None
