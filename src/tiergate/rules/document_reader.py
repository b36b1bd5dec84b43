"""Reads a nested document key by key, and collects every mistake instead of stopping at the first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tiergate.rules.toml_positions import Path

LARGEST = 2**53 - 1
"""The largest number that databases, Stripe and a browser's scripts all take as it is.

Source: https://www.rfc-editor.org/rfc/rfc8259#section-6
"""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A mistake at a path of the document."""

    path: Path
    message: str
    remedy: str


class Reader:
    """One table of the document; its complaints are shared with the tables below it."""

    def __init__(
        self, table: Mapping[str, Any], path: Path = (), complaints: list[Complaint] | None = None
    ) -> None:
        self._table = table
        self._path = path
        self._read: set[str] = set()
        self._children: list[Reader] = []
        self.complaints: list[Complaint] = [] if complaints is None else complaints

    def has(self, key: str) -> bool:
        """Whether the key is written at all."""
        return key in self._table

    def __iter__(self) -> Iterator[str]:
        """Go through the keys in the order of the file."""
        return iter(self._table)

    def skip(self, key: str) -> None:
        """Count a key as read without looking at it."""
        self._read.add(key)

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """Return a text."""
        value = self._take(key, required)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        self._wrong_type(key, "a text in quotes")
        return default

    def integer(self, key: str, default: int = 0, *, required: bool = False) -> int:
        """Return a whole number."""
        value = self._take(key, required)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._wrong_type(key, "a whole number")
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key, False)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self._wrong_type(key, "true or false")
        return default

    def integers(self, key: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self._take(key, False)
        if value is None:
            return default
        if isinstance(value, list) and all(type(entry) is int for entry in value):
            return tuple(value)
        self._wrong_type(key, "a list of whole numbers, such as [3, 5, 7]")
        return default

    def scalar(self, key: str) -> bool | int | str:
        """Return a text, a whole number, true or false."""
        value = self._take(key, False)
        if isinstance(value, (bool, int, str)):
            return value
        self._wrong_type(key, "a text, a whole number, true or false")
        return False

    def choice(self, key: str, choices: list[str], default: str) -> str:
        """Return one of several words."""
        value = self.text(key, default)
        if value in choices:
            return value
        self.complain(key, f"{key!r} cannot be {value!r}.", f"Write one of: {', '.join(choices)}.")
        return default

    def table(self, key: str) -> "Reader":
        """Return the table under a key; an empty one when it is not there."""
        value = self._take(key, False)
        if value is not None and not isinstance(value, dict):
            self._wrong_type(key, f"a table, such as [{self._dotted(key)}]")
        return self._child(value if isinstance(value, dict) else {}, (*self._path, key))

    def tables(self, key: str) -> list[tuple[str, "Reader"]]:
        """Return the named tables under a key (``[plans.free]``, ``[plans.team]``), in order."""
        group = self.table(key)
        return [(name, group.table(name)) for name in group]

    def list(self, key: str) -> Iterable["Reader"]:
        """Return the tables of a list (``[[plans.team.prices]]``), in order."""
        value = self._take(key, False)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._wrong_type(key, f"a list of tables, such as [[{self._dotted(key)}]]")
            return []
        return [self._child(entry, (*self._path, key, index)) for index, entry in enumerate(value)]

    def complain(self, key: str, message: str, remedy: str) -> None:
        """Note a mistake at a key of this table."""
        self.complain_at((*self._path, key), message, remedy)

    def complain_at(self, path: Path, message: str, remedy: str) -> None:
        """Note a mistake at any path of the document."""
        self.complaints.append(Complaint(path, message, remedy))

    def complain_unknown(self, key: str, what: str, known: Iterable[str], otherwise: str) -> None:
        """Note a name that nothing goes by, with the one that was probably meant."""
        near = get_close_matches(key, list(known), n=1)
        remedy = (
            f"Did you mean {near[0]!r}? Otherwise {otherwise}." if near else f"Correct it, or {otherwise}."
        )
        self.complain(key, f"There is no {what} {key!r}.", remedy)

    def finish(self) -> None:
        """Complain of every key that nothing has read, and of numbers that nothing else was wrong with."""
        wrong = {complaint.path for complaint in self.complaints}
        for key, value in self._table.items():
            if key not in self._read:
                self.complain_unknown(key, "key", self._read, "delete it")
            elif _is_too_large(value) and (*self._path, key) not in wrong:
                self.complain(key, f"{key!r} is too large to be counted.", f"Write {LARGEST} at most.")
        for child in self._children:
            child.finish()

    def _take(self, key: str, required: bool) -> Any:
        self._read.add(key)
        if key not in self._table and required:
            self.complain(key, f"{self._name()} has no {key!r}.", f"Add {key} = … to it.")
        return self._table.get(key)

    def _wrong_type(self, key: str, wanted: str) -> None:
        self.complain(key, f"{key!r} is {self._table.get(key)!r}.", f"Write {wanted}.")

    def _child(self, table: Mapping[str, Any], path: Path) -> "Reader":
        child = Reader(table, path, self.complaints)
        self._children.append(child)
        return child

    def _name(self) -> str:
        """Name this table the way its header in the file does."""
        names = self._dotted()
        if self._path and isinstance(self._path[-1], int):
            return f"[[{names}]] number {self._path[-1] + 1}"
        return f"[{names}]" if names else "The file"

    def _dotted(self, *more: str) -> str:
        return ".".join(part for part in (*self._path, *more) if isinstance(part, str))


def _is_too_large(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > LARGEST
