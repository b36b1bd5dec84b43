"""Signs admins in and out, and finds out who is signed in.

Whether an address is unknown, disabled or its password wrong looks the same from outside and takes as long.
Attempts are counted in the database, by address and by network address, so that guessing is as slow with
ten processes as with one. The browser gets a random token, of which only a hash is kept.
"""

import hashlib
import hmac
import ipaddress
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.administration.admin_accounts import normal_email
from tiergate.services.administration.passwords import fits, is_outdated, rehash
from tiergate.services.context import Context
from tiergate.store.admin_rows import (
    Admin,
    AdminEntry,
    SessionRow,
    close_session,
    count_attempt,
    find_admin,
    find_session,
    forget_attempts,
    forget_what_is_over,
    journal_admin,
    open_session,
    set_password_hash,
    touch_session,
)

log = logging.getLogger("tiergate")

IDLE_FOR = timedelta(hours=12)
LASTS_FOR = timedelta(days=7)
WINDOW = timedelta(minutes=15)
MOST_PER_EMAIL = 10
MOST_PER_ADDRESS = 30
_TOUCH_EVERY = timedelta(minutes=1)
_LONGEST_EMAIL = 254


class SignInFailedError(TiergateError):
    """The address or the password is wrong, or the admin is disabled."""

    code = "sign_in_failed"


class TooManyAttemptsError(TiergateError):
    """Too many attempts to sign in, for this address or from this network address."""

    code = "too_many_attempts"


@dataclass(frozen=True, slots=True)
class AdminSession:
    """An admin who is signed in."""

    email: str
    csrf_token: str = field(repr=False)
    """What each form of this session bears, and no other website can know."""
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the browser is to keep: a token, and for how long."""

    token: str = field(repr=False)
    expires_at: datetime


def sign_in(
    context: Context, email: str, password: str, address: str, old_token: str | None = None
) -> SignedIn:
    """Sign an admin in with a new session; the one of ``old_token`` is over.

    Raises ``SignInFailedError`` and ``TooManyAttemptsError``.
    """
    email = normal_email(email)[:_LONGEST_EMAIL]
    _count(context, email, address)
    with context.database.read() as tx:
        admin = find_admin(tx, email)
    known = admin if admin is not None and admin.disabled_at is None else None
    if not fits(password, known.password_hash if known else None) or known is None:
        _note(context, email, "sign_in_failed", address)
        raise SignInFailedError(
            "The e-mail address or the password is wrong.",
            "Try again, or have it set anew: tiergate admin password",
        )
    return _begin(context, known, password, address, old_token)


def sign_out(context: Context, token: str) -> None:
    """End a session."""
    with context.database.write() as tx:
        session = find_session(tx, _hashed(token))
        close_session(tx, _hashed(token))
        if session is not None:
            journal_admin(tx, AdminEntry(session.email, "signed_out", context.now(), {}))


def session_of(context: Context, token: str) -> AdminSession | None:
    """Return the session of a token, unless it is over or its admin disabled."""
    now = context.now()
    with context.database.read() as tx:
        session = find_session(tx, _hashed(token))
    if session is None or session.expires_at <= now or session.last_seen_at + IDLE_FOR <= now:
        return None
    if session.last_seen_at + _TOUCH_EVERY <= now:
        with context.database.write() as tx:
            touch_session(tx, session.token_hash, now)
    return AdminSession(session.email, session.csrf_token, session.created_at)


def is_own_token(session: AdminSession, token: str) -> bool:
    """Whether a form bears the token of its session."""
    return hmac.compare_digest(session.csrf_token.encode(), token.encode())


def _begin(context: Context, admin: Admin, password: str, address: str, old_token: str | None) -> SignedIn:
    token, now = secrets.token_urlsafe(32), context.now()
    session = SessionRow(
        _hashed(token), admin.email, secrets.token_urlsafe(32), now, now, expires_at=now + LASTS_FOR
    )
    renewed = rehash(password) if is_outdated(admin.password_hash) else None
    with context.database.write() as tx:
        forget_what_is_over(tx, now, now - IDLE_FOR)
        if old_token:
            close_session(tx, _hashed(old_token))
        if renewed:
            set_password_hash(tx, admin.email, renewed, instead_of=admin.password_hash)
        forget_attempts(tx, _subject("email", admin.email))
        open_session(tx, session)
        journal_admin(tx, AdminEntry(admin.email, "signed_in", now, {"address": address}))
    log.info("admin %s signed in from %s", admin.email, address)
    return SignedIn(token, session.expires_at)


def _count(context: Context, email: str, address: str) -> None:
    """Count the attempt before the password is looked at: then no two processes try the same last one."""
    now = context.now()
    subjects = [("address", _network(address), MOST_PER_ADDRESS), ("email", email, MOST_PER_EMAIL)]
    with context.database.write() as tx:
        counts = [count_attempt(tx, _subject(kind, what), now, now + WINDOW) for kind, what, _ in subjects]
        over = [count - most for count, (_, _, most) in zip(counts, subjects, strict=True) if count > most]
        if 1 in over:  # once in each window: who asks without end does not write without end
            journal_admin(tx, AdminEntry(email, "sign_in_throttled", now, {"address": address}))
    if over:
        log.warning("sign-in of %r from %s refused: too many attempts", email, address)
        raise TooManyAttemptsError(
            "There were too many attempts to sign in.", "Wait a quarter of an hour, then try again."
        )


def _note(context: Context, email: str, kind: str, address: str) -> None:
    log.warning("sign-in of %r from %s failed", email, address)
    with context.database.write() as tx:
        journal_admin(tx, AdminEntry(email, kind, context.now(), {"address": address}))


def _network(address: str) -> str:
    """Return what one visitor may hold: an IPv4 address, or the half of an IPv6 address that is assigned."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _subject(kind: str, what: str) -> str:
    return _hashed(f"{kind}:{what}")


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
