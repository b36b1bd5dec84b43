"""Serving the sandbox on a socket."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tiergate_sandbox.api import ABORT
from tiergate_sandbox.app import sandbox_app
from tiergate_sandbox.delivery import RETRY_AFTER_SECONDS
from tiergate_sandbox.faults import Faults
from tiergate_sandbox.journal import Journal
from tiergate_sandbox.real_time import RealTime, real_time
from tiergate_sandbox.service import Service
from tiergate_sandbox.world import Settings, World

log = logging.getLogger(__name__)


class PortInUseError(Exception):
    """The address cannot be listened on; the message says what to do."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a sandbox is served; port 0 takes any free port."""

    host: str = "127.0.0.1"
    port: int = 12111
    seed: int = 0
    state: Path | None = None
    settings: Settings = Settings()
    faults: Faults = Faults()
    retry_after_seconds: Sequence[float] = RETRY_AFTER_SECONDS
    now: RealTime = real_time


class Connection(H11Protocol):
    """A connection that the application can drop, as the fault ``reset`` does."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Keep the function that drops the connection where every request finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to the address.

    Raises:
        PortInUseError: something else listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without delay (TCP_NODELAY) only on sockets that name their protocol.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise PortInUseError(f"cannot listen on {host}:{port} ({reason}); choose another --port") from error
    return bound


def base_url(bound: socket.socket) -> str:
    """Return the address under which a bound socket is reached from this machine."""
    host, port = bound.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared with, not bound to
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def prepare(options: Options, url: str) -> tuple[uvicorn.Server, Service]:
    """Return a server for a sandbox that is known under ``url``, and its service.

    Raises:
        StateFileError: the state file cannot be read.
    """
    settings = msgspec.structs.replace(options.settings, hosted_url=url)
    service = Service(
        lambda: World(seed=options.seed, settings=settings),
        options.now,
        journal=Journal(options.state) if options.state else None,
        retry_after_seconds=options.retry_after_seconds,
    )
    service.recover()
    service.courier.faults = options.faults
    config = uvicorn.Config(
        sandbox_app(service),
        http=Connection,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ws="websockets-sansio",
        ws_ping_interval=None,
    )
    return uvicorn.Server(config), service


def serve(options: Options, ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; ``ready`` is told the address.

    Raises:
        PortInUseError: the address cannot be listened on.
        StateFileError: the state file cannot be read.
    """
    bound = bind(options.host, options.port)
    with bound:
        url = base_url(bound)
        server, _ = prepare(options, url)
        bound.listen(2048)
        ready(url)
        server.run(sockets=[bound])


@contextmanager
def serve_in_thread(options: Options) -> Iterator[tuple[str, Service]]:
    """Serve from a thread for as long as the context lasts; gives the base address and the service.

    Raises:
        PortInUseError: the address cannot be listened on.
    """
    with bind(options.host, options.port) as bound:
        url = base_url(bound)
        server, service = prepare(options, url)
        bound.listen(2048)
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="tiergate-sandbox", daemon=True)
        thread.start()
        try:
            yield url, service
        finally:
            server.should_exit = True
            thread.join(timeout=10)
