"""Where each key of a TOML text stands, so that a mistake can be shown to the person who made it."""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


def positions_of(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, on which each table and key of a TOML text begins.

    Keys of inline tables and of multi-line values have no entry: their owner's line stands for them.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _table(header, counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key.group(1))), number)
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of a path, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _table(header: re.Match[str], counts: dict[Path, int]) -> Path:
    path = _numbered(tuple(_parts(header.group(2))), counts)
    if header.group(1) == "[[":
        counts[path] = counts.get(path, -1) + 1
        return (*path, counts[path])
    return path


def _numbered(path: tuple[str, ...], counts: dict[Path, int]) -> Path:
    """Put the index of the latest element behind each array of tables on the way."""
    numbered: Path = ()
    for position, part in enumerate(path):
        numbered = (*numbered, part)
        if numbered in counts and position < len(path) - 1:
            numbered = (*numbered, counts[numbered])
    return numbered


def _parts(dotted: str) -> Iterator[str]:
    for match in _PART.finditer(dotted):
        yield next(group for group in match.groups() if group is not None)
