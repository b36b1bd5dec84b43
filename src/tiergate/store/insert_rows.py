"""Inserts many rows by one statement that is built once: as values on SQLite, as a document on PostgreSQL.

What a statement costs hardly depends on how many rows it carries, so what arrives together goes together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Row, Table, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.engine import Dialect

from tiergate.store.engine import Transaction

Values = Mapping[str, Any]
Expressions = Mapping[str, ColumnElement[Any]]
Processor = Callable[[Any], Any]

_MOST_ROWS_AT_ONCE = 32
_ROWS = "tiergate_rows"


class InsertRows:
    """An insert of any number of rows.

    ``given`` are the columns that each row brings, the first of which is its key: no two rows of one call
    may share it. ``computed`` works further columns of the table out from them. ``finish`` says what happens
    on conflict, and what is returned.
    """

    def __init__(
        self,
        table: Table,
        given: Sequence[Column[Any]],
        finish: Callable[[Any], Any],
        computed: Callable[[Expressions], Expressions] = lambda _: {},
    ) -> None:
        """Describe the statement; it is built when a database first needs it."""
        self._table = table
        self._given = tuple(given)
        self._finish = finish
        self._computed = computed
        self._built: dict[str, _OnSqlite | _OnPostgres] = {}

    def __call__(self, tx: Transaction, rows: Sequence[Values], **binds: Any) -> list[Row[Any]]:
        """Insert the rows, and return what the statement returns; ``binds`` are the statement's own."""
        if not rows:
            return []
        statement = self._built.get(tx.dialect.name)
        if statement is None:
            build = self._for_sqlite if tx.dialect.name == "sqlite" else self._for_postgres
            statement = self._built.setdefault(tx.dialect.name, build(tx.dialect))
        # In one order everywhere, so that no two writers wait for each other.
        key = self._given[0].name
        ordered = sorted(rows, key=lambda row: row[key]) if len(rows) > 1 else rows
        return list(statement.run(tx, ordered, binds))

    def _for_sqlite(self, dialect: Dialect) -> "_OnSqlite":
        given = {one.name: bindparam(one.name, type_=one.type) for one in self._given}
        compiled: Any = self._finish(sqlite.insert(self._table).values(self._values(given))).compile(
            dialect=dialect
        )
        head, _, rest = str(compiled).partition("VALUES ")
        row, conflict, tail = rest.partition(" ON CONFLICT")
        names = list(compiled.positiontup)
        count = row.count("?")
        processors = {name: _processor(compiled.binds[name].type, dialect) for name in names}
        constants = _constants(compiled)
        return _OnSqlite(
            head=f"{head}VALUES ",
            row=row,
            tail=conflict + tail,
            of_row=tuple(
                (name if name in given else None, processors[name], constants[name]) for name in names[:count]
            ),
            of_tail=tuple((name, processors[name]) for name in names[count:]),
            constants=constants,
        )

    def _for_postgres(self, dialect: Dialect) -> "_OnPostgres":
        document = cast(bindparam(_ROWS), JSON)
        columns = [column(one.name, one.type) for one in self._given]
        rows = func.json_to_recordset(document).table_valued(*columns, name="given")
        given = rows.render_derived(name="given", with_types=True).c
        values = self._values({one.name: given[one.name] for one in self._given})
        source = select(*values.values()).order_by(given[self._given[0].name])
        insert = postgresql.insert(self._table).from_select(list(values), source)
        compiled = self._finish(insert).compile(dialect=dialect)
        return _OnPostgres(str(compiled), _constants(compiled))

    def _values(self, given: Expressions) -> Expressions:
        own = {name: value for name, value in given.items() if name in self._table.c}
        return {**own, **self._computed(given)}


@dataclass(frozen=True, slots=True)
class _OnSqlite:
    """The statement in three parts, of which the middle one is repeated for each row."""

    head: str
    row: str
    tail: str
    of_row: tuple[tuple[str | None, Processor | None, Any], ...]
    """What a row binds: the value of that name, or a constant where there is no name."""
    of_tail: tuple[tuple[str, Processor | None], ...]
    constants: Values

    def run(self, tx: Transaction, rows: Sequence[Values], binds: Values) -> Iterator[Row[Any]]:
        known = {**self.constants, **binds}
        tail = [process(known[name]) if process else known[name] for name, process in self.of_tail]
        for part in _parts(rows):
            values = [
                constant if name is None else process(row[name]) if process else row[name]
                for row in part
                for name, process, constant in self.of_row
            ]
            text = self.head + ", ".join([self.row] * len(part)) + self.tail
            yield from tx.exec_driver_sql(text, (*values, *tail)).all()


@dataclass(frozen=True, slots=True)
class _OnPostgres:
    text: str
    constants: Values

    def run(self, tx: Transaction, rows: Sequence[Values], binds: Values) -> Iterator[Row[Any]]:
        document = msgspec.json.encode(rows).decode()
        yield from tx.exec_driver_sql(self.text, {**self.constants, **binds, _ROWS: document})


def _parts(rows: Sequence[Values]) -> Iterator[Sequence[Values]]:
    """Cut into parts of 32, 16, 8, 4, 2 and 1: so few texts that the driver keeps them all prepared."""
    begin, size = 0, _MOST_ROWS_AT_ONCE
    while begin < len(rows):
        while size > len(rows) - begin:
            size //= 2
        yield rows[begin : begin + size]
        begin += size


def _constants(compiled: Any) -> Values:
    found: Values = compiled.construct_params(_check=False)
    return found


def _processor(kind: Any, dialect: Dialect) -> Processor | None:
    found: Processor | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found
