"""Admins, their sessions, their failed attempts to sign in, and the journal of what they did."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, insert, literal, or_, select, update

from tiergate.store.admin_tables import admin_journal, admin_sessions, admins, sign_in_attempts
from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may open the admin pages."""

    email: str
    password_hash: str = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An admin who is signed in."""

    token_hash: str = field(repr=False)
    email: str
    csrf_token: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AdminEntry:
    """One thing that an admin did, or that somebody did who wanted to be one."""

    email: str
    kind: str
    recorded_at: datetime
    data: dict[str, Any]


_ADMIN = [admins.c[name] for name in Admin.__dataclass_fields__]
_SESSION = [admin_sessions.c[name] for name in SessionRow.__dataclass_fields__]
_ENTRY = [admin_journal.c[name] for name in AdminEntry.__dataclass_fields__]


def add_admin(tx: Transaction, admin: Admin) -> bool:
    """Add an admin; returns false where there is one of this address."""
    values = {name: getattr(admin, name) for name in Admin.__dataclass_fields__}
    added = insert_into(tx, admins).values(values).on_conflict_do_nothing().returning(admins.c.email)
    return tx.execute(added).first() is not None


def find_admin(tx: Transaction, email: str) -> Admin | None:
    """Return an admin, disabled ones too."""
    row = tx.execute(select(*_ADMIN).where(admins.c.email == email)).first()
    return Admin(*row) if row else None


def all_admins(tx: Transaction) -> list[Admin]:
    """Return all admins by address."""
    return [Admin(*row) for row in tx.execute(select(*_ADMIN).order_by(admins.c.email))]


def set_password_hash(tx: Transaction, email: str, password_hash: str, instead_of: str | None = None) -> None:
    """Give an admin another password hash; only in place of a certain one, where that is given."""
    changed = update(admins).where(admins.c.email == email).values(password_hash=password_hash)
    if instead_of is not None:
        changed = changed.where(admins.c.password_hash == instead_of)
    tx.execute(changed)


def set_disabled(tx: Transaction, email: str, disabled_at: datetime | None) -> None:
    """Disable an admin, or enable one again."""
    tx.execute(update(admins).where(admins.c.email == email).values(disabled_at=disabled_at))


def open_session(tx: Transaction, session: SessionRow) -> None:
    """Note that an admin is signed in."""
    values = {name: getattr(session, name) for name in SessionRow.__dataclass_fields__}
    tx.execute(insert(admin_sessions).values(values))


def find_session(tx: Transaction, token_hash: str) -> SessionRow | None:
    """Return a session of an admin who is not disabled, be it over or not."""
    query = (
        select(*_SESSION)
        .join(admins, admins.c.email == admin_sessions.c.email)
        .where(admin_sessions.c.token_hash == token_hash, admins.c.disabled_at.is_(None))
    )
    row = tx.execute(query).first()
    return SessionRow(*row) if row else None


def touch_session(tx: Transaction, token_hash: str, now: datetime) -> None:
    """Note that a session was used."""
    tx.execute(
        update(admin_sessions).where(admin_sessions.c.token_hash == token_hash).values(last_seen_at=now)
    )


def close_session(tx: Transaction, token_hash: str) -> None:
    """Forget a session."""
    tx.execute(delete(admin_sessions).where(admin_sessions.c.token_hash == token_hash))


def close_sessions_of(tx: Transaction, email: str) -> None:
    """Forget all sessions of an admin."""
    tx.execute(delete(admin_sessions).where(admin_sessions.c.email == email))


def forget_what_is_over(tx: Transaction, now: datetime, idle_since: datetime) -> None:
    """Remove sessions and counts of attempts whose time is over."""
    tx.execute(
        delete(admin_sessions).where(
            or_(admin_sessions.c.expires_at <= now, admin_sessions.c.last_seen_at <= idle_since)
        )
    )
    tx.execute(delete(sign_in_attempts).where(sign_in_attempts.c.window_ends_at <= now))


def count_attempt(tx: Transaction, subject: str, now: datetime, window_ends_at: datetime) -> int:
    """Count one more attempt of a subject, and return how many its window has seen with it.

    A window that is over begins anew, and ends at ``window_ends_at``. One statement: however many processes
    count at once, each gets a number of its own.
    """
    first = {"subject": subject, "failures": 1, "window_ends_at": window_ends_at}
    statement = insert_into(tx, sign_in_attempts).values(first)
    old, is_over = sign_in_attempts.c, sign_in_attempts.c.window_ends_at <= literal(now, Instant)
    changes = {
        "failures": case((is_over, 1), else_=old.failures + 1),
        "window_ends_at": case((is_over, statement.excluded.window_ends_at), else_=old.window_ends_at),
    }
    counted = statement.on_conflict_do_update(index_elements=["subject"], set_=changes)
    failures: int = tx.execute(counted.returning(old.failures)).scalar_one()
    return failures


def forget_attempts(tx: Transaction, subject: str) -> None:
    """Begin to count anew: the attempt was none."""
    tx.execute(delete(sign_in_attempts).where(sign_in_attempts.c.subject == subject))


def journal_admin(tx: Transaction, entry: AdminEntry) -> None:
    """Append to the journal of admins."""
    values = {name: getattr(entry, name) for name in AdminEntry.__dataclass_fields__}
    tx.execute(insert(admin_journal).values(values))


def admin_entries(tx: Transaction, limit: int = 100) -> list[AdminEntry]:
    """Return the newest entries of the journal of admins, the newest first."""
    query = select(*_ENTRY).order_by(admin_journal.c.entry_id.desc()).limit(limit)
    return [AdminEntry(*row) for row in tx.execute(query)]
