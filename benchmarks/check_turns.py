"""Processes that measure one round each time they are asked, so that contestants can take turns.

Such a process says first what it found out while it got ready, as one line of JSON; after that it answers
each line that it reads with the figure of one more round. Peers run this in environments of their own, so it
rests on the standard library alone.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from timeit import Timer
from typing import Any

WARM_UP_CALLS = 100
ROUND_SECONDS = 0.03


class Contestant:
    """A process that takes turns; ``facts`` is what it said when it was ready."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.facts: dict[str, Any] = json.loads(self._line())
        self.rounds: list[float] = []

    def measure(self) -> None:
        """Let it measure one round."""
        self.ask()
        self.rounds.append(self.answer())

    def ask(self) -> None:
        """Let it begin a round."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)

    def answer(self) -> float:
        """Return the figure of the round that was begun."""
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return line


@contextmanager
def contestant(*command: str | Path) -> Iterator[Contestant]:
    """Start a process that takes turns; it ends with the block."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Contestant(process)
        finally:
            process.kill()


def take_turns(facts: dict[str, Any], measure: Callable[[], float]) -> None:
    """Be such a process, until standard input ends."""
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        print(measure(), flush=True)


def take_timed_turns(call: str, **names: Any) -> None:
    """Be a process that times a call which has to answer yes; ``names`` are what the call speaks of."""
    if eval(call, names) is not True:
        raise RuntimeError(f"{call} did not answer yes")
    timer = Timer(call, globals=names)
    calls = calls_a_round(timer)
    take_turns({}, lambda: nanoseconds(timer, calls))


def nanoseconds(timer: Timer, calls: int) -> float:
    """Return what one call takes."""
    return timer.timeit(calls) / calls * 1e9


def calls_a_round(timer: Timer) -> int:
    """Return how many calls make a round of about ``ROUND_SECONDS``, once everything is warm."""
    timer.timeit(WARM_UP_CALLS)
    return max(1, int(ROUND_SECONDS * WARM_UP_CALLS / timer.timeit(WARM_UP_CALLS)))
