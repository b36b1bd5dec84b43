"""A client's own key for what it wants: the same key with the same wish gives the same result."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.operation_rows import Operation, Outcome, find_by_client_key, insert_done
from tiergate.stripe_api.gateway import StripeRefusedError


class KeyReusedError(TiergateError):
    """The idempotency key was used before, for something else."""

    code = "idempotency_key_reused"


def done_before(tx: Transaction, account_id: str, key: str | None, wish: Mapping[str, Any]) -> Outcome | None:
    """Return what a client's key has led to, if it was used and that is done.

    Raises ``KeyReusedError`` where it was used for another wish, and the refusal where it led to one.
    """
    found = find_by_client_key(tx, account_id, key) if key else None
    if found is None:
        return None
    if found.operation.parameters["wish"] != dict(wish):
        raise KeyReusedError(
            "This idempotency key was used for something else.", "Use a new key for each new wish."
        )
    if found.state == "refused":
        raise StripeRefusedError(str(found.result.get("error")), stripe_code=found.result.get("code"))
    return found if found.state == "done" else None


def once(
    context: Context, account_id: str, key: str | None, wish: Mapping[str, Any], do: Callable[[], str]
) -> str:
    """Do what is safe to repeat, and answer a client's key with the same text for good.

    Of several at once under one key all get the answer that was noted first. Raises what ``do`` raises, and
    ``KeyReusedError``; an account that is not known is ``do``'s to refuse.
    """
    if key is None:
        return do()
    with context.database.read() as tx:
        found = done_before(tx, account_id, key, wish)
    if found is None:
        answer = do()
        parameters, at = {"wish": dict(wish), "client_key": key}, context.now()
        noted = Operation(f"op_{uuid.uuid4().hex}", account_id, str(wish["action"]), parameters, at, key)
        with context.database.write() as tx:
            insert_done(tx, noted, {"answer": answer}, at)
            found = done_before(tx, account_id, key, wish)
    return str(found.result["answer"]) if found else answer
