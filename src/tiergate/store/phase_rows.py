"""The journalled phases: what was known of an account's access, and since when. Only ever appended to.

They are written as forecasts: the phase that held when news came, and after it those that were foreseen
then. A check answers from what is foreseen, so a forecast says what it answered until the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from tiergate.rules.catalog import FeatureValue
from tiergate.store.engine import Transaction
from tiergate.store.prepared import Prepared
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

    @property
    def is_foreseen(self) -> bool:
        """Whether it lay ahead when it became known."""
        return self.starts_at > self.account_at

    def says_the_same(self, other: "RecordedPhase") -> bool:
        """Whether two records tell of the same phase, whatever brought the news and when."""
        return _told(self) == _told(other)


_MINE = phases.c.account_id == bindparam("account")
_ALL = (
    select(*(phases.c[name] for name in RecordedPhase.__dataclass_fields__))
    .where(_MINE)
    .order_by(phases.c.phase_id)
)
_FIRST_OF_NEWEST = (
    select(phases.c.phase_id)
    .where(_MINE, phases.c.starts_at <= phases.c.account_at)
    .order_by(phases.c.phase_id.desc())
    .limit(1)
    .scalar_subquery()
)
_NEWEST = Prepared(_ALL.where(phases.c.phase_id >= _FIRST_OF_NEWEST))
_APPEND = insert(phases).returning(phases.c.phase_id, sort_by_parameter_order=True)


def _told(phase: RecordedPhase) -> tuple[object, ...]:
    # The start is the account's first sight of it, which a host may still correct: no news by itself.
    return (phase.ends_at, phase.plan_key, phase.access, phase.reason, phase.because, dict(phase.features))


def append_forecast(tx: Transaction, forecast: Sequence[RecordedPhase]) -> int:
    """Append a phase that holds and those foreseen, and return its number: a later one's is greater."""
    rows = [
        {
            **{name: getattr(phase, name) for name in RecordedPhase.__dataclass_fields__},
            "features": {key: [feature.value, feature.reason] for key, feature in phase.features.items()},
        }
        for phase in forecast
    ]
    number: int = tx.execute(_APPEND, rows).scalars().all()[0]
    return number


def newest_forecast(tx: Transaction, account_id: str) -> tuple[RecordedPhase, ...]:
    """Return what was recorded last of an account; nothing where nothing ever was."""
    return tuple(map(_phase, _NEWEST(tx, {"account": account_id})))


def phases_of(tx: Transaction, account_id: str) -> list[RecordedPhase]:
    """Return all that was recorded of an account, in the order in which it became known."""
    return [_phase(row) for row in tx.execute(_ALL, {"account": account_id})]


def _phase(row: Sequence[Any]) -> RecordedPhase:
    values = dict(zip(RecordedPhase.__dataclass_fields__, row, strict=True))
    values["features"] = {key: RecordedFeature(*feature) for key, feature in values["features"].items()}
    return RecordedPhase(**values)
