"""A stand-in for a pooler in transaction mode: it passes everything on, save what it does not do."""

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from sqlalchemy.engine import URL, make_url

_NOTIFICATION = b"A"
_QUERIES = (b"Q", b"P")
_REFUSAL = b"SERROR\0VERROR\0C0A000\0MLISTEN is not supported here\0\0"
_READY = b"Z\0\0\0\5I"


class _Session(socketserver.BaseRequestHandler):
    """One client: passed on to the server, frame by frame."""

    server: "_Pooler"

    def handle(self) -> None:
        with self.server.connect() as upstream:
            back = Thread(target=self._back, args=(upstream,), daemon=True)
            back.start()
            with suppress(OSError):
                self._forth(upstream)
            with suppress(OSError):
                upstream.shutdown(socket.SHUT_RDWR)
            back.join()

    def _forth(self, upstream: socket.socket) -> None:
        upstream.sendall(_untyped_frame(self.request))
        while frame := _frame(self.request):
            if self.server.refuses and frame[:1] in _QUERIES and b"LISTEN " in frame:
                size = (len(_REFUSAL) + 4).to_bytes(4, "big")
                self.request.sendall(b"E" + size + _REFUSAL + _READY)
            else:
                upstream.sendall(frame)

    def _back(self, upstream: socket.socket) -> None:
        with suppress(OSError):
            while frame := _frame(upstream):
                if frame[:1] != _NOTIFICATION:
                    self.request.sendall(frame)
            self.request.shutdown(socket.SHUT_RDWR)


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
    database: URL
    refuses: bool

    def connect(self) -> socket.socket:
        """Open a connection to the server, at a folder's socket or a port."""
        folder, port = self.database.query.get("host"), self.database.port or 5432
        if folder is None:
            return socket.create_connection((self.database.host or "localhost", port))
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(f"{folder}/.s.PGSQL.{port}")
        return upstream


@contextmanager
def pooler(database_url: str, *, refuses: bool) -> Iterator[str]:
    """Stand in front of a database, and yield the URL that leads through here.

    LISTEN is refused, or taken without ever delivering anything.
    """
    url = make_url(database_url)
    with _Pooler(("127.0.0.1", 0), _Session) as server:
        server.database, server.refuses = url, refuses
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        through = URL.create(
            url.drivername,
            url.username,
            url.password,
            host="127.0.0.1",
            port=server.server_address[1],
            database=url.database,
            query={"sslmode": "disable", "gssencmode": "disable"},
        )
        yield through.render_as_string(hide_password=False)
        server.shutdown()
        thread.join()
