"""A lane carries items to one destination, one after the other, without letting a slow one hold up the rest.

Items start in the order in which they were put in. The next one starts as soon as the one before it is
done, or after ``OVERTAKE_AFTER_SECONDS``; at most ``MAX_IN_FLIGHT`` are on their way at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

OVERTAKE_AFTER_SECONDS = 0.25
MAX_IN_FLIGHT = 8

Item = TypeVar("Item")


class Lane(Generic[Item]):
    """A bounded, ordered queue in front of ``carry``, which must not raise."""

    def __init__(self, carry: Callable[[Item], Coroutine[None, None, None]]) -> None:
        self._carry = carry
        self._waiting: deque[Item] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._driver: asyncio.Task[None] | None = None

    def put(self, item: Item) -> None:
        """Append an item; it moves once the lane was started."""
        self._waiting.append(item)

    def start(self) -> None:
        """See to it that waiting items move; must be called within a running event loop."""
        if self._driver is None or self._driver.done():
            self._driver = asyncio.get_running_loop().create_task(self._drive())

    def stop(self) -> None:
        """Forget what waits and cancel what is on its way."""
        self._waiting.clear()
        for task in (self._driver, *self._in_flight):
            if task is not None:
                task.cancel()

    async def _drive(self) -> None:
        while self._waiting:
            while len(self._in_flight) >= MAX_IN_FLIGHT:
                await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._carry(self._waiting.popleft()))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
            await asyncio.wait({task}, timeout=OVERTAKE_AFTER_SECONDS)
