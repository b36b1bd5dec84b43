"""Free ports for servers that cannot be given a socket."""

import os
import random
import socket
from contextlib import suppress

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the ports that the system hands out by itself, to whoever asks for any."""
_CHANCE = random.Random(os.getpid())


def free_port() -> int:
    """A port on the loopback interface that nobody listens on.

    Prefer port 0 where the server tells which port it got: between this answer and its use another process
    may take the port.
    """
    while True:
        port = _CHANCE.randrange(_LOWEST, _HIGHEST)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
