"""Servers in processes of their own, that tell their port in the first line they print."""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Server:
    """A server that answers on a port of this machine."""

    port: int
    pid: int


@contextmanager
def listening(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a command until the end of the block; ``variables`` are added to its environment.

    Raises ``RuntimeError`` where the first line is no port.
    """
    environment = {**os.environ, **(variables or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            if not first.strip().isdigit():
                raise RuntimeError(f"{command[0]} did not tell its port, but: {first or 'nothing'}")
            yield Server(int(first), process.pid)
        finally:
            process.kill()


def serve_and_tell(application: ASGIApp) -> None:
    """Serve an ASGI application on a free port until killed, and print the port."""
    # asyncio sends without delay (TCP_NODELAY) only on sockets that name their protocol.
    with socket.socket(proto=socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False))
        bound.listen(2048)
        print(bound.getsockname()[1], flush=True)
        server.run(sockets=[bound])
