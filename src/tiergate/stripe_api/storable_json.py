"""Reads Stripe's JSON as something that every database can hold."""

import json
import re
from typing import Any

import msgspec

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_UNSTORABLE_STARTS = (b"0000", b"d", b"D")


def read_json(text: str | bytes) -> Any:
    """Parse a JSON text; what no database can hold in it is replaced.

    JSON can spell the character NUL and halves of surrogate pairs, which PostgreSQL refuses in text and in
    ``jsonb``, and which have no UTF-8. They become U+FFFD: better than an event that can never be applied.
    Source: https://www.postgresql.org/docs/current/datatype-json.html

    Raises ``ValueError`` for what is no JSON, or holds a number that is out of all range.
    """
    try:
        return storable(msgspec.json.decode(text), text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Halves of surrogate pairs are no UTF-8, but JSON can spell them.
        return storable(json.loads(text), text)


def storable(document: Any, text: str | bytes) -> Any:
    """Return a document that was parsed from ``text`` as every database can hold it."""
    return document if is_storable(text) else _cleaned(document)


def is_storable(text: str | bytes) -> bool:
    """Whether every database can hold what a JSON text spells."""
    escaped = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    # To look for one character takes a tenth of the time, and most texts have no backslash.
    if b"\\" not in escaped:
        return True
    spelled = escaped.split(b"\\u")[1:]
    return not any(after.startswith(_UNSTORABLE_STARTS) for after in spelled)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    return value
