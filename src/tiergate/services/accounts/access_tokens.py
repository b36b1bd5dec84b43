"""The host's word on who acts for an account, signed: as a link to the billing page, or for the API.

A link is exchanged for a session when it is opened. It may be opened again until it expires, minutes later:
mail programs and browsers open links ahead of the person, and a link that they had used up would greet the
person with a refusal. What keeps a link from others is that it is short-lived and leaves the address at once.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import from_unix_seconds, to_unix_seconds
from tiergate.services.accounts.acting import Acting, Role
from tiergate.services.accounts.require_account import require_unerased
from tiergate.services.context import Context
from tiergate.services.signed_text import sign, unsign
from tiergate.settings import SettingsError

LINK_LASTS = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
SESSION_LASTS = timedelta(hours=12)
_OWN_PAGE = re.compile(r"/(?:billing|pricing)(?:/[\w-]+)*(?:\?[\w=&.%+-]*)?", re.ASCII)


class Use(StrEnum):
    """What a token is for; it begins with that, and is refused for anything else."""

    LINK = "tgl1"
    API = "tga1"
    SESSION = "tgs1"


class LinkWishError(TiergateError):
    """No link or token can be made like that."""

    code = "link_wish_invalid"


class AccessInvalidError(TiergateError):
    """The link or token was not made here, or was changed."""

    code = "access_invalid"


class AccessExpiredError(TiergateError):
    """The link, token or session was good once."""

    code = "access_expired"


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    account_id: str
    role: Role
    person: str
    issued_at: int
    expires_at: int
    audience: str
    token_id: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """What a token says: who acts, until when, and which page a link leads to."""

    acting: Acting
    token_id: str
    expires_at: datetime
    path: str


def make_token(
    context: Context, use: Use, acting: Acting, valid_for: timedelta = LINK_LASTS, path: str = ""
) -> str:
    """Return a token for one account and one role.

    Raises ``SettingsError``, ``LinkWishError``, ``UnknownAccountError`` and ``AccountErasedError``.
    """
    if not timedelta(0) < valid_for <= LONGEST:
        raise LinkWishError(f"A link cannot be valid for {valid_for}.", f"It may last up to {LONGEST}.")
    with context.database.read() as tx:
        require_unerased(tx, acting.account_id)
    return _signed(context, use, acting, valid_for, path)


def make_link(context: Context, acting: Acting, valid_for: timedelta, path: str) -> str:
    """Return the address that opens ``path``, one of our own pages. Raises what ``make_token`` raises."""
    if not _OWN_PAGE.fullmatch(path):
        raise LinkWishError(
            f"A link cannot lead to {path!r}.", "Name the path of a page without the mount: /billing."
        )
    token = make_token(context, Use.LINK, acting, valid_for, path)
    return f"{context.public_url}/access?token={token}"


def make_session(context: Context, link: Access) -> tuple[str, datetime]:
    """Return the session that a link is exchanged for, and when it ends."""
    session = _signed(context, Use.SESSION, link.acting, SESSION_LASTS, "")
    return session, context.now() + SESSION_LASTS


def read_token(context: Context, use: Use, token: str) -> Access:
    """Return what a token says. Raises ``AccessInvalidError`` and ``AccessExpiredError``."""
    payload = unsign(context.secret_keys, use, token)
    claims = msgspec.json.decode(payload, type=_Claims) if payload is not None else None
    expires_at = from_unix_seconds(claims.expires_at) if claims else None
    if claims is None or expires_at is None or claims.audience != context.public_url:
        raise AccessInvalidError(
            "This link or token is not valid.", "Open billing from the application once more."
        )
    if expires_at <= context.now():
        what = {Use.LINK: "This link has expired.", Use.API: "This token has expired."}
        raise AccessExpiredError(
            what.get(use, "Your visit has ended."),
            "For your safety it works for a short time only. Open billing from the application once more.",
        )
    acting = Acting(claims.account_id, claims.role, claims.person)
    return Access(acting, claims.token_id, expires_at, claims.path)


def _signed(context: Context, use: Use, acting: Acting, valid_for: timedelta, path: str) -> str:
    if not context.secret_keys:
        raise SettingsError(
            "TIERGATE_SECRET_KEY is missing: without it no link can be signed.",
            "Set it to a random text of 32 characters or more, for instance what this prints: "
            "openssl rand -base64 36",
        )
    now = context.now()
    claims = _Claims(
        account_id=acting.account_id,
        role=acting.role,
        person=acting.person,
        issued_at=to_unix_seconds(now),
        expires_at=to_unix_seconds(now + valid_for),
        audience=context.public_url,
        token_id=secrets.token_urlsafe(9),
        path=path,
    )
    return sign(context.secret_keys, use, msgspec.json.encode(claims))
