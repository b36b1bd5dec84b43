"""A thread that exists while there is something to do in it, in whichever process that is."""

import logging
import os
import threading
from collections.abc import Callable
from weakref import WeakSet

log = logging.getLogger("tiergate")

_IDLE_SECONDS = 10.0


class OwnThread:
    """Runs a task in a thread of its own, again whenever it is asked to, and never twice at the same time.

    The thread starts with the first task, ends when it was idle for ten seconds, and starts again with the
    next one. A forked process has neither the thread nor a task; ``after_fork`` is called in it.
    """

    def __init__(self, name: str, after_fork: Callable[[], None] = lambda: None) -> None:
        """Prepare; nothing runs yet."""
        self._name = name
        self._after_fork = after_fork
        self._begin_anew()
        _all.add(self)

    def _begin_anew(self) -> None:
        self._changed = threading.Condition()
        self._task: Callable[[], None] | None = None
        self._lives = False

    def begin_after_fork(self) -> None:
        """Forget the thread of the process that this one was forked from."""
        self._begin_anew()
        self._after_fork()

    def run(self, task: Callable[[], None]) -> None:
        """Have ``task`` begin after this call; where one waits already, that one is replaced."""
        with self._changed:
            self._task = task
            if self._lives:
                self._changed.notify()
                return
            self._lives = True
        threading.Thread(target=self._serve, args=(self._changed,), name=self._name, daemon=True).start()

    def _serve(self, changed: threading.Condition) -> None:
        while True:
            with changed:
                if self._task is None:
                    changed.wait(_IDLE_SECONDS)
                task, self._task = self._task, None
                if task is None:
                    self._lives = False
                    return
            try:
                task()
            except Exception:
                log.exception("work in the thread %s failed", self._name)


_all: WeakSet[OwnThread] = WeakSet()


def _begin_all_after_fork() -> None:
    for one in list(_all):
        one.begin_after_fork()


os.register_at_fork(after_in_child=_begin_all_after_fork)
