"""Cuts a TOML text into blocks, one for each table header, in a way that no character is lost.

A block is what one header opens: comments that stand directly above it, the header, and the keys below. What
is edited is then one block, and the comments and spaces of all others stay as they are.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|(?!""").)*"""(?:""|")?'
    r"|'''(?:(?!''').)*'''(?:''|')?"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|\n|[\[\]{}]|[^\s]|[^\S\n]+",
    re.DOTALL,
)
_COMMENTS_ABOVE = re.compile(r"(?:^[^\S\n]*#[^\n]*\n)+\Z", re.MULTILINE)
_REST = re.compile(r"(?:^[^\S\n]*(?:#[^\n]*)?(?:\n|\Z))+\Z", re.MULTILINE)


@dataclass(eq=False, slots=True)
class Block:
    """A table header with what belongs to it; the first block of a text has none, and the empty path.

    The path of an element of an array of tables holds its number.
    """

    path: Path
    above: str
    header: str
    body: str

    @property
    def text(self) -> str:
        """The block as it stands in the file."""
        return self.above + self.header + self.body

    def within(self, path: Path) -> bool:
        """Whether the block is the table at a path, or one below it."""
        return self.path[: len(path)] == path

    def parted_body(self) -> tuple[str, str]:
        """The keys, and the blank lines and comments that follow the last of them."""
        rest = _REST.search(self.body)
        cut = rest.start() if rest else len(self.body)
        return self.body[:cut], self.body[cut:]


def blocks_of(text: str) -> list[Block]:
    """Cut a text that is valid TOML; the texts of all blocks together are the text again."""
    blocks = [Block((), "", "", "")]
    counts: dict[Path, int] = {}
    position = 0
    for start, end in [*_headers(text), (len(text), len(text))]:
        gap = text[position:start]
        found = _COMMENTS_ABOVE.search(gap) if start < len(text) else None
        cut = found.start() if found else len(gap)
        blocks[-1].body = gap[:cut]
        if start < len(text):
            header = text[start:end]
            blocks.append(Block(_path_of(header, counts), gap[cut:], header, ""))
        position = end
    return blocks


def joined(blocks: Iterable[Block]) -> str:
    """Put the text together again."""
    return "".join(block.text for block in blocks)


def _headers(text: str) -> list[tuple[int, int]]:
    """Find where each line with a table header begins and ends."""
    found: list[tuple[int, int]] = []
    depth, is_line_start, line_start, skip_until = 0, True, 0, 0
    for token in _TOKEN.finditer(text):
        if token.start() < skip_until:
            continue
        what = token.group()
        if what == "\n":
            is_line_start, line_start = True, token.end()
        elif what == "[" and depth == 0 and is_line_start:
            end = text.find("\n", token.start())
            skip_until = len(text) if end < 0 else end + 1
            found.append((line_start, skip_until))
            line_start = skip_until
        elif not what.isspace():
            depth += (what in "[{") - (what in "]}") if len(what) == 1 else 0
            is_line_start = False
    return found


def _path_of(header: str, counts: dict[Path, int]) -> Path:
    """Read the path of a header, with the number of the latest element of each array on the way."""
    opened: Any = tomllib.loads(header)
    names: list[str] = []
    is_array = False
    while opened:
        ((name, opened),) = opened.items()
        names.append(name)
        if isinstance(opened, list):
            is_array, opened = True, opened[0]
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        is_last = position == len(names) - 1
        if is_last and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts and (is_array or not is_last):
            path = (*path, counts[path])
    return path
