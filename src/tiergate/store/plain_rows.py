"""Rows as the driver gives them, which are read only where somebody wants to know what they mean."""

from collections.abc import Callable, Collection, Sequence
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Select
from sqlalchemy.engine import Dialect

from tiergate.store.among import texts
from tiergate.store.engine import Transaction

_T = TypeVar("_T")
_Processor = Callable[[Any], Any]


class RowReader(Generic[_T]):
    """Reads rows that hold some columns."""

    def __init__(self, columns: Sequence[Column[Any]], read: Callable[[Any], _T]) -> None:
        """Read with ``read``, which finds the columns under their names."""
        self._columns = columns
        self._read = read
        self._processors: dict[str, list[tuple[str, _Processor | None]]] = {}

    def __call__(self, dialect: Dialect, values: Sequence[Any]) -> _T:
        """Return what a row means."""
        processors = self._processors.get(dialect.name)
        if processors is None:
            processors = self._processors[dialect.name] = [
                (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for column in self._columns
            ]
        named = zip(processors, values, strict=True)
        return self._read(
            SimpleNamespace(
                **{name: process(value) if process else value for (name, process), value in named}
            )
        )


class PlainSelect:
    """A query for rows among some ids, which it binds as ``ids``. It is built once for each database."""

    def __init__(self, query: Select[Any] | Any) -> None:
        """Describe the query."""
        self._query = query
        self._built: dict[str, tuple[str, int]] = {}

    def __call__(self, tx: Transaction, ids: Collection[str]) -> list[tuple[Any, ...]]:
        """Return the rows."""
        if not ids:
            return []
        built = self._built.get(tx.dialect.name)
        if built is None:
            compiled = self._query.compile(dialect=tx.dialect)
            built = self._built[tx.dialect.name] = (str(compiled), len(compiled.positiontup or ()))
        text, places = built
        document = texts(tx.dialect, ids)
        result = tx.exec_driver_sql(text, (document,) * places if places else {"ids": document})
        rows: Sequence[Any] = result.cursor.fetchall()
        result.close()
        return list(rows)
