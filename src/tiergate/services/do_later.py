"""Work that may wait a moment: collected under keys, so that what is wanted twice is done once."""

import logging
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from tiergate.services.own_thread import OwnThread

log = logging.getLogger("tiergate")

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Work = Callable[[Mapping[Key, Sequence[Value]]], None]

_MOST_KEYS = 10_000


class DoLater(Generic[Key, Value]):
    """Does work in a thread of its own, up to ``at_once`` keys at a time, the one that waits longest first.

    What is added under a key that waits already is done together with it. Nothing here is durable, and a
    process that dies forgets it: the database tells ``run_due`` what is still to be done. So when too much
    waits, more is left to ``run_due`` too.
    """

    def __init__(self, name: str, at_once: int) -> None:
        """Prepare; no thread runs before something is added."""
        self._at_once = at_once
        self._thread = OwnThread(name, self._begin_anew)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lock = threading.Condition()
        self._waiting: dict[Key, list[Value]] = {}
        self._is_working = False

    def add(
        self, work: Work[Key, Value], key: Key, value: Value, gather: Callable[[], None] = lambda: None
    ) -> None:
        """Have ``work`` done on a key, soon, together with what comes while ``gather`` waits."""
        with self._lock:
            if key not in self._waiting and len(self._waiting) >= _MOST_KEYS:
                return
            self._waiting.setdefault(key, []).append(value)
        self._thread.run(lambda: self._work_off(work, gather))

    def wait_until_done(self, timeout_seconds: float) -> bool:
        """Wait until nothing waits and nothing is being done; returns false when that took too long."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._waiting and not self._is_working, timeout_seconds)

    def _work_off(self, work: Work[Key, Value], gather: Callable[[], None]) -> None:
        while taken := self._take(gather):
            try:
                work(taken)
            except Exception:
                log.exception("work on %s failed and stays due", ", ".join(map(str, taken)))
            with self._lock:
                self._is_working = False
                self._lock.notify_all()

    def _take(self, gather: Callable[[], None]) -> dict[Key, list[Value]]:
        if self._waiting:
            gather()
        with self._lock:
            keys = list(self._waiting)[: self._at_once]
            self._is_working = bool(keys)
            return {key: self._waiting.pop(key) for key in keys}
