"""The ASGI application: API, pages, tools and the CLI's websocket under one roof."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiergate_sandbox.api import Api
from tiergate_sandbox.cli_socket import SOCKET_PATH
from tiergate_sandbox.pages.routes import page_routes
from tiergate_sandbox.service import Service
from tiergate_sandbox.tools import tools_app

access_log = logging.getLogger("tiergate_sandbox.access")


class RequestLog:
    """Writes one line for each request: method, path, status and Request-Id; never a query or a body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and log its answer."""
        if scope["type"] != "http" or not access_log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start":
                request_id = dict(message["headers"]).get(b"request-id", b"-").decode()
                # The raw path is percent-encoded: no line break in it can forge a line of the log.
                path = scope["raw_path"].decode("ascii", "replace")
                access_log.info("%s %s %d %s", scope["method"], path, message["status"], request_id)
            await send(message)

        await self._app(scope, receive, send_and_log)


def sandbox_app(service: Service) -> ASGIApp:
    """Return the application; deliveries and time run as long as its lifespan."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(service.run())
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        service.close()

    api = Api(service)
    routes = [
        Route("/v1/{path:path}", api),
        Route("/v2/{path:path}", api),
        Mount("/_sandbox", tools_app(service)),
        WebSocketRoute(SOCKET_PATH, service.sessions.serve),
        *page_routes(service),
    ]
    return RequestLog(Starlette(routes=routes, lifespan=lifespan))
