"""A client's own key for what it wants: the same key with the same wish gives the same result."""

from collections.abc import Mapping
from typing import Any

from tiergate.rules.errors import TiergateError
from tiergate.store import Transaction
from tiergate.store.operation_rows import Outcome, find_by_client_key
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
