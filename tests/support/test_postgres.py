"""The suite's own PostgreSQL server: private, and gone with the tests however they end."""

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.support.postgres import PostgresServer

REPOSITORY = Path(__file__).parents[2]
HOLD_A_SERVER = """
from tests.support.postgres import postgres_server
with postgres_server() as server:
    print(server.url, flush=True)
    input()
"""


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def test_a_database_starts_empty(postgres_url: str) -> None:
    """A test's database holds no table of anyone else."""
    with _connect(postgres_url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)


def test_a_copy_holds_what_its_template_held(postgres: PostgresServer) -> None:
    """A database made from a template has the template's rows, and its own from then on."""
    template = postgres.create_database()
    with _connect(template) as connection:
        connection.execute("CREATE TABLE plans AS SELECT 'team' AS plan")
    copy = postgres.create_database(template=template)
    with _connect(copy) as connection:
        connection.execute("INSERT INTO plans VALUES ('free')")
    with _connect(template) as connection:
        assert connection.execute("SELECT * FROM plans").fetchall() == [("team",)]
    postgres.drop_database(copy)
    postgres.drop_database(template)


@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_the_server_ends_with_the_tests(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test session that is interrupted, ended or killed leaves neither a server nor a folder behind."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    session = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    with session:
        assert session.stdout is not None
        url = session.stdout.readline().decode().strip()
        with _connect(url) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        session.send_signal(signal.Signals[end])
        # The shell that holds the server has inherited these pipes: they close when that shell has finished,
        # and the shell removes the folders only after the server has stopped.
        session.communicate(timeout=30)
    assert not Path(str(row[0])).exists()
    assert not Path(str(make_url(url).query["host"])).exists()
