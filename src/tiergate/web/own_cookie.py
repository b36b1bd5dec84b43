"""Cookies of ours: out of reach of scripts and of other websites' forms, and held to where they came from."""

from datetime import datetime

from fastapi import Request, Response

from tiergate.web.page_frame import billing_of


def mount_of(request: Request) -> str:
    """Return the path that the application is mounted under, as pages know it."""
    return str(request.scope.get("root_path", ""))


def read_cookie(request: Request, name: str) -> str:
    """Return what the browser kept, or nothing."""
    return request.cookies.get(_full_name(request, name), "")


def keep_cookie(request: Request, response: Response, name: str, value: str, expires_at: datetime) -> None:
    """Have the browser keep something until an instant."""
    response.set_cookie(
        _full_name(request, name),
        value,
        expires=expires_at,
        path=mount_of(request) or "/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        _full_name(request, name),
        path=mount_of(request) or "/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _full_name(request: Request, name: str) -> str:
    """Name the cookie so that browsers hold it to where it came from.

    ``__Host-`` is for the root of a host alone. Source: https://www.rfc-editor.org/rfc/rfc6265
    """
    if not _is_secure(request):
        return name
    return f"__Secure-{name}" if mount_of(request) else f"__Host-{name}"


def _is_secure(request: Request) -> bool:
    return billing_of(request).settings.public_url.startswith("https://")
