"""The journalled phases: what was known of an account's access, and since when. Only ever appended to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from tiergate.rules.catalog import FeatureValue
from tiergate.store.engine import Transaction
from tiergate.store.tables import phases


@dataclass(frozen=True, slots=True)
class RecordedFeature:
    """What a feature was worth, and why it could be used or not: a verdict's code, such as ``included``."""

    value: FeatureValue
    reason: str


@dataclass(frozen=True, slots=True)
class RecordedPhase:
    """A phase as it was known.

    ``starts_at`` and ``ends_at`` are in the account's time: when it held, and until when it was expected to;
    ``None`` is for ever. It became known at ``known_at`` in real time, which was ``account_at`` in its own.
    ``because`` is the fact behind it, ``cause`` the event or call that brought the news.
    """

    account_id: str
    known_at: datetime
    account_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    plan_key: str | None
    access: str
    reason: str
    because: str
    cause: str
    features: Mapping[str, RecordedFeature]
    """What every feature was worth, after add-ons, grants and seats."""

    def says_the_same(self, other: "RecordedPhase") -> bool:
        """Whether two records tell of the same phase, whatever brought the news and when."""
        return _told(self) == _told(other)


_COLUMNS = [phases.c[name] for name in RecordedPhase.__dataclass_fields__]


def _told(phase: RecordedPhase) -> tuple[object, ...]:
    # The start is the account's first sight of it, which a host may still correct: no news by itself.
    return (phase.ends_at, phase.plan_key, phase.access, phase.reason, phase.because, dict(phase.features))


def append_phase(tx: Transaction, phase: RecordedPhase) -> int:
    """Append a phase, and return its number: a later one has a greater number."""
    values = {name: getattr(phase, name) for name in RecordedPhase.__dataclass_fields__}
    values["features"] = {key: [feature.value, feature.reason] for key, feature in phase.features.items()}
    number: int = tx.execute(insert(phases).values(values).returning(phases.c.phase_id)).scalar_one()
    return number


def newest_phase(tx: Transaction, account_id: str) -> RecordedPhase | None:
    """Return the phase of an account that was recorded last."""
    mine = select(*_COLUMNS).where(phases.c.account_id == account_id)
    row = tx.execute(mine.order_by(phases.c.phase_id.desc()).limit(1)).first()
    return _phase(row) if row else None


def phases_of(tx: Transaction, account_id: str) -> list[RecordedPhase]:
    """Return all that was recorded of an account, in the order in which it became known."""
    mine = select(*_COLUMNS).where(phases.c.account_id == account_id).order_by(phases.c.phase_id)
    return [_phase(row) for row in tx.execute(mine)]


def _phase(row: Row[Any]) -> RecordedPhase:
    features = {key: RecordedFeature(*feature) for key, feature in row.features.items()}
    return RecordedPhase(**{**row._asdict(), "features": features})
