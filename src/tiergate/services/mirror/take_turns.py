"""Lets one thread at a time do something to a thing, while others do it to other things."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class TakeTurns:
    """A lock for each key that somebody holds or waits for, and for no other."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = threading.Lock()
        self._locks: dict[Hashable, tuple[threading.Lock, int]] = {}

    @contextmanager
    def turn(self, key: Hashable) -> Iterator[bool]:
        """Hold the key until the end of the block; gives whether somebody else held it before."""
        with self._lock:
            mine, holders = self._locks.get(key, (threading.Lock(), 0))
            self._locks[key] = mine, holders + 1
        had_to_wait = not mine.acquire(blocking=False)
        if had_to_wait:
            mine.acquire()
        try:
            yield had_to_wait
        finally:
            mine.release()
            with self._lock:
                mine, holders = self._locks.pop(key)
                if holders > 1:
                    self._locks[key] = mine, holders - 1
