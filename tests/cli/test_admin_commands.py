"""Admins on the command line: made, listed, given passwords and disabled."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tiergate.cli.commands import app
from tiergate.settings import settings_from
from tiergate.store.migrate import upgrade

ADA = "ada@example.com"
PASSWORD = "four words of no renown"


@pytest.fixture(autouse=True)
def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a database and the keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'tiergate.db'}")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_cli_tests")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
    upgrade(settings_from().database_url)


def tiergate(*arguments: str, typed: str = "") -> str:
    """Run a command and return what it said; what goes wrong is raised."""
    return CliRunner().invoke(app, ["admin", *arguments], input=typed, catch_exceptions=False).output


def test_an_admin_is_made_and_listed() -> None:
    """The password is typed twice and shown never; the list says since when."""
    said = tiergate("add", ADA, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert "ada@example.com may sign in at http://localhost:8000/admin" in said
    assert PASSWORD not in said
    assert tiergate("list").startswith(ADA)
    assert "active" in tiergate("list")


def test_a_password_may_come_from_a_pipe() -> None:
    """Nothing is asked then, and only the end of the line is cut off."""
    assert "may sign in" in tiergate("add", ADA, "--password-stdin", typed=f"{PASSWORD} \r\n")
    assert "another password" in tiergate("password", ADA, "--password-stdin", typed=f"new {PASSWORD}\n")


def test_a_disabled_admin_is_shown_as_such() -> None:
    """And gets in again with a new password."""
    tiergate("add", ADA, "--password-stdin", typed=PASSWORD)
    assert "can no longer sign in" in tiergate("disable", ADA)
    assert "disabled since" in tiergate("list")
    tiergate("password", ADA, "--password-stdin", typed=PASSWORD)
    assert "active" in tiergate("list")


def test_without_admins_it_says_what_to_do() -> None:
    """An empty list names the command that makes one."""
    assert "tiergate admin add" in tiergate("list")
