"""Statements that are executed all day: compiled once for each kind of database, and run on its driver.

What SQLAlchemy does for each execution costs several times what a small statement itself costs. Errors are
SQLAlchemy's all the same, and whoever listens to its engine hears of these statements too.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from sqlalchemy import Executable, Select, Text, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from tiergate.store.engine import Transaction, leave_out_values

Processor = Callable[[Any], Any]


Rows = list[tuple[Any, ...]]


def send(
    tx: Transaction, text: str, parameters: Mapping[str, Any] | Sequence[Any], *, gives_rows: bool = True
) -> Callable[[], Rows]:
    """Have the text of a statement executed as the driver takes it, and return what waits for its rows.

    PostgreSQL gets what is sent at once, and executes it in this order; it is waited for at the end of the
    transaction at the latest. Other drivers than ours execute it here. All that waits raises SQLAlchemy's
    ``DBAPIError``, also for what was sent before.
    """
    flight: Any = getattr(tx.connection.dbapi_connection, "flight", None)
    if flight is None:
        rows = _executed(tx, text, parameters, gives_rows=gives_rows)
        return lambda: rows
    _hear(tx, tx.dispatch.before_cursor_execute, None, text, parameters)
    try:
        answer = flight.send(text, parameters)
    except tx.dialect.loaded_dbapi.Error as error:
        raise _translated(tx, text, error, None) from error
    # At once, so that whoever measures from one to the other misses no end.
    _hear(tx, tx.dispatch.after_cursor_execute, None, text, parameters)

    def finish() -> Rows:
        try:
            rows: Rows = flight.wait_for(answer)
        except tx.dialect.loaded_dbapi.Error as error:
            refused = flight.refused or answer
            raise _translated(tx, refused.text, error, None) from error
        return rows

    return finish


def land(tx: Transaction) -> None:
    """Wait for all that was sent. Raises SQLAlchemy's ``DBAPIError`` where any of it was refused."""
    flight: Any = getattr(tx.connection.dbapi_connection, "flight", None)
    if flight is None:
        return
    try:
        flight.land()
    except tx.dialect.loaded_dbapi.Error as error:
        refused = flight.refused
        raise _translated(tx, refused.text if refused else "", error, None) from error


@contextmanager
def savepoint(tx: Transaction) -> Iterator[None]:
    """Open a savepoint: what is done within is answered before it ends, and undone where an error ends it.

    Otherwise the error of what was sent last would come where it can no longer be undone alone.
    """
    nested = tx.begin_nested()
    try:
        yield
        land(tx)
    except BaseException:
        # Where it cannot be undone any more nothing can be committed either, and that will be told.
        with suppress(DBAPIError):
            land(tx)
        with suppress(DBAPIError):
            nested.rollback()
        raise
    nested.commit()


def travels(tx: Transaction) -> bool:
    """Whether what is sent is on its way while the caller goes on, so that sending more costs no waiting."""
    return hasattr(tx.connection.dbapi_connection, "flight")


def _executed(
    tx: Transaction, text: str, parameters: Mapping[str, Any] | Sequence[Any], *, gives_rows: bool
) -> Rows:
    cursor: Any = tx.connection.cursor()
    _hear(tx, tx.dispatch.before_cursor_execute, cursor, text, parameters)
    try:
        cursor.execute(text, parameters)
        rows: Rows = cursor.fetchall() if gives_rows else []
    except tx.dialect.loaded_dbapi.Error as error:
        raise _translated(tx, text, error, cursor) from error
    _hear(tx, tx.dispatch.after_cursor_execute, cursor, text, parameters)
    cursor.close()
    return rows


def _hear(tx: Transaction, listeners: Any, cursor: Any, text: str, parameters: Any) -> None:
    for hear in listeners:
        hear(tx, cursor, text, parameters, None, False)


def _translated(tx: Transaction, text: str, error: Any, cursor: Any) -> BaseException:
    is_gone = tx.dialect.is_disconnect(error, tx.connection, cursor)
    leave_out_values(error)
    if is_gone:
        tx.invalidate(error)
    told: BaseException = DBAPIError.instance(
        text,
        None,
        error,
        tx.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_gone,
        dialect=tx.dialect,
    )
    return told


class Prepared:
    """A statement with named parameters.

    One that looks for any number of ids is given as a function of the query that lists them; they are bound
    as ``ids``.
    """

    def __init__(self, statement: Executable | Callable[[Select[Any]], Executable]) -> None:
        """Describe the statement; it is compiled when a database first needs it."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, tx: Transaction, values: Mapping[str, Any]) -> Rows:
        """Execute it, and return its rows, with all values as Python has them."""
        rows, compiled = self.raw(tx, values), self._compiled_for(tx.dialect)
        return [compiled.read(row) for row in rows] if compiled.results else rows

    def raw(self, tx: Transaction, values: Mapping[str, Any]) -> Rows:
        """Execute it, and return its rows as the driver gives them."""
        return self.send(tx, values)()

    def send(self, tx: Transaction, values: Mapping[str, Any]) -> Callable[[], Rows]:
        """Have it executed, and return what waits for its rows as the driver gives them."""
        compiled = self._compiled_for(tx.dialect)
        return send(tx, compiled.text, compiled.bound(values), gives_rows=compiled.gives_rows)

    def _compiled_for(self, dialect: Dialect) -> "_Compiled":
        found = self._compiled.get(dialect.name)
        if found is None:
            statement = self._statement
            if not isinstance(statement, Executable):
                statement = statement(_listed(dialect))
            found = self._compiled.setdefault(dialect.name, _compile(statement, dialect))
        return found


def _listed(dialect: Dialect) -> Select[Any]:
    if dialect.name == "sqlite":
        return select(func.json_each(_IDS).table_valued("value").c.value)
    return select(func.json_array_elements_text(cast(_IDS, postgresql.JSON)))


class _AsJson(TypeDecorator[Sequence[str]]):
    """Ids in the text of a JSON list, which both databases take apart."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str:
        return json.dumps(value)


_IDS = bindparam("ids", type_=_AsJson)


class _Compiled(NamedTuple):
    text: str
    constants: Mapping[str, Any]
    places: Sequence[str] | None
    """The names of the parameters in their order, where the driver knows them by their places."""
    binders: Sequence[tuple[str, Processor]]
    results: Sequence[tuple[int, Processor]]
    gives_rows: bool

    def bound(self, values: Mapping[str, Any]) -> Mapping[str, Any] | Sequence[Any]:
        known = {**self.constants, **values}
        for name, process in self.binders:
            known[name] = process(known[name])
        return known if self.places is None else [known[name] for name in self.places]

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, process in self.results:
            values[place] = process(values[place])
        return tuple(values)


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect)
    types = {name: one.type.dialect_impl(dialect) for one, name in compiled.bind_names.items()}
    binders = ((name, kind.bind_processor(dialect)) for name, kind in types.items())
    columns = getattr(statement, "exported_columns", ())
    kinds = (one.type.dialect_impl(dialect) for one in columns)
    results = ((place, kind.result_processor(dialect, None)) for place, kind in enumerate(kinds))
    return _Compiled(
        str(compiled),
        compiled.construct_params(_check=False),
        compiled.positiontup,
        [(name, process) for name, process in binders if process],
        [(place, process) for place, process in results if process],
        gives_rows=not statement.is_dml or bool(compiled.effective_returning),
    )
