"""Runs one write to Stripe so that neither a double click, nor a retry, nor a crash does it twice."""

import uuid
from collections.abc import Callable
from typing import Any

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.operation_rows import Operation, close_operation, open_operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

Call = Callable[[dict[str, Any], str], Answer]
"""Asks Stripe, with the parameters and the idempotency key of an operation."""

Settle = Callable[[Transaction, Operation, Answer], None]
"""Saves the answer, in the transaction that closes the operation."""


def run_operation(
    context: Context, account_id: str, action: str, parameters: dict[str, Any], call: Call, settle: Settle
) -> Operation:
    """Commit what is wanted, ask Stripe for it, and save the answer with the end of the operation.

    An operation of the same account and action that is still open is finished instead, with its own
    parameters and key: the caller compares those with its own and asks again where they differ. A refusal
    is final and closes it too; when Stripe is unreachable it stays open and is resumed by the next call.
    Source: https://docs.stripe.com/api/idempotent_requests
    """
    wanted = Operation(f"op_{uuid.uuid4().hex}", account_id, action, parameters, context.now())
    with context.database.write() as tx:
        operation = open_operation(tx, wanted)
    try:
        answer = call(operation.parameters, operation.operation_id)
    except StripeRefusedError as refusal:
        with context.database.write() as tx:
            outcome = {"error": refusal.message, "code": refusal.stripe_code}
            close_operation(tx, operation.operation_id, "refused", outcome, context.now())
        raise
    with context.database.write() as tx:
        settle(tx, operation, answer)
        close_operation(tx, operation.operation_id, "done", {"id": answer.body["id"]}, context.now())
    return operation
