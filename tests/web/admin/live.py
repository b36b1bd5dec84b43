"""The application on a port, for a browser: whoever comes is signed in as the account ``acme``."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from tests.support.ports import free_port
from tests.web.routes.site import ADMIN, KEY, PASSWORD, SECRET
from tiergate.billing import Billing
from tiergate.settings import Settings

_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Live:
    """A site that serves, with an admin."""

    url: str
    billing: Billing


@contextmanager
def serve(database_url: str, sandbox_url: str) -> Iterator[Live]:
    """Serve a furnished database for as long as the block lasts."""
    port = free_port()
    settings = Settings(database_url, KEY, (SECRET,), sandbox_url, public_url=f"http://localhost:{port}")
    with Billing(settings, account_of=lambda _: "acme") as billing:
        billing.administration.add(ADMIN, PASSWORD)
        with serving(billing.asgi, port):
            yield Live(settings.public_url, billing)


@contextmanager
def serving(app: ASGIApp, port: int) -> Iterator[None]:
    """Serve an application from a thread."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    started = threading.Event()
    startup = server.startup

    async def tell(sockets: object = None) -> None:
        await startup()
        started.set()

    server.startup = tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(_PATIENCE_SECONDS)
        yield
    finally:
        server.should_exit = True
        thread.join()
