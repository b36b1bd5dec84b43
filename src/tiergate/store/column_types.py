"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
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

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store in UTC; a naive instant is refused."""
        if value is None:
            return None
        at = require_aware(value)
        return _sortable(at) if dialect.name == "sqlite" else at

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return in UTC."""
        if value is None:
            return None
        return require_aware(datetime.fromisoformat(value) if isinstance(value, str) else value)


class Json(TypeDecorator[Any]):
    """A JSON document: ``jsonb`` on PostgreSQL, text on SQLite; accepts what drivers already decoded."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else JSONB())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Store as the database likes it."""
        if value is None or dialect.name != "sqlite":
            return value
        return json.dumps(value, separators=(",", ":"), sort_keys=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the document."""
        return json.loads(value) if isinstance(value, str) else value


def _sortable(at: datetime) -> str:
    """Render with every digit, four for the year too: then texts sort as the instants do."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
