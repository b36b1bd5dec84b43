"""Where each key of a TOML text stands, so that a mistake can be shown to the person who made it."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_BETWEEN = re.compile(r"(?:[\s,]|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"{3,5}'
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
)
_BARE_KEY = re.compile(r"[\w-]+")
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")


class Position(NamedTuple):
    """A place in a text; both numbers count from 1, columns in characters."""

    line: int
    column: int


def positions_of(text: str) -> dict[Path, Position]:
    """Return where each table, key and element of a list begins in a text that is valid TOML."""
    scanner = _Scanner(text)
    scanner.scan()
    return {**scanner.implied, **scanner.found}


def position_of(path: Path, positions: Mapping[Path, Position]) -> Position:
    """Return the position of a path, or of the nearest thing around it that has one."""
    while path and path not in positions:
        path = path[:-1]
    return positions.get(path, Position(1, 1))


class _Scanner:
    """Goes through a text once, noting where keys begin; ``_at`` is the character that comes next."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, Position] = {}
        self.implied: dict[Path, Position] = {}
        """Where what has no header or key of its own is first spoken of: ``plans.team`` in a price of it."""
        self._text = text
        self._at = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._counts: dict[Path, int] = {}

    def scan(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        begins_at = self._at
        brackets = 2 if self._text.startswith("[[", begins_at) else 1
        self._at += brackets
        path = self._numbered(self._key())
        self._at += brackets
        if brackets > 1:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self._note(path, begins_at)
        return path

    def _numbered(self, path: Path) -> Path:
        """Put the index of the latest element behind each array of tables on the way."""
        numbered: Path = ()
        for position, part in enumerate(path):
            numbered = (*numbered, part)
            if numbered in self._counts and position < len(path) - 1:
                numbered = (*numbered, self._counts[numbered])
        return numbered

    def _pair(self, table: Path) -> None:
        begins_at = self._at
        path = (*table, *self._key())
        self._note(path, begins_at)
        self._at += 1  # the sign of equality
        self._skip(_SPACES)
        self._value(path)

    def _key(self) -> Path:
        parts = [self._part()]
        while self._text[self._at] == ".":
            self._at += 1
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> str:
        self._skip(_SPACES)
        if self._text[self._at] in "\"'":
            part = str(tomllib.loads(f"key = {self._skip(_STRING)}")["key"])
        else:
            part = self._skip(_BARE_KEY)
        self._skip(_SPACES)
        return part

    def _value(self, path: Path) -> None:
        first = self._text[self._at]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if first in "\"'" else _PLAIN_VALUE)

    def _list(self, path: Path) -> None:
        self._at += 1
        self._skip(_BETWEEN)
        index = 0
        while self._text[self._at] != "]":
            self._note((*path, index), self._at)
            self._value((*path, index))
            self._skip(_BETWEEN)
            index += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip(_BETWEEN)
        while self._text[self._at] != "}":
            self._pair(path)
            self._skip(_BETWEEN)
        self._at += 1

    def _note(self, path: Path, at: int) -> None:
        line = bisect_right(self._lines, at)
        position = Position(line, at - self._lines[line - 1] + 1)
        self.found.setdefault(path, position)
        while path := path[:-1]:
            self.implied.setdefault(path, position)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Go on behind what a pattern matches here, and return that."""
        match = pattern.match(self._text, self._at)
        found = match.group() if match else ""
        self._at += len(found)
        return found
