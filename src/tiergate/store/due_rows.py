"""Makes accounts due: something changed that they have not been looked at since."""

from collections.abc import Callable, Collection
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
    ordered = locked.order_by(accounts.c.account_id).with_for_update(key_share=True)
    mine = ordered.cte("mine").prefix_with("MATERIALIZED")
    due = update(accounts).values(next_due_at=literal(AT_ONCE, Instant))
    mine_only = due.where(accounts.c.account_id.in_(select(mine.c.account_id)))
    # The column itself: SQLite gets "IS NOT NULL" wrong here, for there is an index with that condition.
    return mine_only.returning(accounts.c.account_id, accounts.c.erased_at)


_MAKE_DUE = Prepared(_make_due)


def make_due(tx: Transaction, account_ids: Collection[str]) -> set[str]:
    """Have ``run_due`` look at accounts at once, unless somebody does so before; locks them.

    Returns those that were erased, of which nothing personal may be saved again.

    Whoever changes what an account rests on calls this in the same transaction. Then nothing is forgotten
    when the process dies before it has told anybody.
    """
    return send_due(tx, account_ids)()


def send_due(tx: Transaction, account_ids: Collection[str]) -> Callable[[], set[str]]:
    """Do so, and return what waits for the outcome."""
    if not account_ids:
        return set
    made = _MAKE_DUE.send(tx, {"ids": sorted(account_ids)})
    return lambda: {account_id for account_id, erased_at in made() if erased_at is not None}
