"""Who may use the admin pages: a signed-in admin, and for what changes something, a form of the admin's own.

The browser's word on where a request comes from (``web/same_origin.py``) holds here too. The token comes on
top, because an admin changes what everybody pays: one thing that fails must not be enough.
"""

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from tiergate.rules.errors import TiergateError
from tiergate.services.administration import Administration
from tiergate.services.sign_in import AdminSession, SignedIn, is_own_token
from tiergate.web.admin.form_fields import Fields, read_fields
from tiergate.web.page_frame import billing_of

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_OWN_PAGE = re.compile(r"/admin(?:/[\w-]+(?:\.[\w-]+)*)*(?:\?[\w=&.-]*)?")


class AdminSignInRequiredError(TiergateError):
    """Nobody is signed in as an admin."""

    code = "admin_sign_in_required"


class CsrfError(TiergateError):
    """What was sent does not bear the token of the session."""

    code = "csrf_failed"


def administration_of(request: Request) -> Administration:
    """Return what admins may do, of the ``Billing`` at hand."""
    return billing_of(request).administration


def mount_of(request: Request) -> str:
    """Return the path that the application is mounted under, as pages know it."""
    return str(request.scope.get("root_path", ""))


def token_of(request: Request) -> str:
    """Return the session's token that the browser sent, or nothing."""
    return request.cookies.get(_cookie_name(request), "")


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
        raise CsrfError("This form is not of your session.", "Open the page anew and send it again.")


def own_page(wanted: str) -> str:
    """Return an address to go to after sign-in: one of the admin pages, whatever was asked for."""
    return wanted if _OWN_PAGE.fullmatch(wanted) else "/admin/plans"


def keep_session(request: Request, response: Response, session: SignedIn) -> None:
    """Have the browser keep a session: out of reach of scripts, and of forms of other websites."""
    response.set_cookie(
        _cookie_name(request),
        session.token,
        expires=session.expires_at,
        path=mount_of(request) or "/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


async def forget_session(request: Request, response: Response) -> None:
    """End the session, and have the browser forget it."""
    await run_in_threadpool(administration_of(request).sign_out, token_of(request))
    response.delete_cookie(
        _cookie_name(request),
        path=mount_of(request) or "/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _cookie_name(request: Request) -> str:
    """Name the cookie so that browsers hold it to where it came from.

    ``__Host-`` is for the root of a host alone. Source: https://www.rfc-editor.org/rfc/rfc6265
    """
    if not _is_secure(request):
        return "tiergate_admin"
    return "__Secure-tiergate_admin" if mount_of(request) else "__Host-tiergate_admin"


def _is_secure(request: Request) -> bool:
    return billing_of(request).settings.public_url.startswith("https://")
