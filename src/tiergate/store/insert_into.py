"""Inserts that may meet a row which is there already: the same on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from tiergate.store.engine import Transaction


def insert_into(tx: Transaction, table: Table) -> postgresql.Insert:
    """Return an insert with ``on_conflict_do_nothing`` and ``on_conflict_do_update``.

    Both databases spell these alike, but SQLAlchemy keeps a class for each.
    """
    module: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    insert: postgresql.Insert = module.insert(table)
    return insert
