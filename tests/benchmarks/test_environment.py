"""Environments of the peers: made once, and again when what they have to hold has changed."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.peers import environment


@pytest.fixture(name="ran")
def fixture_ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that would have been run; those that mention a broken package fail."""
    ran: list[list[str]] = []

    def run(command: list[object], **_: object) -> None:
        ran.append([str(word) for word in command])
        if "broken==1" in ran[-1]:
            raise subprocess.CalledProcessError(1, ran[-1])

    monkeypatch.setattr(environment, "HOME", tmp_path / "environments")
    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "environments" / "peer").mkdir(parents=True)
    return ran


def test_made_once(ran: list[list[str]]) -> None:
    """What is there already is not installed again; another version of it is."""
    (environment.HOME / "peer" / "left over").touch()
    folder = environment.node_environment("peer", "ms@2.1.3")
    assert ran[-1][-1] == "ms@2.1.3"
    assert not (folder / "left over").exists()
    assert environment.node_environment("peer", "ms@2.1.3") == folder
    assert len(ran) == 1
    environment.node_environment("peer", "ms@2.1.2")
    assert len(ran) == 2


def test_broken_installation(ran: list[list[str]]) -> None:
    """An installation that failed half-way is not taken for a whole one."""
    for _ in range(2):
        with pytest.raises(subprocess.CalledProcessError):
            environment.node_environment("peer", "broken==1")
    assert len(ran) == 2
