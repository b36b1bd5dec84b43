"""Work that may wait is done once for all who want it, and nobody waits for it."""

import os
import threading
from collections.abc import Mapping, Sequence

from tiergate.services.do_later import DoLater
from tiergate.services.mirror.take_turns import TakeTurns


class Work:
    """Takes down what it is asked to do; it waits until it is let go."""

    def __init__(self) -> None:
        self.done: list[dict[str, list[int]]] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, wanted: Mapping[str, Sequence[int]]) -> None:
        """Do it."""
        self.done.append({key: list(values) for key, values in wanted.items()})
        self.has_begun.set()
        self.may_end.wait(10)
        if "broken" in wanted:
            raise RuntimeError("out of order")


def test_what_is_wanted_twice_is_done_once() -> None:
    """What comes under one key while others are worked on is one piece of work, in the order of coming."""
    later: DoLater[str, int] = DoLater("test", at_once=2)
    work = Work()
    later.add(work, "a", 1)
    work.has_begun.wait(10)
    for key, value in (("b", 2), ("a", 3), ("b", 4), ("c", 5)):
        later.add(work, key, value)
    assert not later.wait_until_done(0)
    work.may_end.set()
    assert later.wait_until_done(10)
    assert work.done == [{"a": [1]}, {"b": [2, 4], "a": [3]}, {"c": [5]}]


def test_what_breaks_does_not_end_the_rest() -> None:
    """A failure is logged, and what waits behind it is done."""
    later: DoLater[str, int] = DoLater("test", at_once=1)
    work = Work()
    work.may_end.set()
    later.add(work, "broken", 1)
    later.add(work, "whole", 2)
    assert later.wait_until_done(10)
    assert {"whole": [2]} in work.done


def test_a_forked_process_has_nothing_to_do() -> None:
    """A child forgets what waits in its parent, and works by itself."""
    later: DoLater[str, int] = DoLater("test", at_once=1)
    work = Work()
    later.add(work, "a", 1)
    work.has_begun.wait(10)
    child = os.fork()
    if child == 0:
        work.may_end.set()
        was_idle = later.wait_until_done(0)
        later.add(work, "b", 2)
        os._exit(0 if was_idle and later.wait_until_done(10) and work.done[-1] == {"b": [2]} else 1)
    work.may_end.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert later.wait_until_done(10)


def test_turns_are_taken_by_key() -> None:
    """Whoever comes second is told that it had to wait; other keys are free, and none is kept."""
    turns = TakeTurns()
    waited: list[bool] = []

    def come() -> None:
        with turns.turn("a") as had_to_wait:
            waited.append(had_to_wait)

    with turns.turn("a") as first, turns.turn("b") as other:
        second = threading.Thread(target=come)
        second.start()
        while turns._locks["a"][1] < 2:
            threading.Event().wait(0.001)
    second.join(10)
    assert (first, other, waited) == (False, False, [True])
    assert turns._locks == {}
