"""Long work that can be interrupted: how far it has come, so that it goes on from there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql

from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.insert_rows import InsertRows
from tiergate.store.tables import jobs


@dataclass(frozen=True, slots=True)
class Job:
    """A job. ``finished_at`` is ``None`` while it runs, or after it was interrupted."""

    job: str
    progress: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None = None


def find_job(tx: Transaction, name: str) -> Job | None:
    """Return a job as it was left."""
    columns = [jobs.c[field] for field in Job.__dataclass_fields__]
    row = tx.execute(select(*columns).where(jobs.c.job == name)).first()
    return Job(*row) if row else None


def save_job(tx: Transaction, job: Job, now: datetime) -> None:
    """Note how far a job has come."""
    _SAVE(tx, [{**{name: getattr(job, name) for name in Job.__dataclass_fields__}, "updated_at": now}])


def _overwrite(insert: postgresql.Insert) -> Any:
    changes = {
        name: insert.excluded[name] for name in ("progress", "started_at", "finished_at", "updated_at")
    }
    return insert.on_conflict_do_update(index_elements=["job"], set_=changes).returning(jobs.c.job)


_SAVE = InsertRows(jobs, list(jobs.c), _overwrite)


def claim_job(tx: Transaction, name: str, not_since: datetime, now: datetime) -> bool:
    """Begin a regular job, unless somebody has begun it after ``not_since``; the first time only notes it."""
    first = insert_into(tx, jobs).values(
        job=name, progress={}, started_at=now, updated_at=now, finished_at=now
    )
    if tx.execute(first.on_conflict_do_nothing().returning(jobs.c.job)).first():
        return False
    claimed = tx.execute(
        update(jobs)
        .where(jobs.c.job == name, jobs.c.started_at <= not_since)
        .values(started_at=now, updated_at=now, finished_at=None, progress={})
        .returning(jobs.c.job)
    )
    return claimed.first() is not None
