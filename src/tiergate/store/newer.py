"""The statements that save what is certainly newer than a row of the mirror, and nothing else.

An instant at which something was seen is our own, and may be of any of our machines; ``as_of`` is Stripe's.
"""

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, bindparam, case, func, not_, or_
from sqlalchemy.dialects import postgresql

from tiergate.rules.state import ENDED
from tiergate.store.column_types import Instant
from tiergate.store.insert_rows import InsertRows
from tiergate.store.tables import subscriptions

LONG_BEFORE = "long_before"
"""What a reading binds: what was known before that, by Stripe's clock, is older than the readings."""

_NOT_SIGHTED = frozenset(["cards_read_at"])


def statement(table: Table, key: Column[str], *, is_event: bool, keeps_version: bool) -> InsertRows:
    """Return what saves sightings of a kind, and returns the keys of those that were written.

    They come from events, or from readings. ``keeps_version``: the version of the catalogue is kept where
    the same is sold at the same price.
    """
    given = [key, *(column for column in table.c if column is not key and column.name not in _NOT_SIGHTED)]
    return InsertRows(table, given, lambda insert: _guarded(insert, table, key, is_event, keeps_version))


def _guarded(
    insert: postgresql.Insert, table: Table, key: Column[str], is_event: bool, keeps_version: bool
) -> Any:
    old, new = table.c, insert.excluded
    kept = {
        "account_id": func.coalesce(old.account_id, new.account_id),
        "as_of": case((and_(_on_one_clock(old, new), old.as_of > new.as_of), old.as_of), else_=new.as_of),
        "fetched_at": func.coalesce(new.fetched_at, old.fetched_at),
        "event_seen_at": case(
            (old.event_seen_at > new.event_seen_at, old.event_seen_at),
            else_=func.coalesce(new.event_seen_at, old.event_seen_at),
        ),
        "last_event_id": func.coalesce(new.last_event_id, old.last_event_id),
        "created_at": old.created_at,
    }
    if keeps_version:
        kept["catalog_version"] = _version_kept(new)
    written = (column.name for column in table.c if column is not key and column.name not in _NOT_SIGHTED)
    changes = {name: kept.get(name, new[name]) for name in written}
    guard = _by_event(table, new) if is_event else _by_reading(table, new)
    return insert.on_conflict_do_update(index_elements=[key], set_=changes, where=guard).returning(key)


def _on_one_clock(old: Any, new: Any) -> ColumnElement[bool]:
    """Whether both rows are in the same kind of time: real time, or that of one test clock."""
    return func.coalesce(old.test_clock, "") == func.coalesce(new.test_clock, "")


def _by_event(table: Table, new: Any) -> ColumnElement[bool]:
    """Whether an event replaces what is there: its stamp is later, and nothing was read since it arrived."""
    old = table.c
    unread_since = or_(old.fetched_at.is_(None), old.fetched_at < new.event_seen_at)
    certain = and_(unread_since, old.as_of < new.as_of, _on_one_clock(old, new))
    if table is not subscriptions:
        return certain
    return and_(certain, or_(not_(_has_ended(old)), _has_ended(new)))


def _by_reading(table: Table, new: Any) -> ColumnElement[bool]:
    """Whether a reading replaces what is there: nothing was learnt since it began.

    In real time it does so too where Stripe's stamps alone leave no doubt: the clocks of two of our
    machines may be further apart than any reading is long.
    """
    old = table.c
    unread_since = or_(old.fetched_at.is_(None), old.fetched_at <= new.fetched_at)
    untold_since = or_(old.event_seen_at.is_(None), old.event_seen_at <= new.fetched_at)
    in_real_time = and_(old.test_clock.is_(None), new.test_clock.is_(None))
    long_ago = and_(in_real_time, old.as_of < bindparam(LONG_BEFORE, type_=Instant))
    return or_(and_(unread_since, untold_since), long_ago)


def _has_ended(row: Any) -> ColumnElement[bool]:
    return or_(*(row.status == str(status) for status in sorted(ENDED)))


def _version_kept(new: Any) -> ColumnElement[int]:
    old = subscriptions.c
    same = and_(old.stripe_price_id == new.stripe_price_id, old.plan_key == new.plan_key)
    return case(
        (and_(same, old.catalog_version.is_not(None)), old.catalog_version), else_=new.catalog_version
    )
