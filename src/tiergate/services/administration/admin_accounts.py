"""Makes admins, lists and disables them, and gives them other passwords."""

import re
from typing import Any

from tiergate.rules.errors import TiergateError
from tiergate.services.administration.passwords import hash_password
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.admin_rows import (
    Admin,
    AdminEntry,
    add_admin,
    all_admins,
    close_sessions_of,
    find_admin,
    journal_admin,
    set_disabled,
    set_password_hash,
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_EMAIL = 254


class AdminError(TiergateError):
    """An admin could not be made or changed."""

    code = "admin_invalid"


def create_admin(context: Context, email: str, password: str) -> str:
    """Make an admin, and return the address as it is kept.

    Raises ``AdminError`` and ``WeakPasswordError``.
    """
    email = normal_email(email)
    if not _EMAIL.fullmatch(email) or len(email) > _LONGEST_EMAIL:
        raise AdminError(f"{email!r} is no e-mail address.", "Write one such as ada@example.com.")
    admin = Admin(email, hash_password(password, email), context.now())
    with context.database.write() as tx:
        if not add_admin(tx, admin):
            raise AdminError(
                f"There is an admin {email} already.",
                f"Give another password: tiergate admin password {email}",
            )
        _journal(context, tx, email, "admin_added")
    return email


def list_admins(context: Context) -> list[Admin]:
    """Return all admins, those who are disabled too."""
    with context.database.read() as tx:
        return all_admins(tx)


def disable_admin(context: Context, email: str) -> None:
    """Keep an admin from signing in, and end all sessions. Raises ``AdminError``."""
    with context.database.write() as tx:
        admin = _require(tx, email)
        set_disabled(tx, admin.email, context.now())
        close_sessions_of(tx, admin.email)
        _journal(context, tx, admin.email, "admin_disabled")


def change_password(context: Context, email: str, password: str) -> None:
    """Give an admin another password, end all sessions, and let the admin sign in again if disabled.

    Raises ``AdminError`` and ``WeakPasswordError``.
    """
    password_hash = hash_password(password, normal_email(email))
    with context.database.write() as tx:
        admin = _require(tx, email)
        set_password_hash(tx, admin.email, password_hash)
        set_disabled(tx, admin.email, None)
        close_sessions_of(tx, admin.email)
        _journal(context, tx, admin.email, "admin_password_changed")


def normal_email(email: str) -> str:
    """Return an address as it is kept and compared."""
    return email.replace("\0", "").strip().lower()


def _require(tx: Transaction, email: str) -> Admin:
    admin = find_admin(tx, normal_email(email))
    if admin is None:
        raise AdminError(f"There is no admin {email}.", "See who there is: tiergate admin list")
    return admin


def _journal(context: Context, tx: Transaction, email: str, kind: str, **data: Any) -> None:
    journal_admin(tx, AdminEntry(email, kind, context.now(), data))
