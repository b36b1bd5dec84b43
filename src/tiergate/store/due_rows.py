"""Makes accounts due: something changed that they have not been looked at since."""

import json
from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import bindparam, text

from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""An instant that has passed on everybody's time, on every test clock too."""

_AT = bindparam("at", AT_ONCE, Instant)
_ON_SQLITE = text(
    "UPDATE tiergate_accounts SET next_due_at = :at WHERE account_id IN (SELECT value FROM json_each(:ids))"
).bindparams(_AT)

# Locked in one order everywhere, so that no two writers wait for each other.
_ON_POSTGRES = text(
    """
    WITH mine AS MATERIALIZED (
        SELECT account_id FROM tiergate_accounts
        WHERE account_id IN (SELECT json_array_elements_text(CAST(:ids AS json)))
        ORDER BY account_id FOR UPDATE
    )
    UPDATE tiergate_accounts AS a SET next_due_at = :at FROM mine WHERE a.account_id = mine.account_id
    """
).bindparams(_AT)


def make_due(tx: Transaction, account_ids: Collection[str]) -> None:
    """Have ``run_due`` look at accounts at once, unless somebody does so before; locks them.

    Whoever changes what an account rests on calls this in the same transaction. Then nothing is forgotten
    when the process dies before it has told anybody.
    """
    if account_ids:
        statement = _ON_SQLITE if tx.dialect.name == "sqlite" else _ON_POSTGRES
        tx.execute(statement, {"ids": json.dumps(sorted(account_ids))})
