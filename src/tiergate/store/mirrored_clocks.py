"""Which mirrored objects live on one of Stripe's test clocks."""

from collections.abc import Collection, Mapping

from sqlalchemy import Table, select

from tiergate.store.engine import Transaction
from tiergate.store.mirror import TABLES, Kind, key_of
from tiergate.store.prepared import Prepared


def test_clock_of(tx: Transaction, kind: Kind, object_id: str) -> str | None:
    """Return the test clock on which a mirrored object lives."""
    table = TABLES[kind]
    found: str | None = tx.execute(select(table.c.test_clock).where(key_of(table) == object_id)).scalar()
    return found


def those_on_clocks(tx: Transaction, kind: Kind, object_ids: Collection[str]) -> set[str]:
    """Return those of some mirrored objects that live on a test clock."""
    return {row[0] for row in _ON_CLOCKS[kind](tx, {"ids": sorted(object_ids)})}


def _on_clocks_of(table: Table) -> Prepared:
    asked = select(key_of(table)).where(table.c.test_clock.is_not(None))
    return Prepared(lambda ids: asked.where(key_of(table).in_(ids)))


_ON_CLOCKS: Mapping[Kind, Prepared] = {kind: _on_clocks_of(table) for kind, table in TABLES.items()}
