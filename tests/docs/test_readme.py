"""What the README promises is run: its commands, its Python, its links, and its lists."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.demo import REPOSITORY, Demo, serving_demo
from tiergate_sandbox.testing import run_sandbox

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

MAKE_TARGETS = {"make demo", "make test"}
"""Checked in the Makefile instead: the first serves on fixed ports, the second is what runs here."""


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every line of the README's shell blocks, without its comment."""
    lines = (line for block in blocks("sh") for line in block.splitlines())
    return [command for line in lines if (command := line.partition("#")[0].strip())]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo that the README starts, on free ports."""
    with serving_demo(tmp_path_factory.mktemp("readme")) as serving:
        yield serving


def test_every_command_of_the_readme_is_known_here() -> None:
    """Each line is a make target, or a command of tiergate that the next test runs."""
    tiergate = {command for command in commands() if command.startswith(".venv/bin/tiergate ")}
    assert set(commands()) - tiergate == MAKE_TARGETS
    assert tiergate == {".venv/bin/tiergate explain", ".venv/bin/tiergate clock advance 14d"}


def test_the_commands_of_the_readme_work_in_their_order(demo: Demo) -> None:
    """With a trial of Team started in the demo, each command succeeds, and then the trial is over."""
    assert "Start a trial of Team" in README
    demo.buy("team")
    demo.settle()
    for command in commands():
        if command not in MAKE_TARGETS:
            demo.tiergate(*command.split()[1:])
    answer = demo.get("/api/billing/subscription").json()
    assert (answer["plan"], answer["reason"]) == ("free", "trial_ended")
    assert "the trial is over" in README
    assert "the account is on the free plan" in README


def test_the_demo_prints_three_links(demo: Demo) -> None:
    """The welcome shows as many links as the README says."""
    assert "It prints three links: the pricing page, the billing page, and the sandbox" in README
    assert len(re.findall(r"^ +(Pricing|Billing|Sandbox) +http", demo.welcome, re.MULTILINE)) == 3


def test_make_demo_starts_exactly_that() -> None:
    """`make demo` sets up what it needs and runs the command that these tests run, on the usual ports.

    ``DEMO`` adds options, and is empty unless somebody says otherwise.
    """
    assert recipe("demo") == ["@$(BIN)/tiergate demo $(DEMO)"]
    assert not re.search(r"^DEMO\b", MAKEFILE, re.MULTILINE)
    assert re.search(r"^demo: \$\(PYTHON_READY\)", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("target", ["setup", "demo", "test", "lint", "story", "bench"])
def test_make_has_its_targets(target: str) -> None:
    """Each target exists, says what it does, and can be planned by make."""
    assert re.search(rf"^{target}:.*## \w", MAKEFILE, re.MULTILINE)
    planned = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.synced", "--old-file=node_modules/.synced", target],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert planned.returncode == 0, planned.stderr


def test_make_test_runs_everything() -> None:
    """`make test` runs the whole suite, and holds the rules to their coverage."""
    assert "$(BIN)/pytest -n 2" in recipe("test")
    assert any("coverage" in line for line in recipe("test"))


def recipe(target: str) -> list[str]:
    """The lines of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, target
    return [line.strip() for line in found[1].splitlines()]


def test_the_python_of_the_readme_runs(tmp_path: Path, migrated_sqlite_url: str) -> None:
    """The Python block runs as it stands, mounts the application, and prints what its comment says."""
    (block,) = blocks("python")
    with run_sandbox() as sandbox:
        environment = {
            "DATABASE_URL": migrated_sqlite_url,
            "STRIPE_SECRET_KEY": "sk_test_readme",
            "STRIPE_WEBHOOK_SECRET": "whsec_readme",
            "STRIPE_API_BASE": sandbox.base_url,
            "HOME": str(tmp_path),
        }
        (tmp_path / "billing.toml").write_text(catalogue())
        tiergate = Path(sys.executable).with_name("tiergate")
        subprocess.run([tiergate, "plans", "push"], cwd=tmp_path, env=environment, check=True)
        (tmp_path / "host.py").write_text(block)
        ended = subprocess.run(
            [sys.executable, "host.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    (comment,) = re.findall(r"print\(decision\.reason, decision\.offer\) +# (.*)", block)
    assert ended.stdout.strip() == comment.replace(", Offer", " Offer")


def catalogue() -> str:
    """The demo's catalogue."""
    from importlib.resources import files

    return (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")


def test_what_the_readme_links_to_is_there() -> None:
    """Every file and picture that the README links to exists."""
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert linked
    assert [target for target in linked if not (REPOSITORY / target).exists()] == []
