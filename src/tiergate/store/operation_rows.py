"""Operations: one thing that we want from Stripe, committed before it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update

from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import operations


@dataclass(frozen=True, slots=True)
class Operation:
    """A write to Stripe that has no final answer yet; its id is the idempotency key."""

    operation_id: str
    account_id: str
    action: str
    parameters: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far an operation has come: ``open``, ``done`` or ``refused``, and what came of it."""

    operation: Operation
    state: str
    result: dict[str, Any]


_OPERATION = [operations.c[name] for name in Operation.__dataclass_fields__]


def open_operation(tx: Transaction, wanted: Operation) -> Operation:
    """Open an operation, or return the one that is open for this account and action already.

    What is returned may have other parameters: that one has to be finished first.
    """
    values = {name: getattr(wanted, name) for name in Operation.__dataclass_fields__}
    statement = insert_into(tx, operations).values(**values, state="open")
    # One statement, for between two the open one might be closed; an empty update returns no row.
    either = statement.on_conflict_do_update(
        index_elements=["account_id", "action"],
        index_where=text("state = 'open'"),
        set_={"action": statement.excluded.action},
    )
    columns = [operations.c[name] for name in Operation.__dataclass_fields__]
    return Operation(*tx.execute(either.returning(*columns)).one())


def close_operation(
    tx: Transaction, operation_id: str, state: str, result: dict[str, Any], at: datetime
) -> None:
    """Note the final answer: ``done`` or ``refused``."""
    tx.execute(
        update(operations)
        .where(operations.c.operation_id == operation_id)
        .values(state=state, result=result, closed_at=at)
    )


def is_open(tx: Transaction, account_id: str, action: str) -> bool:
    """Whether an operation has no final answer yet."""
    query = select(operations.c.operation_id).where(
        operations.c.account_id == account_id, operations.c.action == action, operations.c.state == "open"
    )
    return tx.execute(query).first() is not None


def find_by_client_key(tx: Transaction, account_id: str, client_key: str) -> Outcome | None:
    """Return what a client asked for under a key of its own, which the parameters hold."""
    query = select(*_OPERATION, operations.c.state, operations.c.result).where(
        operations.c.account_id == account_id
    )
    for row in tx.execute(query):
        operation = Operation(*row[: len(_OPERATION)])
        if operation.parameters.get("client_key") == client_key:
            return Outcome(operation, row.state, row.result or {})
    return None
