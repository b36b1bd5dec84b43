"""What a database looks like, as one value that can be compared."""

from typing import Any

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import Inspector
from sqlalchemy.engine.interfaces import ReflectedIndex

Snapshot = dict[str, dict[str, Any]]


def snapshot(engine: Engine, prefix: str = "") -> Snapshot:
    """Every table and view whose name begins with ``prefix``, with all that belongs to it."""
    inspector = inspect(engine)
    tables = {
        name: _table(inspector, engine, name)
        for name in inspector.get_table_names()
        if name.startswith(prefix)
    }
    views = {
        name: {"definition": inspector.get_view_definition(name)}
        for name in inspector.get_view_names()
        if name.startswith(prefix)
    }
    return tables | views


def _table(inspector: Inspector, engine: Engine, name: str) -> dict[str, Any]:
    return {
        "columns": {
            column["name"]: (
                column["type"].compile(engine.dialect),
                column["nullable"],
                column["default"],
                column.get("autoincrement"),
            )
            for column in inspector.get_columns(name)
        },
        "primary key": inspector.get_pk_constraint(name),
        "unique": sorted(
            (str(one["name"]), one["column_names"]) for one in inspector.get_unique_constraints(name)
        ),
        "indexes": sorted(map(_index, inspector.get_indexes(name))),
        "foreign keys": inspector.get_foreign_keys(name),
    }


def _index(index: ReflectedIndex) -> tuple[str, list[str | None], bool, dict[str, str]]:
    options = {key: str(value) for key, value in index.get("dialect_options", {}).items()}
    return str(index["name"]), index["column_names"], index["unique"], options
