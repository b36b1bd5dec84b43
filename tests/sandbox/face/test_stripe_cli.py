"""The official Stripe CLI against a served sandbox."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stripe

from tests.sandbox.face.conftest import API_KEY
from tests.sandbox.face.receiver import Receiver
from tiergate_sandbox.testing import ServedSandbox

TRIGGERS = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
]


def environment(home: Path) -> dict[str, str]:
    """A clean environment for the CLI, with a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {"HOME": str(home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}


def reaching(url: str) -> list[str]:
    """The options that point the CLI at a sandbox."""
    return ["--api-base", url, "--api-key", API_KEY]


def run_cli(cli: Path, home: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the CLI to its end."""
    return subprocess.run(
        [cli, *arguments, *reaching(url)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(home),
    )


@contextmanager
def listening(cli: Path, home: Path, url: str, forward_to: str) -> Iterator[str]:
    """``stripe listen``, forwarding everything; gives the secret that it prints."""
    process = subprocess.Popen(
        [cli, "listen", "-s", "--all-snapshot", "--forward-to", forward_to, *reaching(url)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(home),
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        while "whsec_" not in said:
            line = process.stdout.readline()
            assert line, f"stripe listen ended: {said}"
            said += line
        yield "whsec_" + said.partition("whsec_")[2].split()[0].rstrip(")")
    finally:
        # The CLI is a script that starts a program: both are of the session that was begun here.
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.mark.parametrize("event_type", TRIGGERS)
def test_trigger(
    stripe_cli: Path, tmp_path: Path, served: ServedSandbox, client: stripe.StripeClient, event_type: str
) -> None:
    """``stripe trigger`` succeeds, and the event it is named for has happened."""
    ended = run_cli(stripe_cli, tmp_path, served.base_url, "trigger", event_type)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Trigger succeeded" in ended.stdout + ended.stderr
    assert event_type in {event.type for event in client.v1.events.list({"limit": 100}).data}


def test_listen_forwards_signed_events(
    stripe_cli: Path, tmp_path: Path, served: ServedSandbox, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """``stripe listen`` forwards every event once, each with a signature that its secret verifies."""
    with listening(stripe_cli, tmp_path, served.base_url, receiver.url) as secret:
        client.v1.customers.create({})
        receiver.wait_for(1)
        ended = run_cli(stripe_cli, tmp_path, served.base_url, "trigger", "customer.subscription.deleted")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        happened = [event.id for event in client.v1.events.list({"limit": 100}).data]
        forwarded = receiver.wait_for(len(happened))
    assert sorted(webhook.verified(secret).id for webhook in forwarded) == sorted(happened)
    assert "customer.subscription.deleted" in {json.loads(webhook.body)["type"] for webhook in forwarded}


def test_listen_and_resend(
    stripe_cli: Path, tmp_path: Path, served: ServedSandbox, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """``stripe events resend`` brings an event once more."""
    with listening(stripe_cli, tmp_path, served.base_url, receiver.url):
        client.v1.customers.create({})
        event_id = json.loads(receiver.wait_for(1)[0].body)["id"]
        ended = run_cli(stripe_cli, tmp_path, served.base_url, "events", "resend", event_id)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert json.loads(receiver.wait_for(2)[1].body)["id"] == event_id
