"""Rewrites a TOML text so that it says something else, and leaves the rest of it as it was written.

Whoever wrote the file keeps its comments, spaces and order: only keys whose values differ are touched.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tiergate.rules.errors import TiergateError
from tiergate.services.plans.toml_blocks import Block, Path, blocks_of, joined

Document = Mapping[str, Any]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_MOST_IN_LINE = 3
"""How many entries a new table may have to be written in its parent's line."""
_NAMED = 2
"""How deep tables stand that always get a header of their own: ``[checkout]``, ``[plans.team]``."""


class UnwritableError(TiergateError):
    """The file is written in a way that an edit of this kind cannot keep."""

    code = "edit_impossible"


def rewrite(text: str, document: Document) -> str:
    """Return ``text`` changed so that it reads as ``document``. Raises ``UnwritableError``."""
    if same(tomllib.loads(text), document):
        return text
    for is_gentle in (True, False):
        try:
            blocks = blocks_of(text)
            _Rewriting(blocks, is_gentle).table((), document)
            written = joined(blocks)
            if same(tomllib.loads(written), document):
                return written
        except (TOMLKitError, tomllib.TOMLDecodeError):
            continue
    raise UnwritableError(
        "This cannot be changed here without rewriting the file.", "Make the change in the text of the file."
    )


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, also in type: 1 is not true, and 1.0 is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


class _Rewriting:
    """One pass over the blocks. If it is not gentle, what is in one line is written anew as a whole."""

    def __init__(self, blocks: list[Block], is_gentle: bool) -> None:
        self._blocks = blocks
        self._is_gentle = is_gentle

    def table(self, path: Path, wanted: Document) -> None:
        """Make the table at a path say what is wanted."""
        in_line = dict(wanted)
        below = {key: self._stays_below((*path, key), wanted.get(key)) for key in self._keys_below(path)}
        if path and not self._own(path) and not any(below.values()):
            self._open(path)
        for key, stays in below.items():
            if not stays:
                self._remove((*path, key))
            elif isinstance(wanted[key], list):
                self._array((*path, key), in_line.pop(key))
            else:
                self.table((*path, key), in_line.pop(key))
        own = self._own(path)
        here = tomllib.loads(own.body) if own else {}
        opened = {key: value for key, value in in_line.items() if key not in here and _is_opened(path, value)}
        for key in opened:
            del in_line[key]
        if own or in_line:
            self._body(own or self._open(path), in_line)
        for key, value in opened.items():
            self._insert(path, _new_blocks((*path, key), value))

    def _stays_below(self, path: Path, wanted: Any) -> bool:
        """Whether what has headers of its own can go on having them, saying what is wanted."""
        is_array = any(len(b.path) > len(path) and isinstance(b.path[len(path)], int) for b in self._at(path))
        return _is_tables(wanted) if is_array else isinstance(wanted, Mapping)

    def _array(self, path: Path, wanted: Sequence[Document]) -> None:
        """Let the elements of an array be these: what is equal stays with its comments."""
        numbers = dict.fromkeys(block.path[len(path)] for block in self._at(path))
        now = [_value(self._at((*path, number)), (*path, number)) for number in numbers]
        olds = list(numbers)
        matcher = SequenceMatcher(None, [repr(each) for each in now], [repr(each) for each in wanted], False)
        anchor = self._blocks.index(self._at(path)[0])
        for _, begin, end, new_begin, new_end in matcher.get_opcodes():
            both = min(end - begin, new_end - new_begin)
            for offset in range(both):
                number = olds[begin + offset]
                self.table((*path, number), wanted[new_begin + offset])
                anchor = self._after((*path, number))
            for number in olds[begin + both : end]:
                anchor = self._remove((*path, number))
            for index in range(new_begin + both, new_end):
                made = _new_blocks((*path, f"new {index}"), wanted[index], is_element=True)
                self._separate(anchor, made)
                self._blocks[anchor:anchor] = made
                anchor += len(made)

    def _body(self, block: Block, wanted: Document) -> None:
        keys, rest = block.parted_body()
        if keys and not keys.endswith("\n"):
            keys += "\n"
        if not block.header.endswith("\n") and block.header:
            block.header += "\n"
        document = tomlkit.parse(keys)
        _merge(document, wanted, self._is_gentle)
        block.body = tomlkit.dumps(document) + rest

    def _own(self, path: Path) -> Block | None:
        return next((block for block in self._blocks if block.path == path), None)

    def _at(self, path: Path) -> list[Block]:
        return [block for block in self._blocks if block.within(path)]

    def _keys_below(self, path: Path) -> list[str]:
        """Return the keys of the table at a path that have headers."""
        below = (b.path[len(path)] for b in self._at(path) if len(b.path) > len(path))
        return [key for key in dict.fromkeys(below) if isinstance(key, str)]

    def _open(self, path: Path) -> Block:
        """Write the header of a table that so far only tables below it have implied."""
        made = Block(path, "", _header(path), "\n")
        below = self._at(path)
        self._blocks.insert(self._blocks.index(below[0]) if below else len(self._blocks), made)
        return made

    def _after(self, path: Path) -> int:
        """Return where to go on behind the last block of a path, or of the nearest around it."""
        while path and not self._at(path):
            path = path[:-1]
        found = self._at(path)
        return self._blocks.index(found[-1]) + 1

    def _insert(self, parent: Path, made: list[Block]) -> None:
        anchor = self._after(parent)
        self._separate(anchor, made)
        self._blocks[anchor:anchor] = made

    def _separate(self, anchor: int, made: list[Block]) -> None:
        """Leave one blank line before new blocks, and one behind them."""
        before = self._blocks[anchor - 1]
        if before.text and not before.text.endswith("\n"):
            before.body += "\n"
        text_before = joined(self._blocks[:anchor])
        if text_before.strip() and not text_before.endswith("\n\n"):
            made[0].above = "\n"
        if anchor == len(self._blocks):
            made[-1].body = made[-1].body.rstrip("\n") + "\n"

    def _remove(self, path: Path) -> int:
        """Remove a table with all below it, but not the comments that follow it; return where it was."""
        anchor = self._blocks.index(self._at(path)[0])
        gone = self._at(path)
        _, rest = gone[-1].parted_body()
        if rest.strip() and anchor:
            self._blocks[anchor - 1].body += rest
        self._blocks[:] = [block for block in self._blocks if block not in gone]
        return anchor


def _merge(container: Any, wanted: Document, is_gentle: bool) -> None:
    """Make the keys of a table say what is wanted, and touch no key that says it already."""
    for key in [key for key in container if key not in wanted]:
        del container[key]
    for key, value in wanted.items():
        if key not in container:
            container[key] = _item(value)
            continue
        old = _plain(container[key])
        if same(old, value):
            continue
        if is_gentle and isinstance(old, Mapping) and isinstance(value, Mapping):
            _merge(container[key], value, is_gentle)
        elif isinstance(old, Mapping):
            del container[key]
            container[key] = _item(value)
        else:
            container[key] = _item(value)


def _plain(item: Any) -> Any:
    """Return what tomlkit holds as Python's own; it gives out true and false as they are."""
    return item.unwrap() if hasattr(item, "unwrap") else item


def _item(value: Any) -> Any:
    """Return a value as it is written in one line."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, entry in value.items():
            table.append(key, _item(entry))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry))
        return array
    return tomlkit.item(value)


def _is_opened(parent: Path, value: Any) -> bool:
    """Whether a new value below a table gets a header of its own: in an element of an array nothing does."""
    if any(isinstance(part, int) for part in parent):
        return False
    if isinstance(value, Mapping):
        has_arrays = any(_is_tables(entry) for entry in value.values())
        return len(parent) < _NAMED or len(value) > _MOST_IN_LINE or has_arrays
    return _is_tables(value)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _new_blocks(path: Path, value: Any, *, is_element: bool = False) -> list[Block]:
    """Return the blocks of a table, or of an array of tables, that is not in the file yet."""
    if isinstance(value, list):
        return [
            block
            for number, entry in enumerate(value)
            for block in _new_blocks((*path, f"new {number}"), entry, is_element=True)
        ]
    inside: Path = (*path[:-1], -1) if is_element else path
    opened = {key: entry for key, entry in value.items() if _is_opened(inside, entry)}
    document = tomlkit.document()
    for key, entry in value.items():
        if key not in opened:
            document.append(key, _item(entry))
    header = _header(path[:-1], is_array=True) if is_element else _header(path)
    blocks = [] if opened and not document and not is_element else [Block(path, "", header, "")]
    if blocks:
        blocks[0].body = tomlkit.dumps(document) + "\n"
    for key, entry in opened.items():
        blocks += _new_blocks((*path, key), entry)
    return blocks


def _header(path: Path, *, is_array: bool = False) -> str:
    names = ".".join(_key(part) for part in path if isinstance(part, str))
    return f"[[{names}]]\n" if is_array else f"[{names}]\n"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else tomlkit.item(name).as_string()


def _value(blocks: Sequence[Block], path: Path) -> Any:
    """Return what the blocks of one element of an array say."""
    value: dict[str, Any] = {}
    for block in blocks:
        here: Any = value
        for part in block.path[len(path) :]:
            if isinstance(part, int):
                break
            here = here.setdefault(part, {})
        here.update(tomllib.loads(block.body))
    return value
