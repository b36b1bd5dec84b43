"""The command: start, state that survives a kill, faults from the command line, logs."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stripe

from tests.sandbox.face.conftest import call_tool, sdk
from tests.sandbox.face.receiver import Receiver
from tiergate_sandbox.server import bind

COMMAND = Path(sys.executable).with_name("tiergate-sandbox")


@contextmanager
def running(*options: str, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A real process of the command and the address it serves; killed at the end if it still runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", *options],
            stdout=subprocess.PIPE,
            stderr=output,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    assert process.stdout is not None
    try:
        first = process.stdout.readline().decode()
        found = re.search(r"http://\S+", first)
        assert found, f"the command said: {first}{log.read_text()}"
        yield process, found.group()
    finally:
        process.kill()
        output_rest = process.stdout.read()
        process.stdout.close()
        process.wait(timeout=10)
        log.write_bytes(log.read_bytes() + output_rest)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=20)


def request_id(made: stripe.Customer) -> str:
    """The id of the request that made an object."""
    assert made.last_response is not None
    return str(made.last_response.request_id)


def test_state_survives_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    """After kill -9 a new process has the same objects and results, and goes on delivering."""
    state, log = tmp_path / "state", tmp_path / "log"
    with running("--port", "0", "--state", str(state), log=log) as (process, url):
        client = sdk(url)
        first = client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"}).id
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
        call_tool(url, "deliveries/hold", {})
        made = client.v1.customers.create({"email": "b@example.com"})
        second, second_request = made.id, request_id(made)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert receiver.received == []
    with running("--port", "0", "--state", str(state), log=log) as (_, url):
        client = sdk(url)
        assert [customer.id for customer in client.v1.customers.list().data] == [second, first]
        assert (
            client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"}).id == first
        )
        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.create({"email": "c@example.com"}, {"idempotency_key": "key-1"})
        receiver.wait_for(1)
        made = client.v1.customers.create({})
        assert made.id not in {first, second}
        assert request_id(made) != second_request
        call_tool(url, "quiesce", {})
    with running("--port", "0", "--state", str(state), log=log) as (_, url):
        call_tool(url, "quiesce", {})
        assert len(receiver.received) == 2
        assert len(sdk(url).v1.customers.list().data) == 3


def test_line_cut_short(tmp_path: Path) -> None:
    """A last line that the kill has cut short is ignored; damage elsewhere is told with the remedy."""
    state, log = tmp_path / "state", tmp_path / "log"
    with running("--port", "0", "--state", str(state), log=log) as (_, url):
        kept = sdk(url).v1.customers.create({}).id
    with state.open("ab") as file:
        file.write(b'{"type":"call","at":17')
    with running("--port", "0", "--state", str(state), log=log) as (_, url):
        assert [customer.id for customer in sdk(url).v1.customers.list().data] == [kept]
    state.write_bytes(b"nonsense\n")
    ended = command("serve", "--port", "0", "--state", str(state))
    assert ended.returncode == 1
    assert "line 1" in ended.stderr
    assert "Move the file away" in ended.stderr


def test_port_in_use(tmp_path: Path) -> None:
    """A port that is taken is told in one line, with exit code 1."""
    with running("--port", "0", log=tmp_path / "log") as (_, url):
        port = url.rsplit(":", 1)[1]
        ended = command("serve", "--port", port)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr


def test_faults_from_the_command_line(tmp_path: Path) -> None:
    """Faults of a running sandbox are switched by the command; without a sandbox it says what to do."""
    with running("--port", "0", log=tmp_path / "log") as (_, url):
        port = url.rsplit(":", 1)[1]
        told = command("faults", "drop=0.5", "--port", port)
        assert '"drop": 0.5' in told.stdout
        assert call_tool(url, "faults", {}, method="GET")["drop"] == 0.5
    ended = command("hold", "--port", port)
    assert ended.returncode == 1
    assert "tiergate-sandbox serve" in ended.stderr


def test_log(tmp_path: Path, receiver: Receiver) -> None:
    """Each request and each delivery has a line; keys, secrets and card numbers have none."""
    log = tmp_path / "log"
    with running("--port", "0", log=log) as (_, url):
        client = sdk(url)
        made = client.v1.webhook_endpoints.create(
            {"url": f"{receiver.url}?token=hush", "enabled_events": ["*"]}
        )
        card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2050, "cvc": "987"}
        client.raw_request("post", "/v1/payment_methods", type="card", card=card)
        response = client.v1.customers.create({"email": "ada@example.com"}).last_response
        with pytest.raises(stripe.StripeError):
            client.raw_request("get", "/v1/a%0A12:00:00%20forged")
        call_tool(url, "quiesce", {})
    text = log.read_text()
    assert response is not None
    assert f"POST /v1/customers 200 {response.request_id}" in text
    assert re.search(r"customer.created evt_\w+ to http://127\.0\.0\.1:\d+/webhooks/stripe: 200", text)
    assert "\n12:00:00 forged" not in text
    lines = "\n".join(line for line in text.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line))
    for secret in ("4242424242424242", "987", "hush", str(made.secret), "sk_test_", "ada@example.com"):
        assert secret not in lines


def test_answers_are_sent_without_delay() -> None:
    """The socket names its protocol, without which asyncio would let small answers wait for 40 ms."""
    with bind("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP
