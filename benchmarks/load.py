"""A load generator that costs little itself: bare sockets that are kept open, all busy at once."""

import re
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol
from urllib.parse import quote

CONNECTIONS = 8
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CLOCK_TICKS_PER_SECOND = 100


@dataclass(frozen=True)
class Cost:
    """What one request costs, in microseconds: of wall time, and of the server's processor time."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{1e6 / self.wall:,.0f}/s, {self.cpu:,.0f} µs of processor time"


def median_of(costs: Sequence[Cost]) -> Cost:
    """Return the medians of several rounds."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


class Load:
    """Connections to one server."""

    def __init__(self, port: int, pid: int) -> None:
        self._pid = pid
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cost(self, requests: Iterator[bytes], count: int) -> Cost:
        """Send ``count`` requests, one on each connection at a time, and return what one of them cost."""
        cpu, began = cpu_seconds(self._pid), time.perf_counter()
        for _ in range(count // CONNECTIONS):
            self.round(requests)
        wall = time.perf_counter() - began
        sent = count // CONNECTIONS * CONNECTIONS
        return Cost(wall / sent * 1e6, (cpu_seconds(self._pid) - cpu) / sent * 1e6)

    def round(self, requests: Iterator[bytes]) -> list[bytes]:
        """Send one request on each connection, and return the bodies of the answers."""
        for one in self._sockets:
            one.sendall(next(requests))
        return [read_answer(one) for one in self._sockets]

    def first(self, request: bytes) -> bytes:
        """Send one request on one connection, and return the body of the answer."""
        self._sockets[0].sendall(request)
        return read_answer(self._sockets[0])

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far."""
        return cpu_seconds(self._pid)

    def close(self) -> None:
        """Hang up."""
        for one in self._sockets:
            one.close()


class Readable(Protocol):
    """What answers are read from."""

    def recv(self, most: int, /) -> bytes:
        """Return the next bytes."""


def read_answer(connection: Readable) -> bytes:
    """Return the body of an answer with status 200."""
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65536)
    found = LENGTH.search(received, 0, end)
    if found is None or not received.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server answered: {received.decode(errors='replace')}")
    while len(received) < end + 4 + int(found[1]):
        received += connection.recv(65536)
    return received[end + 4 :]


def post(path: str, form: str, key: str) -> bytes:
    """Return a POST as the SDK sends it, with an idempotency key."""
    body = quote(form, safe="&=[]").encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_test_benchmark\r\n"
        f"Stripe-Version: 2026-10-28.endive\r\nUser-Agent: Stripe/v1 PythonBindings/16.1.0\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_SECOND
