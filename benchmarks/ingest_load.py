"""Delivers events as fast as they are taken: each connection sends the next when the last is answered."""

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WAIT_SECONDS = 60


class _Connection:
    """One connection, and what is still to be sent over it."""

    def __init__(self, port: int, requests: Sequence[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests: Iterator[bytes] = iter(requests)
        self._received = b""
        self._sent_at = 0.0

    def send_next(self) -> bool:
        """Send the next request; returns false when there is none."""
        request = next(self._requests, None)
        if request is None:
            return False
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> float | None:
        """Take in what has arrived; returns how many seconds the answer took once it is whole."""
        piece = self.socket.recv(65536)
        self._received += piece
        if not piece:
            raise RuntimeError(f"the server hung up after: {self._received.decode(errors='replace')}")
        if not _is_whole(self._received):
            return None
        if not self._received.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"the server answered: {self._received.decode(errors='replace')}")
        self._received = b""
        return time.perf_counter() - self._sent_at


def deliver(port: int, queues: Sequence[Sequence[bytes]]) -> list[float]:
    """Deliver one queue of requests over each connection, all at once.

    Returns how many seconds each delivery took until it was answered, in the order of the answers.

    Raises ``RuntimeError`` where an answer is no success.
    """
    latencies: list[float] = []
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        connections = [_Connection(port, queue) for queue in queues]
        for one in connections:
            stack.enter_context(one.socket)
            if one.send_next():
                selector.register(one.socket, selectors.EVENT_READ, one)
        while selector.get_map():
            ready = selector.select(_WAIT_SECONDS)
            if not ready:
                raise RuntimeError(f"no answer within {_WAIT_SECONDS} seconds")
            for key, _ in ready:
                took = key.data.receive()
                if took is not None:
                    latencies.append(took)
                    if not key.data.send_next():
                        selector.unregister(key.fileobj)
    return latencies


def _is_whole(received: bytes) -> bool:
    """Whether an answer has arrived to its end, in one piece or in chunks."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    found = LENGTH.search(received, 0, end + 2)
    if found:
        return len(received) >= end + 4 + int(found[1])
    return received.endswith(b"0\r\n\r\n")
