"""What time will bring: a heap of wake-up calls, ordered by due time and then by the order in which they were
set.

Nobody cancels a wake-up by hand: when an object changes, what it now wishes for (see ``wishes``) replaces
what it wished for before, and an entry of the heap that nobody wishes for any more is skipped.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple


class Timer(NamedTuple):
    """One wake-up call: ``name`` says which rule is due for the object."""

    due_at: int
    number: int
    name: str
    object_id: str


class Timers:
    """The wake-up calls of one flow of time: real time, or one test clock."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._current: dict[tuple[str, str], Timer] = {}

    @classmethod
    def restored(cls, timers: Sequence[Sequence[int | str]]) -> "Timers":
        """Build the heap again from ``in_order``."""
        restored = cls()
        restored._heap = [Timer._make(timer) for timer in timers]
        heapify(restored._heap)
        restored._current = {(timer.name, timer.object_id): timer for timer in restored._heap}
        return restored

    def wish(self, object_id: str, name: str, due_at: int | None, number: int) -> None:
        """Set, move or (with None) drop the wake-up ``name`` of an object."""
        key = (name, object_id)
        known = self._current.get(key)
        if due_at is None:
            self._current.pop(key, None)
        elif known is None or known.due_at != due_at:
            timer = Timer(due_at, number, name, object_id)
            self._current[key] = timer
            heappush(self._heap, timer)

    def next_due_at(self) -> int | None:
        """Return the instant of the next wake-up, if there is any."""
        heap = self._heap
        while heap and self._current.get((heap[0].name, heap[0].object_id)) is not heap[0]:
            heappop(heap)
        return heap[0].due_at if heap else None

    def pop(self, until: int) -> Timer | None:
        """Take the next wake-up that is due at or before ``until``."""
        due_at = self.next_due_at()
        if due_at is None or due_at > until:
            return None
        timer = heappop(self._heap)
        del self._current[(timer.name, timer.object_id)]
        return timer

    def in_order(self) -> list[Timer]:
        """Return all wake-ups, the next one first."""
        return sorted(self._current.values())
