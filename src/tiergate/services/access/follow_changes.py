"""Follows what is committed, by this process and by others, in a thread of its own."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any

from tiergate.real_time import UnixClock
from tiergate.store import Database
from tiergate.store.change_feed import Cursor
from tiergate.store.listen import Listener, open_listener

log = logging.getLogger("tiergate")

_RETRY_SECONDS = 1.0
_GATHERING_SECONDS = 0.005
"""How long a burst of changes is gathered, so that it does not cost one look for each."""


class ChangeFeed:
    """Tells of every committed change, and until when nothing can have been missed.

    ``trusted_until`` and ``confirmed_at`` are seconds of real time since 1970: whatever is in memory was
    true at ``confirmed_at``, and may be believed until ``trusted_until`` has passed.
    """

    def __init__(
        self,
        database: Database,
        clock: UnixClock,
        max_staleness_seconds: float,
        tell: Callable[[frozenset[str]], None],
    ) -> None:
        """Prepare; nothing runs before ``follow``. ``tell`` is called with the topics of what changed."""
        self._database = database
        self._clock = clock
        self._max_staleness_seconds = max_staleness_seconds
        self._tell = tell
        self._left_to_parents: list[Any] = []
        self._listener: Listener | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Know of nothing. After a fork the parent's connection is left to the parent."""
        self._left_to_parents.append(self._listener)
        self.trusted_until = self.confirmed_at = 0.0
        self._listener = None
        self._cursor: Cursor | None = None
        self._thread: Thread | None = None
        self._stop = Event()
        self._lock = Lock()

    @property
    def has_begun(self) -> bool:
        """Whether everything that is committed from now on will be told, sooner or later."""
        return self._cursor is not None

    def follow(self) -> None:
        """Begin to follow, where nobody does yet. Raises ``DatabaseUnavailableError``."""
        if self._is_running():
            return
        with self._lock:
            if self._is_running():
                return
            self._stop.clear()
            self._listener = listener = open_listener(self._database)
            try:
                self._read(listener)
            except BaseException:
                self._close_listener()
                raise
            self._thread = Thread(target=self._run, name="tiergate-changes", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait until it has ended."""
        with self._lock:
            self._stop.set()
            if self._listener is not None:
                self._listener.wake()
            if self._thread is not None:
                self._thread.join()
            self.trusted_until = 0.0

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._listener is None:
                    self._listener = open_listener(self._database)
                    self._read(self._listener)
                    log.info("changes of other processes are heard again")
                self._hear(self._listener)
            except Exception as error:
                log.warning("changes of other processes cannot be heard for now: %s", error)
                self._close_listener()
                self._stop.wait(_RETRY_SECONDS)
        self._close_listener()

    def _hear(self, listener: Listener) -> None:
        while not self._stop.is_set():
            listener.wait()
            if self._read(listener):
                self._stop.wait(_GATHERING_SECONDS)

    def _read(self, listener: Listener) -> bool:
        began_at = self._clock()
        self._cursor, topics = listener.read(self._cursor)
        if topics:
            self._tell(topics)
        self.confirmed_at = began_at
        self.trusted_until = began_at + self._max_staleness_seconds
        return bool(topics)

    def _close_listener(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
