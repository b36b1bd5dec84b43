"""A stand-in for a pooler in transaction mode: many clients share few connections to the server.

A client has one of them from the beginning of a transaction to its end, and another one for the next.
"""

import select
import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Thread

import psycopg
from sqlalchemy.engine import URL, make_url

_NOTIFICATION, _READY, _KEY = b"A", b"Z", b"K"
_QUERIES = (b"Q", b"P")
_ENDS = (b"Q", b"S")
"""What the server answers with ``Z``: a simple query, and the end of a pipeline."""
_REFUSAL = b"SERROR\0VERROR\0C0A000\0MLISTEN is not supported here\0\0"
_IDLE = b"Z\0\0\0\5I"
_FALSE_KEY = b"K\0\0\0\x0c\0\0\0\1\0\0\0\1"
"""A pooler tells keys of its own, for a client has no process of the server."""


class _Session(socketserver.BaseRequestHandler):
    """One client: passed on frame by frame, to another server's connection for each transaction."""

    server: "_Pooler"

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):
            _untyped_frame(self.request)
            self.request.sendall(self.server.greeting)
            while frame := _frame(self.request):
                if frame[:1] == b"X":
                    return
                if self._is_refused(frame):
                    self.request.sendall(b"E" + (len(_REFUSAL) + 4).to_bytes(4, "big") + _REFUSAL + _IDLE)
                    continue
                upstream = self.server.shared.get()
                try:
                    self._transact(frame, upstream)
                finally:
                    self.server.shared.put(upstream)

    def _is_refused(self, frame: bytes) -> bool:
        return self.server.refuses and frame[:1] in _QUERIES and b"LISTEN " in frame

    def _transact(self, frame: bytes, upstream: socket.socket) -> None:
        upstream.sendall(frame)
        unanswered, is_begun, is_idle = int(frame[:1] in _ENDS), frame[:1] not in _ENDS, False
        while unanswered or is_begun or not is_idle:
            ready, _, _ = select.select([self.request, upstream], [], [])
            if upstream in ready:
                answer = _frame(upstream)
                if answer[:1] == _READY:
                    unanswered, is_idle = unanswered - 1, answer[-1:] == b"I"
                if answer[:1] != _NOTIFICATION:
                    self.request.sendall(answer)
            if self.request in ready:
                further = _frame(self.request)
                if not further:
                    raise OSError("the client has gone")
                upstream.sendall(further)
                unanswered, is_begun = unanswered + (further[:1] in _ENDS), further[:1] not in _ENDS


def _untyped_frame(source: socket.socket) -> bytes:
    size = _exactly(source, 4)
    return size + _exactly(source, int.from_bytes(size, "big") - 4)


def _frame(source: socket.socket) -> bytes:
    kind = source.recv(1)
    return kind and kind + _untyped_frame(source)


def _exactly(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = source.recv(size - len(found))
        if not more:
            raise OSError("the other side has gone")
        found += more
    return found


class _Pooler(socketserver.ThreadingTCPServer):
    daemon_threads = True
    refuses: bool
    greeting: bytes
    shared: Queue[socket.socket]


def _connected(url: URL) -> tuple[socket.socket, bytes]:
    """Open a connection to the server, at a folder's socket or a port; return it, and its greeting."""
    folder, port = url.query.get("host"), url.port or 5432
    if folder is None:
        upstream = socket.create_connection((url.host or "localhost", port))
    else:
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(f"{folder}/.s.PGSQL.{port}")
    named = {"user": url.username or "postgres", "database": url.database or "", "client_encoding": "utf8"}
    told = b"".join(f"{name}\0{value}\0".encode() for name, value in named.items()) + b"\0"
    upstream.sendall((len(told) + 8).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + told)
    greeting = b""
    while (frame := _frame(upstream))[:1] != _READY:
        if frame[:1] == b"E":
            raise psycopg.OperationalError(frame.decode())
        greeting += _FALSE_KEY if frame[:1] == _KEY else frame
    return upstream, greeting + frame


@contextmanager
def pooler(database_url: str, *, refuses: bool, connections: int = 2) -> Iterator[str]:
    """Stand in front of a database that lets everybody in, and yield the URL that leads through here.

    LISTEN is refused, or taken without ever delivering anything.
    """
    url = make_url(database_url)
    with _Pooler(("127.0.0.1", 0), _Session) as server:
        server.refuses, server.shared = refuses, Queue()
        opened = [_connected(url) for _ in range(connections)]
        server.greeting = opened[0][1]
        for upstream, _ in opened:
            server.shared.put(upstream)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        through = URL.create(
            url.drivername,
            url.username,
            host="127.0.0.1",
            port=server.server_address[1],
            database=url.database,
            query={"sslmode": "disable", "gssencmode": "disable"},
        )
        yield through.render_as_string(hide_password=False)
        server.shutdown()
        thread.join()
        for upstream, _ in opened:
            upstream.close()
