"""The one place where the sandbox reads the clock of the real world."""

import time
from collections.abc import Callable

RealTime = Callable[[], float]
"""Answers the present instant in unix seconds. Tests pass their own."""


def real_time() -> float:
    """Return the present instant of the real world in unix seconds."""
    return time.time()
