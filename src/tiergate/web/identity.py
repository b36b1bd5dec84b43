"""Who is asking: the host's ``account_of(request)``, and the refusal where it knows nobody."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from tiergate.rules.errors import TiergateError

AccountOf = Callable[[Request], str | Awaitable[str | None] | None]
"""The host's answer to which account a request acts for; ``None`` when nobody is signed in.

It may be a plain or an async function. What it returns is trusted: it must come from the host's own
session, never from something that the visitor wrote.
"""


class SignInRequiredError(TiergateError):
    """Nobody is signed in."""

    code = "sign_in_required"


def nobody(_request: Request) -> None:
    """Sign nobody in: the default until a host says who is asking."""


async def visitor(request: Request) -> str | None:
    """Return the account that a request acts for, if any."""
    account_of: AccountOf = request.app.state.account_of
    answer = account_of(request)
    return await answer if inspect.isawaitable(answer) else answer


async def signed_in(account_id: Annotated[str | None, Depends(visitor)]) -> str:
    """Return the account that a request acts for. Raises ``SignInRequiredError``."""
    if account_id is None:
        raise SignInRequiredError("Nobody is signed in.", "Sign in first, then come back to this page.")
    return account_id


Visitor = Annotated[str | None, Depends(visitor)]
SignedIn = Annotated[str, Depends(signed_in)]
