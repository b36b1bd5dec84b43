"""A thread that does what is due, again and again, until it is told to stop."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("tiergate")


class Worker:
    """Calls ``work`` regularly in a thread of its own; a failure is logged and does not end it."""

    def __init__(self, work: Callable[[], object]) -> None:
        """Prepare; nothing runs before ``start``, so that a process may fork until then."""
        self._work = work
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, every_seconds: float) -> None:
        """Start the thread; does nothing where it runs already."""
        if self._thread and self._thread.is_alive():
            return
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._run, args=(every_seconds,), name="tiergate-worker", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait until it has."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self, every_seconds: float) -> None:
        while not self._stop.is_set():
            try:
                self._work()
            except Exception:
                log.exception("what is due could not be done; trying again in %s seconds", every_seconds)
            self._stop.wait(every_seconds)
