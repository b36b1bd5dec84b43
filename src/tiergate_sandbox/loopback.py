"""Protection of the pages and tools that are meant for this machine only.

A page of the web can make a browser send requests to a loopback address, and by rebinding its own name it
could even read the answers. So the ``Host`` must be a loopback name or address, and an ``Origin``, when
there is one, must be that same host.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def is_loopback(host: str) -> bool:
    """Whether a ``Host`` header (with or without a port) names this machine itself."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def refusal(headers: Headers) -> str | None:
    """Return why a request with these headers is refused, or None when it is welcome."""
    host = headers.get("host", "")
    if not is_loopback(host):
        return "This address answers only to loopback names; use http://127.0.0.1 or http://localhost.\n"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return "This address answers only to its own pages, not to those of another origin.\n"
    return None


class LoopbackOnly:
    """An ASGI application in front of another: it lets only welcome requests through, the rest get 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        reason = refusal(Headers(scope=scope))
        app = self._app if reason is None else PlainTextResponse(reason, status_code=403)
        await app(scope, receive, send)
