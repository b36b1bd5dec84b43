"""Test clocks, as far as they are known: the time of the accounts that live on them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, or_, select

from tiergate.store.change_feed import clock_topic, note_change
from tiergate.store.due_rows import make_due
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import accounts, test_clocks


def saw_clock(
    tx: Transaction,
    test_clock_id: str,
    at: datetime,
    now: datetime,
    *,
    status: str = "ready",
    deleted: bool = False,
) -> None:
    """Note that a clock has reached ``at``: the later of its frozen time and of any event from it.

    One that was deleted stays so, however late an event from it arrives. The accounts on it become due: at
    Stripe their customers have ended with it.
    """
    before = clock_now(tx, test_clock_id)
    if deleted and not is_clock_deleted(tx, test_clock_id):
        on_it = select(accounts.c.account_id).where(accounts.c.test_clock == test_clock_id)
        make_due(tx, tx.execute(on_it).scalars().all())
    statement = insert_into(tx, test_clocks).values(
        test_clock_id=test_clock_id, now_at=at, status=status, deleted=deleted, updated_at=now
    )
    new = statement.excluded
    later = case((test_clocks.c.now_at > new.now_at, test_clocks.c.now_at), else_=new.now_at)
    gone = or_(test_clocks.c.deleted, new.deleted)
    changes = {"now_at": later, "status": new.status, "deleted": gone, "updated_at": new.updated_at}
    tx.execute(statement.on_conflict_do_update(index_elements=["test_clock_id"], set_=changes))
    if before is None or at > before:
        note_change(tx, clock_topic(test_clock_id))


def clock_now(tx: Transaction, test_clock_id: str) -> datetime | None:
    """Return the latest instant that a clock is known to have reached."""
    found: datetime | None = tx.execute(
        select(test_clocks.c.now_at).where(test_clocks.c.test_clock_id == test_clock_id)
    ).scalar()
    return found


def is_clock_deleted(tx: Transaction, test_clock_id: str) -> bool:
    """Whether a clock is known to be deleted at Stripe."""
    query = select(test_clocks.c.deleted).where(test_clocks.c.test_clock_id == test_clock_id)
    return bool(tx.execute(query).scalar())


def clocks_now(tx: Transaction, test_clock_ids: Collection[str]) -> dict[str, datetime]:
    """Return the latest instant that each of these clocks is known to have reached, where it is known."""
    if not test_clock_ids:
        return {}
    query = select(test_clocks.c.test_clock_id, test_clocks.c.now_at)
    rows = tx.execute(query.where(test_clocks.c.test_clock_id.in_(test_clock_ids)))
    return {row.test_clock_id: row.now_at for row in rows}


def running_clocks(tx: Transaction) -> list[str]:
    """Return the clocks that are not deleted."""
    return list(
        tx.execute(select(test_clocks.c.test_clock_id).where(test_clocks.c.deleted.is_(False))).scalars()
    )
