"""Commands run in an empty folder; a demo for the tests that only look at it, and its like on PostgreSQL."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.demo import Demo, serving_demo
from tests.cli.running import Tiergate
from tests.support.postgres import PostgresServer
from tiergate.cli import main
from tiergate_sandbox.testing import run_sandbox


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on SQLite, for the session."""
    with serving_demo(tmp_path_factory.mktemp("demo")) as serving:
        yield serving


@pytest.fixture(scope="session")
def postgres_demo_url(postgres: PostgresServer) -> Iterator[str]:
    """The database of the demo on PostgreSQL."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def postgres_demo(postgres_demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo on PostgreSQL, for the session."""
    with serving_demo(tmp_path_factory.mktemp("demo"), given={"DATABASE_URL": postgres_demo_url}) as serving:
        yield serving


@pytest.fixture
def tiergate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tiergate:
    """Run a command in an empty folder, with nothing in the environment but what is given."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as process:
            process.setattr(sys, "argv", ["tiergate", *arguments])
            for name, value in environment.items():
                process.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
            # Each command is a process of its own: what one logs to is closed when the next one runs.
            logging.getLogger("tiergate").handlers.clear()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return run


@pytest.fixture
def sandbox_url() -> Iterator[str]:
    """The address of a sandbox."""
    with run_sandbox() as sandbox:
        yield sandbox.base_url
