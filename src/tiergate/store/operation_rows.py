"""Operations: one thing that we want from Stripe, committed before it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, literal, select, text, update

from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import leases, operations


@dataclass(frozen=True, slots=True)
class Operation:
    """A write to Stripe that has no final answer yet; its id is the idempotency key."""

    operation_id: str
    account_id: str
    action: str
    parameters: dict[str, Any]
    created_at: datetime
    client_key: str | None = None
    """The name that the client gave to what it wants; one for each wish."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far it has come (``waiting``, ``open``, ``done``, ``refused`` or ``lapsed``), and the result."""

    operation: Operation
    state: str
    result: dict[str, Any]


_FINISHING = "finish "
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
    return Operation(*tx.execute(either.returning(*_OPERATION)).one())


def insert_done(tx: Transaction, operation: Operation, result: dict[str, Any], at: datetime) -> None:
    """Note what a client's key has led to, unless the key has led to something before."""
    values = {name: getattr(operation, name) for name in Operation.__dataclass_fields__}
    statement = insert_into(tx, operations).values(**values, state="done", result=result, closed_at=at)
    tx.execute(statement.on_conflict_do_nothing(index_elements=["account_id", "client_key"]))


def close_operation(
    tx: Transaction, operation_id: str, state: str, result: dict[str, Any], at: datetime
) -> None:
    """Note the final answer: ``done`` or ``refused``."""
    tx.execute(
        update(operations)
        .where(operations.c.operation_id == operation_id)
        .values(state=state, result=result, closed_at=at)
    )


def lapse_operation(tx: Transaction, operation_id: str, at: datetime) -> None:
    """Give up an open operation of which nothing was done at Stripe; its client's key is free again."""
    tx.execute(
        update(operations)
        .where(operations.c.operation_id == operation_id, operations.c.state == "open")
        .values(state="lapsed", client_key=None, closed_at=at)
    )


def save_waiting(tx: Transaction, operation: Operation) -> None:
    """Put down what is to be wanted from Stripe once something else has come about."""
    values = {name: getattr(operation, name) for name in Operation.__dataclass_fields__}
    tx.execute(insert_into(tx, operations).values(**values, state="waiting"))


def waiting_operations(tx: Transaction, account_id: str, action: str) -> list[Operation]:
    """Return what was put down so, the oldest first."""
    query = (
        select(*_OPERATION)
        .where(
            operations.c.account_id == account_id,
            operations.c.action == action,
            operations.c.state == "waiting",
        )
        .order_by(operations.c.created_at, operations.c.operation_id)
    )
    return [Operation(*row) for row in tx.execute(query)]


def find_open(tx: Transaction, account_id: str, action: str) -> Operation | None:
    """Return the operation of an account and action that has no final answer yet."""
    query = select(*_OPERATION).where(
        operations.c.account_id == account_id, operations.c.action == action, operations.c.state == "open"
    )
    row = tx.execute(query).first()
    return Operation(*row) if row else None


def left_open(tx: Transaction, before: datetime, now: datetime, limit: int) -> list[Operation]:
    """Return operations that were opened before an instant and have no final answer, the oldest first.

    Left out is what somebody is finishing, or has tried to so lately that it waits.
    """
    name = literal(_FINISHING) + operations.c.operation_id
    waits = exists().where(leases.c.name == name, leases.c.expires_at > now)
    query = select(*_OPERATION).where(operations.c.state == "open", operations.c.created_at < before, ~waits)
    return [Operation(*row) for row in tx.execute(query.order_by(operations.c.created_at).limit(limit))]


def finishing_lease(operation: Operation) -> str:
    """Return the name of the lease of whoever finishes an operation that was left open."""
    return f"{_FINISHING}{operation.operation_id}"


def find_by_client_key(tx: Transaction, account_id: str, client_key: str) -> Outcome | None:
    """Return what a client asked for under a key of its own."""
    query = select(*_OPERATION, operations.c.state, operations.c.result).where(
        operations.c.account_id == account_id, operations.c.client_key == client_key
    )
    row = tx.execute(query).first()
    return Outcome(Operation(*row[: len(_OPERATION)]), row.state, row.result or {}) if row else None


def find_result(tx: Transaction, operation_id: str) -> dict[str, Any] | None:
    """Return what came of an operation that is done; ``None`` for any other."""
    query = select(operations.c.result).where(
        operations.c.operation_id == operation_id, operations.c.state == "done"
    )
    row = tx.execute(query).first()
    return None if row is None else row.result or {}


def is_open(tx: Transaction, account_id: str, action: str) -> bool:
    """Whether an operation has no final answer yet."""
    return find_open(tx, account_id, action) is not None
