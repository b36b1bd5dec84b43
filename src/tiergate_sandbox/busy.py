"""What is on its way at this moment, so that a caller can wait until nothing is."""

import asyncio


class Busy:
    """A set of ids of things under way."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._quiet = asyncio.Event()

    def add(self, item_id: str) -> None:
        """Note that something is under way."""
        self._ids.add(item_id)

    def discard(self, item_id: str) -> None:
        """Note that it is not, or no longer."""
        self._ids.discard(item_id)
        if not self._ids:
            self._quiet.set()

    def clear(self) -> None:
        """Note that nothing is."""
        self._ids.clear()
        self._quiet.set()

    async def quiet(self) -> None:
        """Return when nothing is under way."""
        while self._ids:
            self._quiet.clear()
            await self._quiet.wait()
