"""Serves an application over HTTP."""

import errno
import gc
import signal
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from tiergate.rules.errors import TiergateError

_COLLECT_AFTER = (50_000, 20, 20)
"""So many new objects, and so many collections of the younger ones, come before the collector looks."""


class PortInUseError(TiergateError):
    """Something else listens on the port already."""

    code = "port_in_use"


class ListenError(TiergateError):
    """The address is not ours to listen on."""

    code = "cannot_listen"


def require_free_port(host: str, port: int, option: str = "--port") -> None:
    """Make sure that a port is free before anything is started.

    Raises ``PortInUseError`` and ``ListenError``.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ListenError(
                    f"Nobody can listen on port {port} of {host} here: {error.strerror}.",
                    "Choose an address of this machine and a port above 1023.",
                ) from error
            raise PortInUseError(
                f"Port {port} on {host} is in use.",
                f"Stop what listens there, or choose another: {option} {port + 1}",
            ) from error


def wait_until_stopped() -> None:
    """Return when the process is told to stop, by Ctrl-C or by a signal."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()


def serve_app(app: ASGIApp, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    collect_rarely()
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def collect_rarely() -> None:
    """Have Python's collector of cycles leave alone what is loaded, and look less often at what comes.

    What is loaded lives as long as the process: to search it takes a tenth of a second, during which no
    request is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
