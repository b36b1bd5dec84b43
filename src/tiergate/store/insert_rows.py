"""Inserts many rows by one statement that is built once: as values on SQLite, as a document on PostgreSQL.

What a statement costs hardly depends on how many rows it carries, so what arrives together goes together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Integer,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.engine import Dialect

from tiergate.store.engine import Transaction
from tiergate.store.prepared import Processor, Rows, send

Values = Mapping[str, Any]
Expressions = Mapping[str, ColumnElement[Any]]

_MOST_ROWS_AT_ONCE = 32
_ROWS = "tiergate_rows"
_PLACE = "tiergate_place"
_APART = frozenset(["payload", "raw"])
"""Columns whose values are so large that PostgreSQL gets them beside the document: quoting them into it, and
taking them out again, costs more than all the rest."""


class InsertRows:
    """An insert of any number of rows.

    ``given`` are the columns that each row brings, the first of which is what they are sorted by: no two rows
    of one call may be in conflict with each other. ``computed`` works further columns of the table out from
    them. ``finish`` says what happens on conflict, and what is returned.
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

    def __call__(self, tx: Transaction, rows: Sequence[Values], **binds: Any) -> Rows:
        """Insert the rows, and return what the statement returns; ``binds`` are the statement's own."""
        return self.send(tx, rows, **binds)()

    def send(self, tx: Transaction, rows: Sequence[Values], **binds: Any) -> Callable[[], Rows]:
        """Have the rows inserted, and return what waits for what the statement returns."""
        if not rows:
            return list
        statement = self._built.get(tx.dialect.name)
        if statement is None:
            build = self._for_sqlite if tx.dialect.name == "sqlite" else self._for_postgres
            statement = self._built.setdefault(tx.dialect.name, build(tx.dialect))
        # In one order everywhere, so that no two writers wait for each other.
        key = self._given[0].name
        ordered = sorted(rows, key=itemgetter(key)) if len(rows) > 1 else rows
        return statement.send(tx, ordered, binds)

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
        of_row = list(enumerate(names[:count]))
        constants = {name: value for name, value in _constants(compiled).items() if name not in given}
        return _OnSqlite(
            head=f"{head}VALUES ",
            row=row,
            tail=conflict + tail,
            values_of=itemgetter(*names[:count]) if count > 1 else lambda known: (known[names[0]],),
            processed=[(place, process) for place, name in of_row if (process := processors[name])],
            of_row={name: value for name, value in constants.items() if name in names[:count]},
            of_tail=[(name, processors[name]) for name in names[count:]],
            constants=constants,
        )

    def _for_postgres(self, dialect: Dialect) -> "_OnPostgres":
        document = cast(bindparam(_ROWS), JSON)
        apart = [one for one in self._given if one.name in _APART]
        columns = [column(one.name, one.type) for one in self._given if one not in apart]
        rows = func.json_to_recordset(document).table_valued(*columns, column(_PLACE, Integer), name="given")
        given = rows.render_derived(name="given", with_types=True).c
        taken: dict[str, ColumnElement[Any]] = {one.name: given[one.name] for one in columns}
        for one in apart:
            array = select(cast(bindparam(one.name), ARRAY(Text))).scalar_subquery()
            taken[one.name] = cast(array[given[_PLACE]], one.type)
        values = self._values({one.name: taken[one.name] for one in self._given})
        source = select(*values.values()).order_by(given[self._given[0].name])
        insert = postgresql.insert(self._table).from_select(list(values), source)
        compiled = self._finish(insert).compile(dialect=dialect)
        text = str(compiled)
        for one in apart:
            # As psycopg spells it: an array in its binary form.
            text = text.replace(f"%({one.name})s", f"%({one.name})b")
        return _OnPostgres(text, _constants(compiled), [one.name for one in apart])

    def _values(self, given: Expressions) -> Expressions:
        own = {name: value for name, value in given.items() if name in self._table.c}
        return {**own, **self._computed(given)}


@dataclass(frozen=True, slots=True)
class _OnSqlite:
    """The statement in three parts, of which the middle one is repeated for each row."""

    head: str
    row: str
    tail: str
    values_of: Callable[[Values], tuple[Any, ...]]
    """Takes what a row binds, in this order: its own values, and constants."""
    processed: Sequence[tuple[int, Processor]]
    of_row: Values
    """The constants among these."""
    of_tail: Sequence[tuple[str, Processor | None]]
    constants: Values

    def send(self, tx: Transaction, rows: Sequence[Values], binds: Values) -> Callable[[], Rows]:
        known = {**self.constants, **binds}
        tail = [process(known[name]) if process else known[name] for name, process in self.of_tail]
        bound = [self._bound(row) for row in rows]
        sent = [
            send(
                tx,
                self.head + ", ".join([self.row] * len(part)) + self.tail,
                [*chain.from_iterable(part), *tail],
            )
            for part in _parts(bound)
        ]
        return lambda: [row for rows in sent for row in rows()]

    def _bound(self, row: Values) -> list[Any]:
        values = list(self.values_of({**self.of_row, **row} if self.of_row else row))
        for place, process in self.processed:
            if values[place] is not None:
                values[place] = process(values[place])
        return values


@dataclass(frozen=True, slots=True)
class _OnPostgres:
    text: str
    constants: Values
    apart: Sequence[str]

    def send(self, tx: Transaction, rows: Sequence[Values], binds: Values) -> Callable[[], Rows]:
        arrays = {name: [_text(row[name]) for row in rows] for name in self.apart}
        if self.apart:
            left_out = dict.fromkeys(self.apart)
            rows = [{**row, **left_out, _PLACE: place} for place, row in enumerate(rows, 1)]
        document = msgspec.json.encode(rows).decode()
        return send(tx, self.text, {**self.constants, **binds, **arrays, _ROWS: document})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _parts(rows: Sequence[list[Any]]) -> Iterator[Sequence[list[Any]]]:
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
