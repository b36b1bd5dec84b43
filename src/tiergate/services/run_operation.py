"""Runs one write to Stripe so that neither a double click, nor a retry, nor a crash does it twice."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account
from tiergate.store.operation_rows import (
    Operation,
    close_operation,
    find_open,
    lapse_operation,
    open_operation,
)
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

_KEY_IS_REMEMBERED = timedelta(hours=23)
"""Stripe keeps keys for at least 24 hours; our clock and its need not agree."""

Asked = dict[str, Any] | Operation
"""The parameters of what is wanted; or an operation that was left open, which nobody waits for any more."""

Call = Callable[[dict[str, Any], str], Answer]
"""Asks Stripe, with the parameters and the idempotency key of an operation."""

LookUp = Callable[[Operation], Answer | None]
"""Finds at Stripe what an operation has brought about already; ``None`` where there is nothing."""

Settle = Callable[[Transaction, Operation, Answer], Mapping[str, Any] | None]
"""Saves the answer, in the transaction that closes the operation, and returns what came of it, if anybody
wants to know later."""

Wanted = Callable[[Transaction, Account], bool]
"""Whether it is wanted still, asked in the transaction that opens the operation, or gives it up."""


def never(_tx: Transaction, _account: Account) -> bool:
    """Say of something that it is not wanted once nobody waits for it."""
    return False


@dataclass(frozen=True, slots=True)
class Ran:
    """An operation that was carried out, and what came of it."""

    operation: Operation
    result: Mapping[str, Any]


def run_operation(
    context: Context,
    account_id: str,
    action: str,
    asked: Asked,
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

    Where the client has named what it wants, the parameters hold the ``client_key``. An operation that was
    left open is looked up in any case; where nothing has come of it and it is not wanted any more, it lapses.

    Returns the operation that was carried out, or ``None`` where it was not wanted any more.
    """
    begun = asked if isinstance(asked, Operation) else None
    if isinstance(asked, Operation):
        operation = _still_open(context, asked)
    else:
        key = asked.get("client_key")
        new = Operation(_new_id(), account_id, action, asked, context.now(), key)
        operation = _open(context, new, wanted)
    if operation is None:
        return None
    try:
        answer = _found(context, operation, look_up) if begun is None else look_up(begun)
        if answer is None and begun is not None and _is_given_up(context, begun, wanted):
            return None
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


def _still_open(context: Context, begun: Operation) -> Operation | None:
    with context.database.read() as tx:
        found = find_open(tx, begun.account_id, begun.action)
    return found if found and found.operation_id == begun.operation_id else None


def _is_given_up(context: Context, begun: Operation, wanted: Wanted) -> bool:
    """Give up what is not wanted any more; returns whether it was not."""
    with context.database.write() as tx:
        account = find_account(tx, begun.account_id, lock=True)
        if account is not None and wanted(tx, account):
            return False
        lapse_operation(tx, begun.operation_id, context.now())
    return True


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
