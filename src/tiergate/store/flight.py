"""A connection of psycopg's whose statements can be on their way to PostgreSQL together.

They go by libpq itself: a cursor costs six times as much for each statement, and every answer that is waited
for costs the way there and back. Each statement is prepared when a connection first meets it.
"""

import re
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple, Self

from psycopg import Connection, Cursor, Error, OperationalError, adapt, errors, generators
from psycopg.abc import Buffer, Transformer
from psycopg.adapt import PyFormat
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

Rows = list[tuple[Any, ...]]

_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\)(?P<format>[sbt])|%)")
_THROWING_AWAY = ("DROP", "ALTER", "ROLLBACK", "DISCARD ALL", "DEALLOCATE ALL")
_TEXT, _TEXT_ARRAY = 25, 1009
_ARRAY_HEAD, _LENGTH = struct.Struct("!iiiii"), struct.Struct("!i")


@dataclass(slots=True, eq=False)
class Answer:
    """What came of a statement. One that was not executed has the error of the one that was refused."""

    text: str
    transformer: Transformer | None = None
    result: PGresult | None = None
    error: Error | None = None
    is_there: bool = False

    def rows(self) -> Rows:
        """Return the rows, as Python has them. Raises psycopg's ``Error``."""
        if self.error is not None:
            raise self.error
        if self.transformer is None or self.result is None or self.result.nfields == 0:
            return []
        self.transformer.set_pgresult(self.result)
        return self.transformer.load_rows(0, self.result.ntuples, tuple)


class Flight:
    """Statements that are sent over a connection one after the other, and answered in this order.

    Everything raises psycopg's ``Error``.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        """Prepare; nothing is sent yet."""
        self._connection = connection
        self._libpq = connection.pgconn
        self._awaited: deque[Answer] = deque()
        self._is_off = False
        self._known: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._new: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._has_forgotten = False
        self.refused: Answer | None = None
        """The statement that PostgreSQL refused last, which is why those after it were not executed."""

    def send(self, text: str, parameters: Mapping[str, Any]) -> Answer:
        """Send a statement with placeholders as psycopg has them: ``%(name)s``.

        ``%(name)b`` stands for a list of texts. The first statement begins a transaction where none is open,
        unless the connection commits by itself.
        """
        query, names, arrays = _numbered(text)
        bound = _bound(self._connection, [parameters[name] for name in names], arrays)
        answer = Answer(text, bound.transformer)
        try:
            if not self._is_off:
                self._take_off()
            self._send(answer, query, bound)
        except Error:
            self._crash()
            raise
        if self._connection.autocommit:
            # What shares a flight is undone together, and here each statement is to stand for itself.
            self.land()
        return answer

    def _send(self, answer: Answer, query: bytes, bound: "_Bound") -> None:
        if self._connection.prepare_threshold is None:
            self._libpq.send_query_params(query, bound.values, bound.types, bound.formats)
        else:
            name = self._prepared(answer.text, query, tuple(bound.types))
            self._libpq.send_query_prepared(name, bound.values, bound.formats)
        self._awaited.append(answer)
        self._push()

    def wait_for(self, answer: Answer) -> Rows:
        """Return the rows of a statement that was sent. Raises psycopg's ``Error``."""
        if not answer.is_there:
            self.land()
        if not answer.is_there:
            raise OperationalError("the connection was lost before it was answered")
        return answer.rows()

    def land(self) -> None:
        """Wait for everything that was sent; raises the error of what was refused, psycopg's ``Error``."""
        if not self._is_off:
            return
        self.refused = None
        self._is_off = False
        try:
            self._come_down()
        except Error as error:
            self._crash()
            if self._refusal() is None:
                raise OperationalError(f"the connection was lost: {error}") from error
        except BaseException:
            self._crash()
            raise
        self._known.update(self._new)
        refusal = self._refusal()
        if refusal is not None:
            # Not all of it was prepared, or what was prepared may be out of date.
            self.forget()
            raise refusal

    def commit(self) -> bool:
        """Commit what was sent, with it; returns false where nothing is on its way."""
        if not self._is_off or self._connection.autocommit:
            return False
        self._command("COMMIT")
        self.land()
        return True

    def forget(self) -> None:
        """Rely no longer on what is prepared: psycopg has had all of that thrown away, or may do so soon."""
        if self._known:
            self._known.clear()
            self._has_forgotten = True

    def _refusal(self) -> Error | None:
        return self.refused.error if self.refused else None

    def _crash(self) -> None:
        self._is_off = False
        self._awaited.clear()
        self._connection.close()

    def _take_off(self) -> None:
        if self._connection.closed:
            raise OperationalError("the connection is closed")
        if self._has_forgotten and self._libpq.transaction_status != TransactionStatus.INERROR:
            self._connection.execute("DEALLOCATE ALL", prepare=False)
            self._has_forgotten = False
        is_idle = self._libpq.transaction_status == TransactionStatus.IDLE
        self._libpq.enter_pipeline_mode()
        self._is_off = True
        self._new = {}
        if is_idle and not self._connection.autocommit:
            self._command(_begin(self._connection))

    def _command(self, text: str) -> None:
        self._libpq.send_query_params(text.encode(), None)
        self._awaited.append(Answer(text))

    def _prepared(self, text: str, query: bytes, types: tuple[int, ...]) -> bytes:
        key = (query, types)
        name = self._known.get(key) or self._new.get(key)
        if name is None:
            name = self._new[key] = _name(query, types)
            self._libpq.send_prepare(name, query, types)
            self._awaited.append(Answer(text))
        return name

    def _push(self) -> None:
        if self._libpq.flush():
            self._connection.wait(generators.send(self._libpq))

    def _come_down(self) -> None:
        self._libpq.pipeline_sync()
        self._push()
        while self._awaited:
            answer = self._awaited[0]
            while (result := self._next_result()) is not None:
                self._take(answer, result)
            answer.is_there = True
            self._awaited.popleft()
        self._next_result()
        self._libpq.exit_pipeline_mode()
        self._pass_on_messages()

    def _pass_on_messages(self) -> None:
        """Have heard what others have told, too: it comes with the last answer, and nobody looks again."""
        while message := self._libpq.notifies():
            if self._libpq.notify_handler:
                self._libpq.notify_handler(message)

    def _take(self, answer: Answer, result: PGresult) -> None:
        answer.result = result
        if result.status == ExecStatus.FATAL_ERROR:
            answer.error = errors.error_from_result(result, self._connection.info.encoding)
            answer.error.add_note(f"PostgreSQL refused: {answer.text}")
            self.refused = answer
        elif result.status == ExecStatus.PIPELINE_ABORTED and self.refused is not None:
            answer.error = self.refused.error

    def _next_result(self) -> PGresult | None:
        if self._libpq.is_busy():
            arrived: PGresult | None = self._connection.wait(generators.fetch(self._libpq))
            return arrived
        return self._libpq.get_result()


class _FlightCursor(Cursor[Any]):
    """A cursor that notices after what psycopg throws away all that is prepared.

    Source: https://www.psycopg.org/psycopg3/docs/advanced/prepare.html
    """

    def execute(self, *given: Any, **named: Any) -> Self:
        """Execute a statement, as psycopg does."""
        super().execute(*given, **named)
        if (self.statusmessage or "").startswith(_THROWING_AWAY) and isinstance(
            self.connection, FlightConnection
        ):
            self.connection.flight.forget()
        return self


class FlightConnection(Connection[Any]):
    """A connection with a flight. What was sent is answered before a cursor is opened, and before its end."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Take a connection of libpq's over."""
        super().__init__(*given, **named)
        self.flight = Flight(self)
        self.cursor_factory = _FlightCursor

    def cursor(self, *given: Any, **named: Any) -> Any:
        """Open a cursor, as psycopg does."""
        self.flight.land()
        return super().cursor(*given, **named)

    def commit(self) -> None:
        """Commit, together with what is still on its way."""
        if not self.flight.commit():
            self.flight.land()
            if self.pgconn.transaction_status == TransactionStatus.INERROR:
                # PostgreSQL would undo it without a word.
                raise errors.InFailedSqlTransaction("a statement was refused: there is nothing to commit")
            super().commit()

    def rollback(self) -> None:
        """Undo the transaction, with all that was sent."""
        with suppress(Error):
            self.flight.land()
        if self.closed:
            # Nothing is left to undo, and the error of that would hide what has happened.
            return
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            self.flight.forget()
        super().rollback()


class _Bound(NamedTuple):
    transformer: Transformer
    values: list[Buffer | None]
    types: list[int]
    formats: list[Format]


def _bound(connection: Connection[Any], values: Sequence[Any], arrays: Sequence[int]) -> _Bound:
    transformer = adapt.Transformer(connection)
    small = [None if place in arrays else value for place, value in enumerate(values)] if arrays else values
    dumped = list(transformer.dump_sequence(small, [PyFormat.AUTO] * len(values)))
    bound = _Bound(transformer, dumped, list(transformer.types or ()), list(transformer.formats or ()))
    for place in arrays:
        bound.values[place] = _text_array(values[place])
        bound.types[place] = _TEXT_ARRAY
        bound.formats[place] = Format.BINARY
    return bound


def _text_array(texts: Sequence[str]) -> bytes:
    """Spell an array in its binary form; psycopg takes four times as long for large texts.

    Source: ``array_recv`` in PostgreSQL, https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
    """
    pieces = [_ARRAY_HEAD.pack(1, 0, _TEXT, len(texts), 1)]
    for text in texts:
        encoded = text.encode()
        pieces += (_LENGTH.pack(len(encoded)), encoded)
    return b"".join(pieces)


def _name(query: bytes, types: tuple[int, ...]) -> bytes:
    """Name a statement by what it is, so that no pooler can ever have another one executed in its place."""
    return b"tiergate_" + blake2b(query + repr(types).encode(), digest_size=12).hexdigest().encode()


@cache
def _numbered(text: str) -> tuple[bytes, Sequence[str], Sequence[int]]:
    """Spell a statement as PostgreSQL does: ``$1``; return the names in their order, and which are arrays."""
    places: dict[tuple[str, str], int] = {}

    def number(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "%"
        return f"${places.setdefault((found['name'], found['format']), len(places) + 1)}"

    query = _PLACEHOLDER.sub(number, text)
    arrays = [place for place, (_, form) in enumerate(places) if form == "b"]
    return query.encode(), [name for name, _ in places], arrays


def _begin(connection: Connection[Any]) -> str:
    level = connection.isolation_level
    parts = ["BEGIN"]
    if level is not None:
        parts.append("ISOLATION LEVEL " + level.name.replace("_", " "))
    if connection.read_only is not None:
        parts.append("READ ONLY" if connection.read_only else "READ WRITE")
    if connection.deferrable is not None:
        parts.append("DEFERRABLE" if connection.deferrable else "NOT DEFERRABLE")
    return " ".join(parts)
