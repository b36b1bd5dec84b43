"""Free ports for servers that cannot be given a socket."""

import socket


def free_port() -> int:
    """A port on the loopback interface that nobody listened on a moment ago.

    Prefer port 0 where the server tells which port it got: between this answer and its use another process
    may take the port.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
