"""Refuses requests that another website made in a visitor's name (CSRF).

Browsers say where a request comes from, and scripts cannot forge that: ``Sec-Fetch-Site``, or ``Origin`` in
browsers that lack it. What is no browser sends neither, and carries no visitor's cookies.
Source: https://www.w3.org/TR/fetch-metadata/
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE_METHODS = frozenset(["GET", "HEAD", "OPTIONS"])


class SameOrigin:
    """ASGI middleware: a request that changes something must come from this site or from no site at all."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 403."""
        is_harmless = scope["type"] != "http" or scope["method"] in _SAFE_METHODS
        is_allowed = is_harmless or is_same_origin(Headers(scope=scope))
        await (self._app if is_allowed else _refusal)(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    """Whether the browser says that its own page sent this, or nothing says that it is a browser."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


_refusal = JSONResponse(
    {
        "type": "about:blank",
        "title": "Another website sent this request.",
        "status": 403,
        "code": "cross_site",
        "detail": "Open the page itself and press the button there.",
    },
    status_code=403,
    media_type="application/problem+json",
)
