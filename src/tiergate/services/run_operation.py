"""Runs one write to Stripe so that neither a double click, nor a retry, nor a crash does it twice."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account
from tiergate.store.operation_rows import Operation, close_operation, open_operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

_KEY_IS_REMEMBERED = timedelta(hours=23)
"""Stripe keeps keys for at least 24 hours; our clock and its need not agree."""

Call = Callable[[dict[str, Any], str], Answer]
"""Asks Stripe, with the parameters and the idempotency key of an operation."""

LookUp = Callable[[Operation], Answer | None]
"""Finds at Stripe what an operation has brought about already; ``None`` where there is nothing."""

Settle = Callable[[Transaction, Operation, Answer], Mapping[str, Any] | None]
"""Saves the answer, in the transaction that closes the operation, and returns what came of it, if anybody
wants to know later."""

Wanted = Callable[[Transaction, Account], bool]
"""Whether it is wanted still, asked in the transaction that opens the operation."""


@dataclass(frozen=True, slots=True)
class Ran:
    """An operation that was carried out, and what came of it."""

    operation: Operation
    result: Mapping[str, Any]


def run_operation(
    context: Context,
    account_id: str,
    action: str,
    parameters: dict[str, Any],
    call: Call,
    look_up: LookUp,
    settle: Settle,
    wanted: Wanted,
) -> Ran | None:
    """Commit what is wanted, ask Stripe for it, and save the answer with the end of the operation.

    An operation of the same account and action that is still open is finished instead, with its own
    parameters and key: the caller looks at what there is now and asks again where that is not what it
    needs. A refusal is final and closes it too; when Stripe is unreachable it stays open and is resumed by
    the next call. Stripe forgets an idempotency key after a day: what is older than that is looked up
    before it is repeated. Source: https://docs.stripe.com/api/idempotent_requests

    Where the client has named what it wants, ``parameters`` hold the ``client_key``.
    Returns the operation that was carried out, or ``None`` where it was not wanted any more.
    """
    client_key = parameters.get("client_key")
    new = Operation(_new_id(), account_id, action, parameters, context.now(), client_key)
    operation = _open(context, new, wanted)
    if operation is None:
        return None
    try:
        answer = _found(context, operation, look_up)
        if answer is None:
            answer = call(operation.parameters, operation.operation_id)
    except StripeRefusedError as refusal:
        with context.database.write() as tx:
            outcome = {"error": refusal.message, "code": refusal.stripe_code}
            close_operation(tx, operation.operation_id, "refused", outcome, context.now())
        raise
    with context.database.write() as tx:
        find_account(tx, account_id, lock=True)
        result = {"id": answer.body["id"], **(settle(tx, operation, answer) or {})}
        close_operation(tx, operation.operation_id, "done", result, context.now())
    return Ran(operation, result)


def _open(context: Context, operation: Operation, wanted: Wanted) -> Operation | None:
    """Open an operation, unless somebody else has just brought about what it is for.

    The account is locked here and where the answer is saved: who comes in between finds either the open
    operation or its outcome, never neither.
    """
    with context.database.write() as tx:
        account = find_account(tx, operation.account_id, lock=True)
        if account is None or not wanted(tx, account):
            return None
        return open_operation(tx, operation)


def marked(parameters: dict[str, Any], operation_id: str) -> dict[str, Any]:
    """Return parameters whose metadata names the operation, by which its outcome is found again."""
    return {**parameters, "metadata": {**parameters.get("metadata", {}), "operation_id": operation_id}}


def bears_mark(answer: Answer, operation: Operation) -> bool:
    """Whether one of Stripe's objects is what an operation brought about."""
    metadata = answer.body.get("metadata") or {}
    return bool(metadata.get("operation_id") == operation.operation_id)


def _found(context: Context, operation: Operation, look_up: LookUp) -> Answer | None:
    is_fresh = context.now() - operation.created_at < _KEY_IS_REMEMBERED
    return None if is_fresh else look_up(operation)


def _new_id() -> str:
    return f"op_{uuid.uuid4().hex}"
