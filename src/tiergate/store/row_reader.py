"""Rows as the driver gives them, which are read only where somebody wants to know what they mean."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any, Generic, TypeVar

from sqlalchemy import Column
from sqlalchemy.engine import Dialect

from tiergate.store.prepared import Processor

_T = TypeVar("_T")


class RowReader(Generic[_T]):
    """Reads rows that hold some columns."""

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        read: Callable[[Any], _T],
        left_out: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Read with ``read``, which finds the columns, and what stands for others, under their names."""
        self._columns = columns
        self._left_out = left_out
        self._read = read
        self._processors: dict[str, list[tuple[str, Processor | None]]] = {}

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
                **self._left_out,
                **{name: process(value) if process else value for (name, process), value in named},
            )
        )
