"""The headers that every answer carries, so that browsers refuse what no page of ours needs."""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiergate.web.render import content_security_policy


class SecurityHeaders:
    """ASGI middleware: every answer forbids what no page of ours needs."""

    def __init__(self, app: ASGIApp, checkout_origin: str) -> None:
        """Wrap ``app``; forms may lead to ``checkout_origin`` and nowhere else."""
        self._app = app
        self._headers = {
            b"content-security-policy": content_security_policy(checkout_origin).encode(),
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"same-origin",
            b"cross-origin-opener-policy": b"same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = self._completed(message, scope["path"])
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _completed(self, message: MutableMapping[str, Any], path: str) -> Message:
        present = {name.lower() for name, _ in message["headers"]}
        added = [(name, value) for name, value in self._headers.items() if name not in present]
        if path.endswith("/access"):  # its address holds a token, also where that is refused
            added = [(name, b"no-referrer" if name == b"referrer-policy" else value) for name, value in added]
        if b"cache-control" not in present:
            added.append((b"cache-control", b"no-store"))
        return {**message, "headers": [*message["headers"], *added]}
