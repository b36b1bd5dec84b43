"""`tiergate plans`: what each command says, writes and answers with."""

import json
from pathlib import Path

import pytest

from tests.cli.running import NORTHWIND, Tiergate, configured

WRONG = NORTHWIND.replace("seats = 10", "seats = -1")
DEARER = NORTHWIND.replace("unit_amount = 4900\n", "unit_amount = 5900\n")


@pytest.fixture
def environment(migrated_sqlite_url: str, sandbox_url: str) -> dict[str, str]:
    """A database and a sandbox."""
    return configured(sandbox_url, DATABASE_URL=migrated_sqlite_url)


def write(tmp_path: Path, text: str) -> Path:
    """Write the file of the plans."""
    file = tmp_path / "billing.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_check_needs_no_configuration(tiergate: Tiergate, tmp_path: Path) -> None:
    """Mistakes have place and remedy and end with 1; a good file ends with 0, advice or not."""
    write(tmp_path, WRONG)
    code, out, _ = tiergate("plans", "check")
    assert code == 1
    line = WRONG[: WRONG.index("seats = -1")].count("\n") + 1
    assert out.startswith(f"billing.toml, line {line}, column 1: Feature 'seats' cannot be -1.")
    write(tmp_path, NORTHWIND.replace("unit_amount = 18000", "unit_amount = 22801"))
    code, out, _ = tiergate("plans", "check", "billing.toml")
    assert code == 0
    assert "billing.toml, advice, line" in out
    assert out.endswith("The plans can be published.\n")


def test_check_as_json(tiergate: Tiergate, tmp_path: Path) -> None:
    """For editors and continuous integration: the same, as data."""
    write(tmp_path, WRONG)
    code, out, _ = tiergate("plans", "check", "--json")
    told = json.loads(out)
    assert (code, told["valid"], told["advice"]) == (1, False, [])
    assert set(told["mistakes"][0]) == {"line", "column", "message", "remedy"}


def test_a_file_that_is_not_there(tiergate: Tiergate) -> None:
    """It is named, with what to write."""
    code, _, err = tiergate("plans", "check", "nowhere.toml")
    assert (code, err) == (
        1,
        "tiergate: nowhere.toml is not a file. Name the catalogue: tiergate plans push PATH\n",
    )


def test_diff_push_and_diff_again(tiergate: Tiergate, tmp_path: Path, environment: dict[str, str]) -> None:
    """What is shown is what is done, as text and as JSON."""
    write(tmp_path, NORTHWIND)
    code, out, _ = tiergate("plans", "diff", **environment)
    assert code == 0
    assert out.startswith("Nothing is published yet; this would be version 1.")
    assert tiergate("plans", "push", **environment)[0] == 0
    write(tmp_path, DEARER)
    told = json.loads(tiergate("plans", "diff", "--json", **environment)[1])
    assert [step["action"] for step in told["steps"]] == ["create_price", "archive_price"]
    code, out, _ = tiergate("plans", "push", **environment)
    assert out.splitlines()[0] == "created  team_monthly"
    assert "done     archive price team_monthly: not sold any more; who pays it goes on" in out
    assert "Stripe sells all of it already." in tiergate("plans", "diff", **environment)[1]


def test_pull_writes_the_file(tiergate: Tiergate, tmp_path: Path, environment: dict[str, str]) -> None:
    """From nothing, again, an earlier version, and to standard output."""
    file = write(tmp_path, NORTHWIND)
    tiergate("plans", "push", **environment)
    file.unlink()
    assert tiergate("plans", "pull", **environment)[:2] == (0, "billing.toml is written.\n")
    assert file.read_text(encoding="utf-8") == NORTHWIND
    assert tiergate("plans", "pull", **environment)[1] == "billing.toml is up to date.\n"
    write(tmp_path, DEARER)
    tiergate("plans", "push", **environment)
    code, _, _ = tiergate("plans", "pull", "--version", "1", **environment)
    assert (code, file.read_text(encoding="utf-8")) == (0, NORTHWIND)
    assert tiergate("plans", "pull", "--output", "-", **environment)[1] == DEARER
    assert [path.name for path in tmp_path.iterdir() if "billing" in path.name] == ["billing.toml"]


def test_pull_never_overwrites_what_would_be_lost(
    tiergate: Tiergate, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A file that was changed and not published stays, unless one insists or names another."""
    file = write(tmp_path, NORTHWIND)
    tiergate("plans", "push", **environment)
    write(tmp_path, f"{NORTHWIND}\n# hours of work\n")
    code, _, err = tiergate("plans", "pull", **environment)
    assert code == 1
    assert "billing.toml was changed and never published: it would be lost. Use --force" in err
    assert "# hours of work" in file.read_text(encoding="utf-8")
    assert tiergate("plans", "pull", "--output", "other.toml", **environment)[0] == 0
    assert tiergate("plans", "pull", "--force", **environment)[0] == 0
    assert file.read_text(encoding="utf-8") == NORTHWIND
    code, _, err = tiergate("plans", "pull", "--output", "no/such/folder.toml", **environment)
    assert (code, "cannot be written" in err) == (1, True)


def test_pull_from_stripe(tiergate: Tiergate, tmp_path: Path, environment: dict[str, str]) -> None:
    """The file that is there is brought in line; a note says what Stripe does not sell."""
    write(tmp_path, NORTHWIND)
    tiergate("plans", "push", **environment)
    more = NORTHWIND + '\n[addons.more]\nprices = [{ currency = "usd", unit_amount = 5 }]\n'
    write(tmp_path, more)
    code, out, err = tiergate("plans", "pull", "--from", "stripe", **environment)
    assert (code, out) == (0, "billing.toml is up to date.\n")
    assert err == "note: addons.more is in the file and not for sale at Stripe; it was left as it is.\n"


def test_migrate_shows_first(tiergate: Tiergate, tmp_path: Path, environment: dict[str, str]) -> None:
    """Without --yes nothing is done, and it says how to do it; --json has the same."""
    write(tmp_path, NORTHWIND)
    tiergate("plans", "push", **environment)
    code, out, _ = tiergate("plans", "migrate", **environment)
    assert (code, out) == (0, "Everybody is in version 1.\n")
    told = json.loads(tiergate("plans", "migrate", "--when", "now", "--json", **environment)[1])
    assert (told["preview"], told["when"], told["concerned"]) == (True, "now", 0)
    code, _, err = tiergate("plans", "migrate", "--to", "5", **environment)
    assert code == 1
    assert "There is no version 5. The versions are: 1." in err
