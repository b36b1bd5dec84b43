"""Callers that come together share the work, and each gets what came of its own item."""

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tiergate.services.webhooks.commit_together import MOST_AT_ONCE, CommitTogether

CALLERS = 20


class Work:
    """Doubles numbers; the first time it waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        """Double a batch."""
        self.batches.append(list(items))
        self.has_begun.set()
        self.may_end.wait(10)
        return [item * 2 for item in items]


def test_nobody_waits_who_is_alone() -> None:
    """One caller after the other is one batch after the other."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()
    work.may_end.set()
    assert [together.do(work, number) for number in range(3)] == [0, 2, 4]
    assert work.batches == [[0], [1], [2]]


def test_those_who_come_while_others_are_worked_for_share_the_next_batch() -> None:
    """Threads that wait are served at once, and each gets its own outcome."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()
    with ThreadPoolExecutor(CALLERS) as pool:
        first = pool.submit(together.do, work, 0)
        work.has_begun.wait(10)
        others = [pool.submit(together.do, work, number) for number in range(1, CALLERS)]
        while len(together._waiting) < CALLERS - 1:
            threading.Event().wait(0.001)
        work.may_end.set()
        assert [future.result() for future in (first, *others)] == [number * 2 for number in range(CALLERS)]
    assert [len(batch) for batch in work.batches] == [1, CALLERS - 1]


def test_those_who_were_served_together_are_waited_for() -> None:
    """After several came together the next work begins once as many are there, not with the first of them."""
    seconds = [0.0]
    together: CommitTogether[int, int] = CommitTogether(10, lambda: seconds[0])
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int]:
        batches.append(sorted(items))
        seconds[0] += 100
        return list(items)

    async def come_at_once() -> None:
        await asyncio.gather(*(together.ado(work, number) for number in range(3)))

    asyncio.run(come_at_once())
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: together.do(work, number), range(3)))
    assert batches == [[0, 1, 2], [0, 1, 2]]


def test_nobody_is_waited_for_longer_than_the_work_took() -> None:
    """Those who stay away delay nobody whose turn comes later than that."""
    seconds = [0.0]
    together: CommitTogether[int, int] = CommitTogether(10, lambda: seconds[0])
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> list[int]:
        batches.append(sorted(items))
        seconds[0] += 5
        return list(items)

    async def come_at_once() -> None:
        await asyncio.gather(*(together.ado(work, number) for number in range(3)))

    asyncio.run(come_at_once())
    seconds[0] += 5
    assert together.do(work, 7) == 7
    assert batches == [[0, 1, 2], [7]]


def test_an_event_loop_is_not_blocked() -> None:
    """Tasks of a loop are worked for in a thread, in batches of no more than the most at once."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()
    count = MOST_AT_ONCE * 2

    async def main() -> list[int]:
        tasks = [asyncio.create_task(together.ado(work, number)) for number in range(count)]
        while not work.has_begun.is_set():
            await asyncio.sleep(0)
        work.may_end.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [number * 2 for number in range(count)]
    assert max(map(len, work.batches)) <= MOST_AT_ONCE
    assert len(work.batches) < count


def test_way_is_given_for_a_moment_after_an_arrival_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that may wait waits once after callers came; as long as nobody comes it goes on at once."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()
    work.may_end.set()
    moments: list[float] = []
    monkeypatch.setattr(together._moment, "wait", moments.append)
    together.give_way()
    assert moments == []
    together.do(work, 1)
    for _ in range(3):
        together.give_way()
    assert len(moments) == 1


def test_what_breaks_is_told_to_each() -> None:
    """An exception of the work reaches every caller of the batch, and the next batch works."""
    together: CommitTogether[int, int] = CommitTogether()

    def invert(items: Sequence[int]) -> list[int]:
        return [1 // item for item in items]

    with pytest.raises(ZeroDivisionError):
        together.do(invert, 0)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(together.ado(invert, 0))
    assert together.do(invert, 1) == 1


def test_a_caller_that_goes_away_is_not_missed() -> None:
    """A task that is cancelled while its item is worked on leaves the others theirs."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()

    async def main() -> int:
        gone = asyncio.create_task(together.ado(work, 1))
        while not work.has_begun.is_set():
            await asyncio.sleep(0)
        stays = asyncio.create_task(together.ado(work, 2))
        await asyncio.sleep(0)
        gone.cancel()
        work.may_end.set()
        return await stays

    assert asyncio.run(main()) == 4


def test_a_forked_process_begins_anew() -> None:
    """A child that was forked while its parent's thread was at work has no thread and nothing waiting."""
    together: CommitTogether[int, int] = CommitTogether()
    work = Work()

    async def main() -> int:
        task = asyncio.create_task(together.ado(work, 1))
        while not work.has_begun.is_set():
            await asyncio.sleep(0)
        child = os.fork()
        if child == 0:
            work.may_end.set()
            os._exit(0 if together.do(work, 21) == 42 else 1)
        _, status = os.waitpid(child, 0)
        work.may_end.set()
        assert await task == 2
        return os.waitstatus_to_exitcode(status)

    assert asyncio.run(main()) == 0
