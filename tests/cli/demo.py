"""`tiergate demo` as a process of its own, in a folder of its own, on free ports."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.support.ports import free_port

REPOSITORY = Path(__file__).parents[2]
TIERGATE = Path(sys.executable).with_name("tiergate")
"""The console script of the environment that the tests run in."""

STRIPE_CLI = REPOSITORY / "node_modules" / ".bin" / "stripe"
KEY = "sk_test_of_the_cli_tests"
_MOST_LOOKS = 60
"""Each look is a command of its own, which takes about half a second."""


def environment(home: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a clean environment: nothing of Stripe's or tiergate's own but what is given."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    quiet = {"HOME": str(home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1", "PYTHONUNBUFFERED": "1"}
    return {**kept, **quiet, **(given or {})}


def run(
    folder: Path, *command: str | Path, given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in a folder."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True)
class Demo:
    """A demo that serves."""

    folder: Path
    port: int
    sandbox_port: int
    process: "subprocess.Popen[str]"
    welcome: str

    @property
    def url(self) -> str:
        """Where the application is, as the welcome and the seed name it."""
        return f"http://localhost:{self.port}"

    def tiergate(self, *arguments: str) -> str:
        """Run a command of tiergate in the demo's folder, as in a second terminal; return what it says."""
        ended = run(self.folder, TIERGATE, *arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def get(self, path: str) -> httpx2.Response:
        """Get a page or an answer."""
        return httpx2.get(f"{self.url}{path}", timeout=20)

    def sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use one of the sandbox's own tools."""
        url = f"http://127.0.0.1:{self.sandbox_port}/_sandbox{path}"
        return httpx2.request(method, url, json=body, timeout=60).raise_for_status().json()

    def settle(self) -> None:
        """Wait until no webhook is on its way, and what each made uncertain is read from Stripe."""
        self.sandbox("POST", "/quiesce", {})
        for _ in range(_MOST_LOOKS):
            if "No event fits" in self.tiergate("events", "list", "--state", "received"):
                return
        raise AssertionError("Some events still wait to be applied.")

    def stripe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the official Stripe CLI against the demo's sandbox."""
        base = f"http://127.0.0.1:{self.sandbox_port}"
        return run(self.folder, stripe_cli(), *arguments, "--api-base", base, "--api-key", KEY)

    def buy(self, plan: str, card: str | None = None) -> None:
        """Order a plan on the pricing page, and go through Stripe's checkout page as a browser does."""
        with httpx2.Client(timeout=20, follow_redirects=False) as browser:
            pricing = browser.get(f"{self.url}/pricing").text
            bears = dict(re.findall(r'name="(form_token)" value="([^"]+)"', pricing))
            ordered = browser.post(f"{self.url}/api/billing/checkout", data={"plan": plan, **bears})
            assert ordered.status_code == 303, ordered.text
            checkout = ordered.headers["location"]
            page = browser.get(checkout).text
            form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
            typed = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada"} if card else {}
            paid = browser.post(checkout, data={**form, "email": "ap@acme.test", **typed})
            assert paid.status_code == 303, paid.text
            assert browser.get(paid.headers["location"]).status_code == 200

    def log(self) -> str:
        """Return the application's log."""
        return (self.folder / ".tiergate" / "demo.log").read_text(encoding="utf-8")


def stripe_cli() -> Path:
    """Return the official Stripe CLI, or fail and say where it comes from."""
    assert STRIPE_CLI.exists(), "The Stripe CLI is missing: run `make setup`."
    return STRIPE_CLI


@contextmanager
def serving_demo(folder: Path, *options: str, given: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """Start a demo, and end it as Ctrl-C would."""
    port, sandbox_port = free_port(), free_port()
    process = subprocess.Popen(
        [TIERGATE, "demo", "--port", str(port), "--sandbox-port", str(sandbox_port), *options],
        cwd=folder,
        env=environment(folder, given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        welcome = read_until(process, "Stop with Ctrl-C")
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=20), timeout=20) as client:
            client.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
        yield Demo(folder, port, sandbox_port, process, welcome)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Return what a process says up to the line with these words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"The process ended before it said {words!r}:\n{said}")
