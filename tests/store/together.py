"""Runs things at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

_T = TypeVar("_T")

_PATIENCE_SECONDS = 60


def together(actions: Sequence[Callable[[], _T]]) -> list[_T]:
    """Run each action in a thread of its own, all from the same moment on; a failure is raised."""
    start = Barrier(len(actions), timeout=_PATIENCE_SECONDS)

    def run(action: Callable[[], _T]) -> _T:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        running = [pool.submit(run, action) for action in actions]
        return [thread.result() for thread in running]
