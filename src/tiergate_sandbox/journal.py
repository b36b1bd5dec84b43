"""The state file: a snapshot, and after it every change that was made since.

The file is a journal. Each applied request (and each passage of time that made something due) is
appended with its instant before it is answered; the world is a pure function of these, so reading the
file again gives the same world, the same idempotency results and the same webhooks. What a killed
process had not appended had not been answered either. A line cut short by the kill is ignored. On every
start the file is rewritten as one snapshot, atomically, so that it does not grow for ever.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tiergate_sandbox.idempotency import Result
from tiergate_sandbox.signing import ValidSecret


class StateFileError(Exception):
    """The state file cannot be read; the message says what to do."""


class Outstanding(msgspec.Struct, frozen=True, array_like=True):
    """A webhook that was not settled yet when the snapshot was taken."""

    delivery_id: str
    event_id: str
    event_type: str
    destination_id: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Everything the sandbox knows at one instant."""

    world: bytes
    request_count: int = 0
    results: dict[str, Result] = {}
    secrets: dict[str, list[ValidSecret]] = {}
    outstanding: list[Outstanding] = []


class Called(msgspec.Struct, frozen=True, tag="call"):
    """A request that the world has carried out at the unix second ``at``."""

    at: int
    method: str
    path: str
    params: dict[str, Any]
    version: str
    request_count: int
    request_id: str
    idempotency_key: str | None = None


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """Time has passed until the unix second ``at`` and something became due."""

    at: int


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """A webhook needs no further attempt."""

    delivery_id: str


class Rolled(msgspec.Struct, frozen=True, tag="rolled"):
    """The secret of an endpoint was rolled; the old one holds until ``expires_at``."""

    endpoint_id: str
    expires_at: int


Entry = Snapshot | Called | Passed | Settled | Rolled


class Journal:
    """Appends entries to the state file, and reads them back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def entries(self) -> Iterator[Entry]:
        """Yield what the file holds, oldest first; nothing when there is no file yet.

        Raises:
            StateFileError: the file is damaged other than in its last line.
        """
        decoder = msgspec.json.Decoder(Entry)
        lines = self._path.read_bytes().split(b"\n")[:-1] if self._path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise self.unreadable(f"line {number}: {error}") from error

    def unreadable(self, reason: str) -> StateFileError:
        """Return the error that says why the file is of no use, and what to do."""
        return StateFileError(f"{self._path}, {reason}. Move the file away to start with an empty sandbox.")

    def start(self, snapshot: Snapshot) -> None:
        """Replace the file by one that holds only ``snapshot``, and append to it from now on."""
        self.close()
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(snapshot) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._file = self._path.open("ab", buffering=0)

    def append(self, entry: Entry) -> None:
        """Write one entry through to the operating system."""
        self._file.write(msgspec.json.encode(entry) + b"\n")

    def close(self) -> None:
        """Stop appending."""
        if self._file is not None:
            self._file.close()
            self._file = None
