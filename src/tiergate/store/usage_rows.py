"""Usage: how much of its limits an account has used, counted so that no limit is ever passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, true, update

from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import Window
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import usage, usage_keys


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted under an idempotency key; ``amount`` is negative where something was given back."""

    feature: str
    amount: int
    used_after: int


def usage_of(tx: Transaction, account_id: str, windows: Mapping[str, Window]) -> dict[str, Usage]:
    """Return what an account has used of each feature in the window given for it."""
    if not windows:
        return {}
    wanted = or_(
        *(
            and_(usage.c.feature == feature, usage.c.window_starts_at == window.starts_at)
            for feature, window in windows.items()
        )
    )
    rows = tx.execute(select(usage.c.feature, usage.c.used).where(usage.c.account_id == account_id, wanted))
    used = {row.feature: row.used for row in rows}
    return {
        feature: Usage(
            used=used.get(feature, 0), resets_at=None if window.ends_at == DISTANT_FUTURE else window.ends_at
        )
        for feature, window in windows.items()
    }


def count_up(
    tx: Transaction,
    account_id: str,
    feature: str,
    window_starts_at: datetime,
    amount: int,
    limit: int | None,
    now: datetime,
) -> int | None:
    """Add to what is used, unless that would pass the limit; return what is used then, ``None`` if refused.

    The condition is part of the statement that counts, and later callers wait until this transaction ends:
    however many count at once, what is used never exceeds ``limit``.
    """
    if limit is not None and amount > limit:
        return None
    statement = insert_into(tx, usage).values(
        account_id=account_id,
        feature=feature,
        window_starts_at=window_starts_at,
        used=amount,
        updated_at=now,
    )
    total = usage.c.used + statement.excluded.used
    counting = statement.on_conflict_do_update(
        index_elements=list(usage.primary_key),
        set_={"used": total, "updated_at": statement.excluded.updated_at},
        where=true() if limit is None else total <= limit,
    )
    used: int | None = tx.execute(counting.returning(usage.c.used)).scalar()
    return used


def count_down(
    tx: Transaction,
    account_id: str,
    feature: str,
    window_starts_at: datetime,
    amount: int,
    now: datetime,
) -> int:
    """Take away from what is used, never below zero, and return what is used then."""
    rest = case((usage.c.used > amount, usage.c.used - amount), else_=0)
    used: int | None = tx.execute(
        update(usage)
        .where(
            usage.c.account_id == account_id,
            usage.c.feature == feature,
            usage.c.window_starts_at == window_starts_at,
        )
        .values(used=rest, updated_at=now)
        .returning(usage.c.used)
    ).scalar()
    return used or 0


def enter_key(
    tx: Transaction,
    account_id: str,
    key: str,
    counted: Counted,
    window_starts_at: datetime,
    now: datetime,
) -> bool:
    """Enter an idempotency key of an account; returns false where it is there already.

    Whoever comes with the same key waits here until this transaction ends.
    """
    statement = insert_into(tx, usage_keys).values(
        account_id=account_id,
        key=key,
        feature=counted.feature,
        amount=counted.amount,
        used_after=counted.used_after,
        window_starts_at=window_starts_at,
        consumed_at=now,
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(usage_keys.c.key)).first() is not None


def find_key(tx: Transaction, account_id: str, key: str) -> Counted | None:
    """Return what was counted under an idempotency key of an account."""
    query = select(usage_keys.c.feature, usage_keys.c.amount, usage_keys.c.used_after)
    row = tx.execute(query.where(_is(account_id, key))).first()
    return Counted(*row) if row else None


def settle_key(tx: Transaction, account_id: str, key: str, used_after: int) -> None:
    """Note what was used after what was counted under a key."""
    tx.execute(update(usage_keys).where(_is(account_id, key)).values(used_after=used_after))


def drop_key(tx: Transaction, account_id: str, key: str) -> None:
    """Take a key back under which nothing was counted."""
    tx.execute(delete(usage_keys).where(_is(account_id, key)))


def _is(account_id: str, key: str) -> ColumnElement[bool]:
    return and_(usage_keys.c.account_id == account_id, usage_keys.c.key == key)
