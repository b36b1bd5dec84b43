"""Makes accounts due: something changed that they have not been looked at since."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Executable, Select, literal, select, update

from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.prepared import Prepared
from tiergate.store.tables import accounts

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""An instant that has passed on everybody's time, on every test clock too."""


def _make_due(ids: Select[Any]) -> Executable:
    # Locked in one order everywhere, so that no two writers wait for each other.
    locked = select(accounts.c.account_id).where(accounts.c.account_id.in_(ids))
    mine = locked.order_by(accounts.c.account_id).with_for_update().cte("mine").prefix_with("MATERIALIZED")
    due = update(accounts).values(next_due_at=literal(AT_ONCE, Instant))
    return due.where(accounts.c.account_id.in_(select(mine.c.account_id)))


_MAKE_DUE = Prepared(_make_due)


def make_due(tx: Transaction, account_ids: Collection[str]) -> None:
    """Have ``run_due`` look at accounts at once, unless somebody does so before; locks them.

    Whoever changes what an account rests on calls this in the same transaction. Then nothing is forgotten
    when the process dies before it has told anybody.
    """
    if account_ids:
        _MAKE_DUE(tx, {"ids": sorted(account_ids)})
