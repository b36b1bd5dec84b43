"""`tiergate serve` beside the official Stripe CLI: what it forwards is verified with its secret."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import httpx2
import pytest

from tests.cli.demo import KEY, TIERGATE, environment, read_until, run, stripe_cli
from tests.support.ports import free_port
from tiergate_sandbox.testing import run_sandbox


@dataclass(frozen=True)
class Service:
    """A service that was set up by hand: sandbox, `stripe listen`, `migrate`, `plans push`, `serve`."""

    folder: Path
    url: str
    sandbox_url: str
    secret: str
    listener: "subprocess.Popen[str]"
    server: "subprocess.Popen[str]"

    def reach(self) -> list[str]:
        """Return the options that point the Stripe CLI at the sandbox."""
        return ["--api-base", self.sandbox_url, "--api-key", KEY]

    def event_ids(self) -> set[str]:
        """Return the events that the sandbox has emitted."""
        url = f"{self.sandbox_url}/v1/events?limit=100"
        listed = httpx2.get(url, headers={"Authorization": f"Bearer {KEY}"}).json()["data"]
        return {event["id"] for event in listed}

    def answers(self, count: int) -> dict[str, str]:
        """Read the next answers that `stripe listen` got for what it forwarded: HTTP status by event."""
        impatience = threading.Timer(30, self.listener.kill)
        impatience.start()
        lines = [read_until(self.listener, "<--").splitlines()[-1] for _ in range(count)]
        impatience.cancel()
        found = (re.search(r"\[(\d+)\] POST .*(evt_\w+)", line) for line in lines)
        return {match[2]: match[1] for match in found if match}


@contextmanager
def started(
    folder: Path, command: list[str | Path], given: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Start a process; at the end its whole family is told to end."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service whose only webhooks are those that `stripe listen` forwards."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "billing.toml").write_text((files("tiergate.demo") / "northwind.toml").read_text("utf-8"))
    port = free_port()
    with ExitStack() as stack:
        sandbox_url = stack.enter_context(run_sandbox()).base_url
        forward = ["--all-snapshot", "--forward-to", f"127.0.0.1:{port}/webhooks/stripe"]
        reach = ["--api-base", sandbox_url, "--api-key", KEY]
        listener = stack.enter_context(started(folder, [stripe_cli(), "listen", "-s", *forward, *reach]))
        said = read_until(listener, "whsec_")
        secret = re.findall(r"whsec_\w+", said)[0]
        given = {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": secret,
            "STRIPE_API_BASE": sandbox_url,
            "TIERGATE_LOG_FILE": "app.log",
        }
        for command in (["migrate"], ["plans", "push", "billing.toml"]):
            ended = run(folder, TIERGATE, *command, given=given)
            assert ended.returncode == 0, ended.stderr
        server = stack.enter_context(started(folder, [TIERGATE, "serve", "--port", str(port)], given))
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/readyz", server)
        yield Service(folder, url, sandbox_url, secret, listener, server)


def wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    """Ask until somebody answers."""
    with httpx2.Client(timeout=20) as client:
        while process.poll() is None:
            try:
                client.get(url).raise_for_status()
            except httpx2.ConnectError:
                continue
            return
    raise AssertionError(process.communicate()[0])


def test_nobody_is_signed_in(service: Service) -> None:
    """Outside the demo nobody is signed in: the seed's curl gets 401, the pricing page is public."""
    answer = httpx2.get(f"{service.url}/api/billing/subscription")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    assert "Team" in httpx2.get(f"{service.url}/pricing").text


def test_listen_forwards_and_the_application_verifies(service: Service) -> None:
    """Every event of a trigger is forwarded, answered 200, and stands in the log; none is refused."""
    before = service.event_ids()
    ended = run(service.folder, stripe_cli(), "trigger", "customer.subscription.created", *service.reach())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    happened = service.event_ids() - before
    assert service.answers(len(happened)) == dict.fromkeys(happened, "200")
    log = (service.folder / "app.log").read_text(encoding="utf-8")
    assert re.search(
        r"webhook evt_\w+ customer\.subscription\.created applied: a stranger's: no account", log
    )
    assert "refused" not in log
    assert service.secret not in log
    assert KEY not in log


def test_the_worker_does_not_outlive_the_server(tmp_path: Path, migrated_sqlite_url: str) -> None:
    """SIGTERM ends the service, its worker included, within seconds and without a traceback."""
    given = {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}",
        "DATABASE_URL": migrated_sqlite_url,
    }
    port = free_port()
    with started(tmp_path, [TIERGATE, "serve", "--port", str(port)], given) as server:
        wait_for(f"http://127.0.0.1:{port}/healthz", server)
        server.terminate()
        said, _ = server.communicate(timeout=20)
        assert "Traceback" not in said
        assert server.returncode in (0, -signal.SIGTERM)
