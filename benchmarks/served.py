"""A server in a process of its own: the sandbox with a filled world, or one that answers a constant.

``python -m benchmarks.served sandbox 1000`` or ``python -m benchmarks.served constant``; the first line that
it prints is the port.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.filled import filled
from benchmarks.listening import listening
from benchmarks.load import Load
from tiergate_sandbox.server import Options, bind, prepare
from tiergate_sandbox.world import Settings


@contextmanager
def loaded(kind: str, size: int = 0) -> Iterator[Load]:
    """Start a server, and give connections to it."""
    with listening([sys.executable, "-m", "benchmarks.served", kind, str(size)]) as server:
        load = Load(server.port, server.pid)
        yield load
        load.close()


def constant_app(body: bytes) -> Starlette:
    """An application on the sandbox's own stack that reads the request and always answers the same JSON."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json", headers={"Request-Id": "req_benchmark"})

    return Starlette(routes=[Route("/v1/{path:path}", answer, methods=["POST"])])


def main(kind: str, size: int) -> None:
    """Serve until killed."""
    world = filled(size, Settings())
    with bind("127.0.0.1", 0) as bound:
        server, service = prepare(Options(port=0), "http://127.0.0.1")
        if kind == "constant":
            body = service.engine.ask("POST", "/v1/customers", {"email": "ada@example.com"}).body
            server.config.app = constant_app(body)
        else:
            service.engine.world = world
        bound.listen(2048)
        print(bound.getsockname()[1], flush=True)
        server.run(sockets=[bound])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
