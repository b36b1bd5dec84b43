"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from tiergate.rules.instants import require_aware


class Instant(TypeDecorator[datetime]):
    """A UTC-aware instant: ``timestamptz`` on PostgreSQL, sortable ISO 8601 text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; a naive instant is refused."""
        return None if value is None else require_aware(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Write the text of SQLite without a detour."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return in UTC."""
        return None if value is None else require_aware(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Read the text of SQLite without a detour: it was written in UTC."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Json(TypeDecorator[Any]):
    """A JSON document: ``jsonb`` on PostgreSQL, text on SQLite; accepts what drivers already decoded."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else JSONB())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Write the text of SQLite; PostgreSQL's driver writes its own."""
        return _to_json if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read the text of SQLite; PostgreSQL's driver reads its own."""
        return _from_json if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Verbatim(Json):
    """A JSON document that is kept as it came, in ``json`` on PostgreSQL; for what nobody looks into."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else JSON())


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _from_json(value: str | None) -> Any:
    return {} if value == "{}" else None if value is None else json.loads(value)


@lru_cache(maxsize=1024)  # one instant stands in many columns of many rows
def _to_text(at: datetime | None) -> str | None:
    """Render with every digit, four for the year too: then texts sort as the instants do."""
    return None if at is None else require_aware(at).isoformat(timespec="microseconds")[:-6] + "Z"


def json_text(document: Any) -> msgspec.Raw:
    """Spell a document, to be written as it is wherever JSON is."""
    return msgspec.Raw(msgspec.json.encode(document))


_encode = msgspec.json.Encoder(order="sorted").encode


def _to_json(value: Any) -> str | None:
    return None if value is None else _encode(value).decode()
