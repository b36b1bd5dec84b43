"""What a demo leaves behind: when it is killed, and in a database of one's own."""

import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from tests.cli.demo import TIERGATE, run, serving_demo
from tests.support.ports import free_port
from tiergate.billing import Billing
from tiergate.settings import Settings
from tiergate.store import Database
from tiergate.store.tables import metadata


def is_gone(port: int, within_seconds: float = 15) -> bool:
    """Whether nobody listens on a port any more, before patience ends."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", timeout=5)
        except httpx2.TransportError:
            return True
    return False


def test_a_killed_demo_takes_its_sandbox_along(tmp_path: Path) -> None:
    """After SIGKILL the sandbox ends by itself, commands do not speak to the dead, and a new start works."""
    with serving_demo(tmp_path) as demo:
        assert run(tmp_path, TIERGATE, "explain").returncode == 0
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait(timeout=20)
        assert is_gone(demo.sandbox_port)
        for command in (["explain"], ["clock", "advance", "14d"]):
            ended = run(tmp_path, TIERGATE, *command)
            assert (ended.returncode, ended.stdout) == (1, "")
            assert ended.stderr.startswith("tiergate: STRIPE_SECRET_KEY is missing")
            assert ended.stderr.count("\n") == 1
    with serving_demo(tmp_path) as second:
        assert second.get("/api/billing/subscription").json()["reason"] == "no_subscription"


def test_a_demo_in_a_database_of_ones_own_begins_anew(tmp_path: Path) -> None:
    """A second demo on the same DATABASE_URL forgets the first one's life, and sells."""
    given = {"DATABASE_URL": f"sqlite:///{tmp_path / 'mine.db'}"}
    for _ in range(2):
        with serving_demo(tmp_path, given=given) as demo:
            assert demo.get("/api/billing/subscription").json()["reason"] == "no_subscription"
            demo.buy("team")
            demo.settle()
            assert demo.get("/api/billing/subscription").json()["reason"] == "trialing"
            told = run(tmp_path, TIERGATE, "explain")
            assert "has Team: full access, because trialing" in told.stdout, told.stderr
    assert not (tmp_path / ".tiergate" / "tiergate.db").exists()


def contents(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    database = Database(url)
    with database.read() as tx:
        found = {name: list(tx.execute(select(table))) for name, table in metadata.tables.items()}
    database.close()
    return found


def test_a_database_with_customers_is_left_alone(tmp_path: Path, migrated_database_url: str) -> None:
    """A database that holds somebody else is refused on one line, and not one row of it changes."""
    settings = Settings(migrated_database_url, "sk_test_x", ("whsec_x",))
    with Billing(settings) as billing:
        billing.register("acme", name="Acme Inc.")
        billing.register("a_customer", name="Somebody")
    before = contents(migrated_database_url)
    ports = (free_port(), free_port())
    ended = run(
        tmp_path, TIERGATE, "demo", "--port", str(ports[0]), "--sandbox-port", str(ports[1]),
        given={"DATABASE_URL": migrated_database_url},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("tiergate: The database holds 1 other account")
    assert ended.stderr.endswith("Point DATABASE_URL at an empty database.\n")
    assert ended.stderr.count("\n") == 1
    assert contents(migrated_database_url) == before
    for port in ports:
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{port}/")
