"""PostgreSQL as it is once it has run for a while: the files of its log are there, and all is written out.

A server that has just begun makes each file of its write-ahead log when it needs one, and fills it with
zeros: commits stand still for a tenth of a second each time. One that has run for a day uses old files again.
"""

import psycopg
from sqlalchemy.engine import make_url

from tests.support.postgres import PostgresServer

_FILES = 48
"""Of 16 MB each; so many does ``min_wal_size`` keep."""


def have_log_files(server: PostgresServer) -> None:
    """Have the files of the log made, for whatever is measured afterwards."""
    with _connected(server) as connection:
        for _ in range(_FILES):
            connection.execute("SELECT pg_switch_wal(), txid_current()")
    settle(server)


def settle(server: PostgresServer) -> None:
    """Have written out what is left to write from making databases and filling them."""
    with _connected(server) as connection:
        connection.execute("CHECKPOINT")


def _connected(server: PostgresServer) -> psycopg.Connection:
    address = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
