"""Commands of the official Stripe CLI besides ``trigger``: reading and writing, listening, logs."""

import json
from pathlib import Path

import stripe

from tests.sandbox.face.receiver import Receiver, receiving
from tests.sandbox.face.test_stripe_cli import listening, run_cli
from tiergate_sandbox.testing import ServedSandbox


def test_get_post_and_delete(stripe_cli: Path, tmp_path: Path, served: ServedSandbox) -> None:
    """``stripe post`` makes an object, ``get`` reads it, ``delete`` removes it, and a refusal is shown."""

    def run(*arguments: str) -> str:
        ended = run_cli(stripe_cli, tmp_path, served.base_url, *arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    made = json.loads(run("post", "/v1/customers", "-d", "email=ada@example.com", "-d", "metadata[team]=red"))
    assert (made["email"], made["metadata"]) == ("ada@example.com", {"team": "red"})
    assert json.loads(run("get", f"/v1/customers/{made['id']}")) == made
    assert json.loads(run("delete", f"/v1/customers/{made['id']}", "--confirm"))["deleted"] is True
    assert "resource_missing" in run("get", "/v1/subscriptions/sub_none")


def test_listen_and_an_endpoint_at_once(
    stripe_cli: Path, tmp_path: Path, served: ServedSandbox, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """A webhook endpoint and ``stripe listen`` both get every event, each signed with its own secret."""
    with receiving() as other, listening(stripe_cli, tmp_path, served.base_url, other.url) as secret:
        endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        ended = run_cli(stripe_cli, tmp_path, served.base_url, "trigger", "invoice.paid")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        happened = sorted(event.id for event in client.v1.events.list({"limit": 100}).data)
        forwarded = other.wait_for(len(happened))
        delivered = receiver.wait_for(len(happened))
    assert sorted(webhook.verified(secret).id for webhook in forwarded) == happened
    assert sorted(webhook.verified(str(endpoint.secret)).id for webhook in delivered) == happened


def test_tailing_logs_is_refused(stripe_cli: Path, tmp_path: Path, served: ServedSandbox) -> None:
    """``stripe logs tail`` ends with a message that says where the requests are logged."""
    ended = run_cli(stripe_cli, tmp_path, served.base_url, "logs", "tail")
    assert ended.returncode != 0
    assert "where the sandbox was started" in ended.stdout + ended.stderr
