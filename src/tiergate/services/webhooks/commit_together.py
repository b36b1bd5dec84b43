"""Lets callers that come at the same moment share one piece of work, such as a commit.

Whoever comes first works for all who wait by then; whoever comes while nobody works starts at once, so that
nobody waits who is alone. Those who were served together tend to come again together: for them the next work
waits a little, for a few large pieces cost less than many small ones.
``docs/decisions/2026-11-22-webhooks-share-a-commit.md`` says why.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, TypeVar
from weakref import WeakSet

from tiergate.services.own_thread import OwnThread

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Work = Callable[[Sequence[Item]], Sequence[Outcome]]

MOST_AT_ONCE = 200
_MOMENT_SECONDS = 0.01
_MOST_MOMENTS = 20


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Item, Outcome]):
    """One caller's wish: what came of it, or what went wrong; ``future`` is of a caller that cannot block."""

    item: Item
    future: asyncio.Future[Outcome] | None = None
    is_done: bool = False
    outcome: list[Outcome] = field(default_factory=list)
    error: BaseException | None = None

    def tell(self) -> None:
        """Wake a caller that waits in its event loop; one that went away meanwhile is not missed."""
        if self.future is None or self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.outcome[0])
        else:
            self.future.set_exception(self.error)


class CommitTogether(Generic[Item, Outcome]):
    """Hands what waits to ``work``, at most 200 items at once, and each caller its outcome.

    ``work`` returns the outcomes in the order of the items; what it raises is raised to each of the callers.
    Safe to share between threads and event loops. A forked process begins with nothing waiting.
    """

    def __init__(
        self, most_patience_seconds: float = 0.01, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare; no thread runs before one is needed.

        No work waits longer than ``most_patience_seconds`` for those who are expected to come together;
        ``clock`` counts seconds.
        """
        self._most_patience_seconds = most_patience_seconds
        self._clock = clock
        self._thread = OwnThread("tiergate-together", self._begin_anew)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._waiting: deque[_Ticket[Item, Outcome]] = deque()
        self._beginning: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._turn = threading.Lock()
        self._arrivals = 0
        self._quiet_at = 0
        self._moment = threading.Event()
        self._expected = 0
        self._patient_until = 0.0
        self._are_there = threading.Event()

    def give_way(self) -> None:
        """Return once nothing has arrived for a moment; where that never happens, a little later anyway.

        For work that may wait, so that it does not hold up those who wait for an answer. Where nothing has
        arrived since it was found quiet, it is so still.
        """
        for _ in range(_MOST_MOMENTS):
            arrivals = self._arrivals
            if arrivals != self._quiet_at:
                self._moment.wait(_MOMENT_SECONDS)
            if arrivals == self._arrivals and not self._turn.locked():
                self._quiet_at = arrivals
                return

    def do(self, work: Work[Item, Outcome], item: Item) -> Outcome:
        """Have ``work`` done on an item, and return what came of it; another caller's thread may do it."""
        ticket: _Ticket[Item, Outcome] = _Ticket(item)
        self._add(ticket)
        while not ticket.is_done:
            with self._turn:
                if not ticket.is_done:
                    self._work(work)
        if ticket.error is not None:
            raise ticket.error
        return ticket.outcome[0]

    async def ado(self, work: Work[Item, Outcome], item: Item) -> Outcome:
        """Do the same without blocking the event loop: ``work`` runs in a thread.

        It begins once the loop has gone round, so that all who arrived in this round share it.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._add(_Ticket(item, future))
        if loop not in self._beginning:
            self._beginning.add(loop)
            loop.call_soon(self._begin_in, loop, work)
        return await future

    def _begin_in(self, loop: asyncio.AbstractEventLoop, work: Work[Item, Outcome]) -> None:
        self._beginning.discard(loop)
        self._thread.run(lambda: self._work_off(work))

    def _add(self, ticket: _Ticket[Item, Outcome]) -> None:
        self._waiting.append(ticket)
        self._arrivals += 1
        if len(self._waiting) >= self._expected and not self._are_there.is_set():
            self._are_there.set()

    def _work_off(self, work: Work[Item, Outcome]) -> None:
        while self._waiting:
            with self._turn:
                self._work(work)

    def _gather(self) -> None:
        """Wait until as many are there as came last, but no longer than what was done for those took."""
        self._are_there.clear()
        patience_seconds = self._patient_until - self._clock()
        if patience_seconds > 0 and len(self._waiting) < self._expected:
            self._are_there.wait(patience_seconds)

    def _work(self, work: Work[Item, Outcome]) -> None:
        self._gather()
        began_at = self._clock()
        tickets = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        try:
            outcomes = work([ticket.item for ticket in tickets]) if tickets else ()
            for ticket, outcome in zip(tickets, outcomes, strict=True):
                ticket.outcome.append(outcome)
        except BaseException as error:
            for ticket in tickets:
                ticket.error = error
        for ticket in tickets:
            ticket.is_done = True
        in_loops = [ticket for ticket in tickets if ticket.future is not None]
        for loop, told in groupby(in_loops, key=lambda ticket: ticket.future and ticket.future.get_loop()):
            _wake(loop, list(told))
        ended_at = self._clock()
        self._expected = min(len(tickets) + len(self._waiting), MOST_AT_ONCE) if len(tickets) > 1 else 0
        self._patient_until = ended_at + min(ended_at - began_at, self._most_patience_seconds)


def _wake(loop: asyncio.AbstractEventLoop | None, tickets: Sequence[_Ticket[Item, Outcome]]) -> None:
    def tell() -> None:
        for ticket in tickets:
            ticket.tell()

    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(tell)
