"""The fields of a form that a browser sent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from tiergate.services.plans.draft_catalog import LONGEST, DraftConflictError
from tiergate.web.read_body import read_body

SEEN_FIELD = "seen"
"""What a form bears of the table that it was filled with: see ``mark_of``."""
MOST_DIGITS = 15
"""What the file can count to (``rules/document_reader.py``), and few enough to be read as a number at all."""
_MOST_FIELDS = 2000
_MOST_BYTES = 4 * LONGEST


@dataclass(frozen=True, slots=True)
class Fields:
    """What was filled in, by name; of fields that bear one name the last counts."""

    given: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a line without spaces around it; nothing where it is not there."""
        return self.given.get(name, "").strip()

    def lines(self, name: str) -> str:
        """Return a text as it was typed; browsers end its lines in their own way."""
        return self.given.get(name, "").replace("\r\n", "\n").replace("\r", "\n")

    def whole(self, name: str) -> int | None:
        """Return a whole number of fifteen digits at most; nothing where it is none."""
        told = self.text(name)
        return int(told) if is_whole(told) else None

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return name in self.given


async def read_fields(request: Request) -> Fields:
    """Read the fields of a form, up to a size. Raises ``BodyTooLargeError``."""
    body = await read_body(request, _MOST_BYTES)
    try:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise RequestValidationError(
            [{"loc": ("body",), "msg": "too many fields", "type": "form"}]
        ) from error
    return Fields({name: value.replace("\0", "") for name, value in pairs})


def is_whole(told: str) -> bool:
    """Whether a text is a whole number of fifteen digits at most."""
    return told.isascii() and told.isdecimal() and len(told) <= MOST_DIGITS


def mark_of(table: Mapping[str, Any]) -> str:
    """Return what names a table of the file as it is now."""
    return hashlib.sha256(json.dumps(table, default=str).encode()).hexdigest()[:32]


def require_as_seen(fields: Fields, table: Mapping[str, Any]) -> None:
    """Make sure that a form is about the table as it is: it would undo what somebody else has changed since.

    One that bears no mark says nothing of what it has seen. Raises ``DraftConflictError``.
    """
    seen = fields.text(SEEN_FIELD)
    if seen and seen != mark_of(table):
        raise DraftConflictError(
            "Somebody has changed this since you opened it, and nothing of yours is saved.",
            "Open the page anew, and make your change there.",
        )


def put(table: dict[str, Any], key: str, value: Any, usual: Any) -> None:
    """Write what was sent into a table of the file; the usual need not be said, and stays where it is said.

    A text that differs in spaces around it alone stays as it was.
    """
    before = table.get(key)
    if isinstance(before, str) and before.strip() == value:
        return
    if value != usual:
        table[key] = value
    elif before is not None and before != usual:
        del table[key]
