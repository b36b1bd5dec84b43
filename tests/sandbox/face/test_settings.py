"""The account's settings over HTTP and from the command line, and the commands for a running sandbox."""

import json
from pathlib import Path

import pytest
import stripe

from tests.sandbox.face.conftest import Tool, call_tool, sdk
from tests.sandbox.face.receiver import Receiver
from tests.sandbox.face.test_command import command, running

NOW = 1_768_471_200
DAY = 86_400


def test_settings_over_http(client: stripe.StripeClient, tool: Tool) -> None:
    """What is named changes, the rest stays; a setting that does not exist is refused."""
    before = tool("settings", method="GET")
    after = tool("settings", relaxed_clocks=True, retry_after_days=[1, 2])
    assert after == {**before, "relaxed_clocks": True, "retry_after_days": [1, 2]}
    assert tool("settings", method="GET") == after
    assert "no setting relaxed" in tool("settings", expect=400, relaxed=True)["error"]["message"]
    assert "no API version" in tool("settings", expect=400, default_version="new")["error"]["message"]
    assert tool("settings", method="GET") == after


def test_the_default_version(client: stripe.StripeClient, tool: Tool) -> None:
    """Callers that name no version get the account's, and so do events."""
    made = client.v1.customers.create({}).id
    tool("settings", default_version="2024-06-20")
    answer = client.raw_request("get", f"/v1/customers/{made}", stripe_version="")
    assert answer.headers["Stripe-Version"] == "2024-06-20"


def test_relaxed_clocks(client: stripe.StripeClient, tool: Tool) -> None:
    """A clock goes further than Stripe allows once it may."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": NOW}).id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": NOW + 900 * DAY})
    tool("settings", relaxed_clocks=True)
    client.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": NOW + 900 * DAY})
    assert client.v1.test_helpers.test_clocks.retrieve(clock).frozen_time == NOW + 900 * DAY


def test_settings_survive_a_kill(tmp_path: Path) -> None:
    """A changed setting is in the state file."""
    state, log = tmp_path / "state", tmp_path / "log"
    options = ("--port", "0", "--state", str(state))
    with running(*options, log=log) as (_, url):
        call_tool(url, "settings", {"upcoming_days": 3})
    with running(*options, log=log) as (_, url):
        assert call_tool(url, "settings", {}, method="GET")["upcoming_days"] == 3


def test_the_commands(tmp_path: Path, receiver: Receiver) -> None:
    """Settings, clocks, snapshots, secrets and faults of a running sandbox are there for a shell."""
    kept = tmp_path / "kept.json"
    with running("--port", "0", "--setting", "relaxed_clocks=true", log=tmp_path / "log") as (_, url):
        port = ("--port", url.rsplit(":", 1)[1])
        client = sdk(url)
        shown = json.loads(command("settings", "after_retries=mark_unpaid", *port).stdout)
        assert (shown["relaxed_clocks"], shown["after_retries"]) == (True, "mark_unpaid")
        assert "test clock to advance" in command("advance", "1d", *port).stderr
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": NOW}).id
        assert json.loads(command("advance", "14d", *port).stdout)["frozen_time"] == NOW + 14 * DAY
        assert json.loads(command("advance", str(NOW + 20 * DAY), clock, *port).stdout)["status"] == "ready"
        assert command("snapshot", str(kept), *port).returncode == 0
        client.v1.customers.create({})
        assert json.loads(command("restore", str(kept), *port).stdout) == {"restored": True}
        assert client.v1.customers.list().data == []
        told = command("faults", "--answer", "kind=rate_limit path=/v1/customers times=2", *port)
        assert json.loads(told.stdout)["answers"][0]["times"] == 2
        endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]}).id
        assert json.loads(command("roll-secret", endpoint, *port).stdout)["secret"].startswith("whsec_")
        assert json.loads(command("reset", *port).stdout) == {"reset": True}
        assert client.v1.test_helpers.test_clocks.list().data == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("settings", "relaxed_clocks"), "name=value"),
        (("advance", "soon"), "no sandbox answers"),
        (("restore", "/nonexistent"), "no snapshot"),
        (("serve", "--setting", "colour=red"), "there is no setting colour"),
    ],
)
def test_commands_that_make_no_sense(arguments: tuple[str, ...], told: str) -> None:
    """Every mistake is told in one line, with exit code 1."""
    ended = command(*arguments, "--port", "1")
    assert ended.returncode == 1
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1
