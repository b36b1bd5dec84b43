"""Who may use the admin pages: a signed-in admin, and for what changes something, a form of the admin's own.

The browser's word on where a request comes from (``web/same_origin.py``) holds here too. The token comes on
top, because an admin changes what everybody pays: one thing that fails must not be enough.
"""

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from tiergate.rules.errors import TiergateError
from tiergate.services.administration.administration import Administration
from tiergate.services.administration.sign_in import AdminSession, SignedIn, is_own_token
from tiergate.web.admin.form_fields import Fields, read_fields
from tiergate.web.csrf import CsrfError
from tiergate.web.own_cookie import forget_cookie, keep_cookie, read_cookie
from tiergate.web.page_frame import billing_of

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_COOKIE = "tiergate_admin"
_OWN_PAGE = re.compile(r"/admin(?:/[\w-]+(?:\.[\w-]+)*)*(?:\?[\w=&.-]*)?")


class AdminSignInRequiredError(TiergateError):
    """Nobody is signed in as an admin."""

    code = "admin_sign_in_required"


def administration_of(request: Request) -> Administration:
    """Return what admins may do, of the ``Billing`` at hand."""
    return billing_of(request).administration


def token_of(request: Request) -> str:
    """Return the session's token that the browser sent, or nothing."""
    return read_cookie(request, _COOKIE)


def signed_in_admin(request: Request) -> AdminSession:
    """Return the admin who is signed in. Raises ``AdminSignInRequiredError``."""
    token = token_of(request)
    session = administration_of(request).session(token) if token else None
    if session is None:
        raise AdminSignInRequiredError("No admin is signed in.", "Sign in at /admin/sign-in.")
    return session


Admin = Annotated[AdminSession, Depends(signed_in_admin)]


async def admin_form(request: Request, admin: Admin) -> Fields:
    """Return the form that an admin sent. Raises ``CsrfError`` unless it bears the session's token."""
    fields = await read_fields(request)
    require_own_token(admin, fields.text(CSRF_FIELD))
    return fields


async def admin_call(request: Request, admin: Admin) -> AdminSession:
    """Return the admin who calls the API to change something. Raises ``CsrfError``."""
    require_own_token(admin, request.headers.get(CSRF_HEADER, ""))
    return admin


AdminForm = Annotated[Fields, Depends(admin_form)]
AdminCall = Annotated[AdminSession, Depends(admin_call)]


def require_own_token(admin: AdminSession, token: str) -> None:
    """Make sure that a request bears its session's token. Raises ``CsrfError``."""
    if not is_own_token(admin, token):
        raise CsrfError


def own_page(wanted: str) -> str:
    """Return an address to go to after sign-in: one of the admin pages, whatever was asked for."""
    return wanted if _OWN_PAGE.fullmatch(wanted) else "/admin/plans"


def keep_session(request: Request, response: Response, session: SignedIn) -> None:
    """Have the browser keep a session."""
    keep_cookie(request, response, _COOKIE, session.token, session.expires_at)


async def forget_session(request: Request, response: Response) -> None:
    """End the session, and have the browser forget it."""
    await run_in_threadpool(administration_of(request).sign_out, token_of(request))
    forget_cookie(request, response, _COOKIE)
