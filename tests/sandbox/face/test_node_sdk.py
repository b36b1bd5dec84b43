"""Stripe's SDK for Node, unmodified, against a served sandbox."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sandbox.face.conftest import REPOSITORY
from tiergate_sandbox.testing import ServedSandbox

SCRIPT = Path(__file__).parent / "node" / "life.mjs"


@pytest.fixture(scope="session")
def node() -> str:
    """The command ``node``. Fails the test where it or the SDK is not, and says what to run."""
    command = shutil.which("node")
    if command is None or not (REPOSITORY / "node_modules" / "stripe").exists():
        pytest.fail("no Node with Stripe's SDK: install Node 20 or newer and run `make setup`")
    return command


def test_a_life(node: str, served: ServedSandbox) -> None:
    """A trial converts, changes its plan and ends; pages, search, idempotency and errors are right."""
    port = str(urlsplit(served.base_url).port)
    ended = subprocess.run(
        [node, SCRIPT, port], check=False, capture_output=True, text=True, timeout=60, cwd=REPOSITORY
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "trial": ["trialing", "ada@example.com", 0],
        "active": ["active", 5000],
        "changed": ["active", True, "paid"],
        "invoices": 3,
        "scheduled": [True, False],
        "ended": "canceled",
        "found": [True],
        "events": [True],
        "once": True,
        "missing": ["StripeInvalidRequestError", 404, "resource_missing", "id"],
        "unknown": ["StripeInvalidRequestError", 400, "parameter_unknown", "colour"],
        "declined": ["StripeCardError", 402, "card_declined", ""],
    }
