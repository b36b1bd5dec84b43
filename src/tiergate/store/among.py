"""Whether a column holds one of any number of texts: one statement for all numbers, built once."""

import json
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine


class _Texts(TypeDecorator[Collection[str]]):
    """Any number of texts in one value: an array on PostgreSQL, a JSON document on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text()))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return lambda value: texts(dialect, value)


class _Among(FunctionElement[bool]):
    """Its compiled forms follow below. It is no Boolean: SQLAlchemy would compare it with 1."""

    type: TypeEngine[Any] = NullType()
    inherit_cache = True


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    column, texts = (compiler.process(clause, **given) for clause in element.clauses)
    return " ".join([column, "IN (SELECT value FROM json_each(", texts, "))"])


@compiles(_Among, "postgresql")
def _on_postgres(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    column, texts = (compiler.process(clause, **given) for clause in element.clauses)
    return f"{column} = ANY ({texts})"


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether a column holds one of the texts that are bound as ``ids``, in a list."""
    return _Among(column, bindparam("ids", type_=_Texts))


def texts(dialect: Dialect, given: Collection[str]) -> Any:
    """Return texts as the driver binds them."""
    return json.dumps(list(given)) if dialect.name == "sqlite" else list(given)
