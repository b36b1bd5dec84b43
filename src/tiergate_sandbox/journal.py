"""The state file: a snapshot, and after it every change that was made since.

The file is a journal. Each applied request (and each passage of time that made something due) is
appended with its instant before it is answered; the world is a pure function of these, so reading the
file again gives the same world, the same idempotency results and the same webhooks. What a killed
process had not appended had not been answered either. A line cut short by the kill is ignored. The file is
rewritten as one snapshot, atomically, on every start and when it has grown, so that neither it nor the time
that it takes to read it grows for ever.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tiergate_sandbox.delivery import Attempt
from tiergate_sandbox.idempotency import Result
from tiergate_sandbox.signing import ValidSecret
from tiergate_sandbox.world.settings import Settings


class StateFileError(Exception):
    """The state file cannot be read or written; the message says what to do."""


class Outstanding(msgspec.Struct, frozen=True, array_like=True):
    """A webhook that was not settled yet when the snapshot was taken."""

    delivery_id: str
    event_id: str
    event_type: str
    destination_id: str
    attempts: tuple[Attempt, ...] = ()


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
    pinned: bool = True


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """Time has passed until the unix second ``at`` and something became due."""

    at: int


class Tried(msgspec.Struct, frozen=True, tag="tried"):
    """An attempt to deliver a webhook has failed; another one follows."""

    delivery_id: str
    attempt: Attempt


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """A webhook needs no further attempt."""

    delivery_id: str


class Rolled(msgspec.Struct, frozen=True, tag="rolled"):
    """The secret of an endpoint was rolled; the old one holds until ``expires_at``."""

    endpoint_id: str
    expires_at: int


class Configured(msgspec.Struct, frozen=True, tag="configured"):
    """The settings of the account were changed."""

    settings: Settings


Entry = Configured | Snapshot | Called | Passed | Tried | Settled | Rolled


class Journal:
    """Appends entries to the state file, and reads them back. One process at a time may have it open."""

    def __init__(self, path: Path) -> None:
        self.appended = 0
        self._path = path
        self._file: Any = None
        self._lock: Any = None

    def entries(self) -> Iterator[Entry]:
        """Yield what the file holds, oldest first; nothing when there is no file yet.

        Raises:
            StateFileError: another process has the file open, or it is damaged other than in its last line.
        """
        self._claim()
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
        """Replace the file by one that holds only ``snapshot``, and append to it from now on.

        Raises:
            OSError: the file cannot be written; what it held before is still there.
        """
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(snapshot) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._stop()
        draft.replace(self._path)
        self._file = self._path.open("ab", buffering=0)
        self.appended = 0

    def append(self, entry: Entry) -> None:
        """Write one entry through to the operating system.

        Raises:
            StateFileError: it could not be written. The file then ends before it and takes nothing more until
                the next ``start``, since what follows would make no sense without it.
        """
        line = msgspec.json.encode(entry) + b"\n"
        if self._file is None:
            raise self._full()
        try:
            end = self._file.tell()
            if self._file.write(line) != len(line):
                self._file.truncate(end)
                raise self._full()
        except (OSError, StateFileError) as error:
            self._stop()
            raise self._full() from error
        self.appended += 1

    @property
    def is_behind(self) -> bool:
        """Whether an entry could not be written, so that only a snapshot brings the file up to date."""
        return self._file is None

    def close(self) -> None:
        """Stop appending, and let others have the file."""
        self._stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _stop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _full(self) -> StateFileError:
        return StateFileError(f"{self._path} cannot be written. Free some space; the sandbox tries again.")

    def _claim(self) -> None:
        """Lock a file beside the state file (which is replaced now and then); a kill lets go of it."""
        if sys.platform == "win32" or self._lock is not None:
            return
        import fcntl

        self._lock = self._path.with_name(self._path.name + ".lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise StateFileError(
                f"{self._path} is in use. End the other sandbox, or name another file."
            ) from error
