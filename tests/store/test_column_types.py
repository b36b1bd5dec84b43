"""Instants and documents mean the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, Text, insert, select, text
from sqlalchemy.exc import StatementError

from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.store import Database
from tiergate.store.column_types import Instant, Json

SAMPLES = Table("samples", MetaData(), Column("name", Text), Column("at", Instant), Column("data", Json))


def _stored(database: Database, column: str, value: object) -> Any:
    with database.write() as tx:
        SAMPLES.create(tx, checkfirst=True)
        tx.execute(insert(SAMPLES).values({"name": "it", column: value}))
    with database.read() as tx:
        return tx.execute(select(SAMPLES.c[column])).scalar_one()


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC),
        DISTANT_PAST,
        DISTANT_FUTURE,
        None,
    ],
    ids=str,
)
def test_an_instant_comes_back_to_the_microsecond(empty_database: Database, instant: datetime | None) -> None:
    """What was stored is read again, in UTC; so are the first and the last instant there is."""
    read: datetime | None = _stored(empty_database, "at", instant)
    assert read == instant
    assert read is None or read.utcoffset() == timedelta(0)


def test_an_instant_of_another_zone_is_the_same_instant(empty_database: Database) -> None:
    """It is stored in UTC, whatever zone it was told in."""
    auckland = timezone(timedelta(hours=13))
    read = _stored(empty_database, "at", datetime(2026, 3, 2, 1, 0, tzinfo=auckland))
    assert read.isoformat() == "2026-03-01T12:00:00+00:00"


def test_a_naive_instant_is_refused(empty_database: Database) -> None:
    """It would mean another moment on another machine: pinax#573, omi#8575, cashier#558, #319."""
    with pytest.raises(StatementError, match="has no time zone"):
        _stored(empty_database, "at", datetime(2026, 3, 1, 12))  # noqa: DTZ001 - naive on purpose


def test_instants_sort_as_time_does(empty_database: Database) -> None:
    """In the order of time, from the year 1 to the last one."""
    instants = [
        DISTANT_PAST,
        datetime(999, 12, 31, tzinfo=UTC),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
        DISTANT_FUTURE,
    ]
    with empty_database.write() as tx:
        SAMPLES.create(tx)
        tx.execute(insert(SAMPLES), [{"name": "it", "at": instant} for instant in reversed(instants)])
        read = tx.execute(select(SAMPLES.c.at).order_by(SAMPLES.c.at)).scalars().all()
    assert read == instants


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_the_servers_zone_does_not_matter(postgres_url: str, zone: str) -> None:
    """On a PostgreSQL server of any zone the first and the last instant are read as well."""
    database = Database(postgres_url)
    with database.write() as tx:
        name = tx.execute(text("SELECT current_database()")).scalar_one()
        tx.execute(text(f"ALTER DATABASE {name} SET timezone TO '{zone}'"))
    database.engine.dispose()
    read = [_stored(database, "at", DISTANT_PAST)]
    with database.write() as tx:
        tx.execute(SAMPLES.update().values(at=DISTANT_FUTURE))
        read.append(tx.execute(select(SAMPLES.c.at)).scalar_one())
    database.close()
    assert read == [DISTANT_PAST, DISTANT_FUTURE]


@pytest.mark.parametrize(
    "document",
    [{}, [], {"a": {"b": [1, 2.5, True, None, "é “漢字”"]}}, {"9": "a", "10": "b"}],
    ids=str,
)
def test_a_document_comes_back(empty_database: Database, document: object) -> None:
    """What JSON can say is read again as it was."""
    assert _stored(empty_database, "data", document) == document
