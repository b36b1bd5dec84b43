"""Deletes an account's customer at Stripe, for good."""

from typing import Any

from tiergate.services.context import Context
from tiergate.services.run_operation import run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account
from tiergate.store.mirror import is_customer_deleted, mark_customer_deleted
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError


def delete_customer(context: Context, account_id: str) -> None:
    """Delete it, unless there is none or it is deleted already; Stripe keeps invoices and payments.

    Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    Source: https://docs.stripe.com/api/customers/delete
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
    customer_id = account.stripe_customer_id if account else None
    if customer_id is None:
        return

    def call(wanted: dict[str, Any], _key: str) -> Answer:
        try:
            return context.gateway.delete_customer(wanted["customer"])
        except StripeRefusedError:
            # Stripe deletes once: after a lost answer it refuses, and what it holds is the answer.
            answer = _deleted(context, wanted["customer"])
            if answer is None:
                raise
            return answer

    def settle(tx: Transaction, operation: Operation, _answer: Answer) -> None:
        mark_customer_deleted(tx, operation.parameters["customer"], context.now())

    def wanted(tx: Transaction, _account: Account) -> bool:
        return not is_customer_deleted(tx, customer_id)

    run_operation(
        context,
        account_id,
        "delete_customer",
        {"customer": customer_id},
        call,
        lambda operation: _deleted(context, operation.parameters["customer"]),
        settle,
        wanted,
    )


def _deleted(context: Context, customer_id: str) -> Answer | None:
    answer = context.gateway.fetch_customer(customer_id)
    return answer if answer and answer.body.get("deleted") else None
