"""`tiergate demo`, as a newcomer meets it."""

import os
import re
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.demo import TIERGATE, Demo, environment, run, serving_demo
from tests.support.ports import free_port

Answer = dict[str, Any]

VISA = "4242 4242 4242 4242"


def test_the_pages_are_served(demo: Demo) -> None:
    """The links of the welcome lead to the pricing page, the billing page, the admin and the sandbox."""
    links = re.findall(r"http://\S+", demo.welcome)
    pages = [f"{demo.url}/{page}" for page in ("pricing", "billing", "admin")]
    assert links == [*pages, f"http://127.0.0.1:{demo.sandbox_port}/"]
    for link, word in zip(links, ["Team", "Acme Inc.", "Sign in", "Sandbox"], strict=True):
        answer = httpx2.get(link, headers={"Accept": "text/html"}, timeout=20, follow_redirects=True)
        assert answer.status_code == 200
        assert word in answer.text


def test_the_seeds_curl_works_as_it_stands(demo: Demo) -> None:
    """`curl -X GET …/api/billing/subscription` answers for the demo's account, without signing in."""
    url = f"http://localhost:{demo.port}/api/billing/subscription"
    ended = run(demo.folder, "curl", "--fail", "--silent", "-X", "GET", url)
    assert ended.returncode == 0, ended.stderr
    assert '"account_id":"acme"' in ended.stdout


@pytest.mark.parametrize("path", ["/billing", "/api/billing/subscription"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "0.0.0.0"])
def test_no_other_name_leads_here(demo: Demo, path: str, host: str) -> None:
    """Everybody is signed in here, so a page of another website cannot reach it by a name of its own."""
    answer = httpx2.get(f"{demo.url}{path}", headers={"Host": host}, timeout=20)
    assert answer.status_code == 400
    assert "acme" not in answer.text.lower()
    for own in (f"localhost:{demo.port}", f"127.0.0.1:{demo.port}"):
        assert httpx2.get(f"{demo.url}{path}", headers={"Host": own}, timeout=20).status_code == 200


def test_its_settings_are_its_owners_alone(demo: Demo) -> None:
    """The file with the demo's secrets may be read by nobody else."""
    mode = (demo.folder / ".tiergate" / "demo.env").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_welcome_lets_the_admin_in(demo: Demo) -> None:
    """The address and the password of the welcome are those of demo.env, and open the plans."""
    told = re.search(r"/admin +(\S+), password (\S+)", demo.welcome)
    assert told
    kept = (demo.folder / ".tiergate" / "demo.env").read_text(encoding="utf-8")
    assert f"TIERGATE_DEMO_ADMIN={told[1]} {told[2]}\n" in kept
    with httpx2.Client(base_url=demo.url, timeout=20, follow_redirects=True) as browser:
        page = browser.post("/admin/sign-in", data={"email": told[1], "password": told[2]})
    assert page.status_code == 200
    assert "Create plan" in page.text


def test_the_sandbox_retries_as_the_catalogue_says(demo: Demo) -> None:
    """What a founder sets in Stripe's dashboard is set from the billing settings."""
    settings = demo.sandbox("GET", "/settings")
    assert (settings["retry_after_days"], settings["after_retries"]) == ([3, 5, 7], "cancel")


def test_the_third_kind_of_trial_begins_by_itself(tmp_path: Path) -> None:
    """With `--reverse-trial` the account tries Team since its sign-up, without a card or a click."""
    with serving_demo(tmp_path, "--reverse-trial") as demo:
        assert "Acme Inc. has tried Team since its sign-up." in demo.welcome
        told = demo.get("/api/billing/subscription").json()
        assert (told["plan"], told["reason"]) == ("team", "trialing")
        assert "days left in your Team trial" in demo.get("/billing").text


@dataclass(frozen=True)
class Life:
    """What was seen of a demo that lived through a trial and a purchase, and was ended by Ctrl-C."""

    trying: Answer
    explained: str
    moved: str
    over: Answer
    billing_page: str
    explained_after: str
    log_story: str
    logs: str
    secrets: list[str]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Try Team, let 14 days pass from another terminal, buy Scale with a card, and press Ctrl-C."""
    folder = tmp_path_factory.mktemp("life")
    with serving_demo(folder) as demo:
        demo.buy("team")
        demo.settle()
        trying = demo.get("/api/billing/subscription").json()
        explained, moved = demo.tiergate("explain"), demo.tiergate("clock", "advance", "14d")
        demo.settle()
        over = demo.get("/api/billing/subscription").json()
        page, explained_after = demo.get("/billing").text, demo.tiergate("explain", "acme")
        demo.buy("scale", VISA)
        demo.settle()
        settings = (folder / ".tiergate" / "demo.env").read_text(encoding="utf-8")
        end(demo, signal.SIGINT)
    story = run(folder, "grep", "-i", r"stripe\|webhook\|subscription", ".tiergate/demo.log").stdout
    logs = "".join(file.read_text() for file in (folder / ".tiergate").glob("*.log"))
    secrets = re.findall(r"whsec_\w+|sk_test_\w+", settings)
    return Life(trying, explained, moved, over, page, explained_after, story, logs, secrets)


def test_a_trial_begins_and_is_explained(life: Life) -> None:
    """After the checkout the account is on trial, and `tiergate explain` in the same folder says why."""
    assert (life.trying["plan"], life.trying["reason"]) == ("team", "trialing")
    assert "has Team: full access, because trialing" in life.explained


def test_a_trial_ends_in_front_of_ones_eyes(life: Life) -> None:
    """`tiergate clock advance 14d` in the same folder ends it: API, billing page and explanation agree."""
    assert re.fullmatch(r"It is now \w+day, \d\d \w+ \d{4}, \d\d:\d\d UTC on the test clock\.\n", life.moved)
    assert (life.over["plan"], life.over["reason"]) == ("free", "trial_ended")
    assert "trial" in life.billing_page
    assert "has Free: full access, because trial_ended" in life.explained_after


@pytest.mark.parametrize(
    "words",
    [
        r"webhook evt_\w+ checkout\.session\.completed received",
        r"webhook evt_\w+ customer\.subscription\.created applied",
        r"subscription access of account acme is now full on plan team \(trialing\)",
        r"subscription access of account acme is now full on plan free \(trial_ended\)",
    ],
)
def test_the_seeds_grep_shows_the_story(life: Life, words: str) -> None:
    """`grep -i "stripe\\|webhook\\|subscription"` on the log finds what was received, applied and changed."""
    assert re.search(words, life.log_story), life.log_story


def test_no_log_holds_a_secret(life: Life) -> None:
    """After a purchase by card no log holds a key, a webhook secret, or the card's number."""
    assert len(life.secrets) >= 2
    assert "payment_intent.succeeded" in life.logs or "setup_intent.succeeded" in life.logs
    for secret in [*life.secrets, VISA, VISA.replace(" ", "")]:
        assert secret not in life.logs


def end(demo: Demo, number: signal.Signals) -> None:
    """Send a signal, and require that nothing of the demo is left."""
    demo.process.send_signal(number)
    rest, _ = demo.process.communicate(timeout=20)
    assert "Traceback" not in rest, rest
    assert demo.process.returncode in (0, 1, 130, 128 + signal.SIGTERM)
    for port in (demo.port, demo.sandbox_port):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{port}/")
    assert not (demo.folder / ".tiergate" / "demo.env").exists()


def test_a_signal_ends_everything_and_the_next_start_is_fresh(tmp_path: Path) -> None:
    """A kill and a closed terminal end application and sandbox as Ctrl-C does; a new start is a new life."""
    with serving_demo(tmp_path) as first:
        first.buy("team")
        end(first, signal.SIGTERM)
    with serving_demo(tmp_path) as second:
        assert second.get("/api/billing/subscription").json()["reason"] == "no_subscription"
        end(second, signal.SIGHUP)


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_a_port_in_use_is_one_clear_line(demo: Demo, tmp_path: Path, option: str) -> None:
    """A taken port names itself and the option that chooses another; exit code 1, and nothing was started."""
    taken = demo.port if option == "--port" else demo.sandbox_port
    other = "--sandbox-port" if option == "--port" else "--port"
    ended = run(tmp_path, TIERGATE, "demo", option, str(taken), other, str(free_port()))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"tiergate: Port {taken} on 127.0.0.1 is in use. "
        f"Stop what listens there, or choose another: {option} {taken + 1}\n"
    )
    assert not (tmp_path / ".tiergate").exists()


def test_a_sandbox_that_does_not_start_is_told(tmp_path: Path) -> None:
    """When the sandbox ends before it serves, the demo says where to read why, and ends too."""
    broken = tmp_path / "broken"
    (broken / "tiergate_sandbox").mkdir(parents=True)
    (broken / "tiergate_sandbox" / "__init__.py").write_text("raise SystemExit('no sandbox today')")
    ports = ["--port", str(free_port()), "--sandbox-port", str(free_port())]
    ended = subprocess.run(
        [TIERGATE, "demo", *ports],
        cwd=tmp_path,
        env=environment(tmp_path, {"PYTHONPATH": str(broken)}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("tiergate: The sandbox did not start. Read why in")
    assert "no sandbox today" in (tmp_path / ".tiergate" / "sandbox.log").read_text()
    assert os.listdir(tmp_path / ".tiergate") == ["sandbox.log"]
