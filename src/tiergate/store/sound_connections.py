"""Connections of a pool that are given out only while the server is still there.

To ask the server each time takes as long as a small statement. Where it hangs up it says so, and then there
is something to read; only a network that forgot a connection says nothing, and takes its time to forget.
"""

import selectors
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

_ASK_AFTER_SECONDS = 10.0
_IDLE_SINCE = "tiergate_idle_since"


def hand_out_sound_ones(engine: Engine) -> None:
    """Look at each connection before it is given out, and have lost ones replaced."""

    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_IDLE_SINCE] = monotonic()

    def look(connection: Any, record: ConnectionPoolEntry, _given: Any) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is None:
            return
        is_quiet = not connection.closed and not _has_something_to_say(connection)
        if not (is_quiet and monotonic() - since < _ASK_AFTER_SECONDS) and not _answers(engine, connection):
            raise InvalidatePoolError

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)


def _has_something_to_say(connection: Any) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False
