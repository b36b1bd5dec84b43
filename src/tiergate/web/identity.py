"""Who is asking, and in which role: by a token, by the host's ``account_of(request)``, or by a session.

A route says whom it answers by the annotation of its argument: ``Visitor`` is anybody, ``SignedIn`` whoever
acts for an account, and ``Owner`` whoever may change what that account pays for. Each is the account's id.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from tiergate.rules.errors import TiergateError
from tiergate.services.accounts.access_tokens import AccessExpiredError, AccessInvalidError, Use
from tiergate.services.accounts.acting import Acting
from tiergate.web.own_cookie import read_cookie
from tiergate.web.page_frame import acting_in, billing_of, note_acting

Answer = str | Acting | None
AccountOf = Callable[[Request], Answer | Awaitable[Answer]]
"""The host's answer to which account a request acts for; ``None`` when nobody is signed in.

An account's id alone stands for one of its owners; ``Acting`` says who it is and in which role. It may be a
plain or an async function. What it returns is trusted: it must come from the host's own session, never from
something that the visitor wrote.
"""

SESSION = "tiergate_access"
"""The cookie that a link is exchanged for."""

_SCHEME = "Bearer "


class SignInRequiredError(TiergateError):
    """Nobody is signed in."""

    code = "sign_in_required"


class OwnerRequiredError(TiergateError):
    """A member wants what only an owner may."""

    code = "owner_required"


def nobody(_request: Request) -> None:
    """Sign nobody in: the default until a host says who is asking."""


def bearer_of(request: Request) -> str | None:
    """Return the token of ours that a program sent. Other tokens are the host's, for it to read."""
    told = request.headers.get("authorization", "")
    token = told[len(_SCHEME) :].strip()
    is_ours = told[: len(_SCHEME)].lower() == _SCHEME.lower() and token.startswith(f"{Use.API}.")
    return token if is_ours else None


async def visitor(request: Request) -> Acting | None:
    """Return who acts for which account, if anybody; a token that is no good is refused everywhere.

    The most certain word counts: the token of this very request, what the host says now, and only then what
    it said when it handed out the link. Raises ``AccessInvalidError`` and ``AccessExpiredError``.
    """
    token = bearer_of(request)
    if token is not None:
        found: Acting | None = billing_of(request).read_access(Use.API, token).acting
    else:
        found = await _told_by_host(request) or _of_session(request)
    note_acting(request, found)
    return found


async def _told_by_host(request: Request) -> Acting | None:
    account_of: AccountOf = request.app.state.account_of
    answer = account_of(request)
    told = await answer if inspect.isawaitable(answer) else answer
    return Acting(told) if isinstance(told, str) else told


def _of_session(request: Request) -> Acting | None:
    try:
        return billing_of(request).read_access(Use.SESSION, read_cookie(request, SESSION)).acting
    except (AccessInvalidError, AccessExpiredError):
        return None


async def visitor_account(acting: Annotated[Acting | None, Depends(visitor)]) -> str | None:
    """Return the account that a request acts for, if any."""
    return acting.account_id if acting else None


async def member(request: Request, acting: Annotated[Acting | None, Depends(visitor)]) -> Acting:
    """Return who acts for an account. Raises ``SignInRequiredError``, ``AccessExpiredError``."""
    if acting is not None:
        return acting
    session = read_cookie(request, SESSION)
    if session:
        billing_of(request).read_access(Use.SESSION, session)
    raise SignInRequiredError("Nobody is signed in.", "Sign in first, then come back to this page.")


async def signed_in(acting: Annotated[Acting, Depends(member)]) -> str:
    """Return the account that a request acts for, in any role."""
    return acting.account_id


async def owner(acting: Annotated[Acting, Depends(member)]) -> str:
    """Return the account that a request acts for as an owner. Raises ``OwnerRequiredError``."""
    if not acting.is_owner:
        raise OwnerRequiredError(
            "Only an owner of this account can do that.",
            "Ask an owner to do it: a button on the billing page tells them what you need.",
        )
    return acting.account_id


def actor_of(request: Request) -> str:
    """Return how the journal names whoever asks."""
    acting = acting_in(request)
    return (acting.person if acting else "") or "the customer"


Visitor = Annotated[str | None, Depends(visitor_account)]
SignedIn = Annotated[str, Depends(signed_in)]
Owner = Annotated[str, Depends(owner)]
Member = Annotated[Acting, Depends(member)]
