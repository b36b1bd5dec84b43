"""The documentation leaves nothing out, and names nothing that is not there."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
import typer.main

import tiergate
from tests.cli.demo import REPOSITORY
from tiergate.cli.commands import app
from tiergate.rules.errors import TiergateError
from tiergate.services.changes.change_errors import ChangeRefusedError
from tiergate.web.problems import STATUS_OF_CODE

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
RUNNING = (REPOSITORY / "docs" / "running.md").read_text(encoding="utf-8")
SOURCE = Path(tiergate.__path__[0])
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
ALL_TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
THE_DEMOS_OWN = {"TIERGATE_DEMO_PID", "TIERGATE_DEMO_ADMIN"}
"""What the demo writes for its own commands, and nobody sets."""

CHOSEN_BY_THE_FOUNDER = re.compile(r"STRIPE_PRICE_\w+")
"""What a catalogue names as the holder of a price."""

VARIABLE = r"\b(?:DATABASE_URL|STRIPE_[A-Z_]*[A-Z]|TIERGATE_[A-Z_]*[A-Z])\b"


def source_of(*folders: str) -> str:
    """The text of tiergate's modules below these folders, or of all."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for folder in folders or (".",)
        for path in sorted((SOURCE / folder).rglob("*.py"))
    )


def variables_that_are_read() -> set[str]:
    """Every environment variable that the code looks up."""
    return set(re.findall(rf'(?:\.get\(|\[|given, )"({VARIABLE})"', source_of()))


def test_every_variable_stands_in_a_table() -> None:
    """The tables of the README and of docs/running.md name exactly the variables that are read."""
    tables = set(re.findall(rf"^\| `({VARIABLE})` \|", README + RUNNING, re.MULTILINE))
    assert tables == variables_that_are_read()


def test_no_document_names_a_variable_that_is_not_read() -> None:
    """A variable that a document or a message speaks of has an effect."""
    spoken_of = set(re.findall(VARIABLE, ALL_TEXT + source_of()))
    chosen = {name for name in spoken_of if CHOSEN_BY_THE_FOUNDER.fullmatch(name)}
    assert spoken_of - THE_DEMOS_OWN - chosen == variables_that_are_read()


def command_names() -> list[str]:
    """Every command of tiergate, with its group."""
    top = typer.main.get_group(app)
    names = []
    for name, command in sorted(top.commands.items()):
        parts = getattr(command, "commands", None)
        names += [f"{name} {part}" for part in sorted(parts)] if parts else [name]
    return names


@pytest.mark.parametrize("command", command_names())
def test_every_command_is_documented(command: str) -> None:
    """Each command stands in the README or in docs."""
    assert re.search(rf"tiergate {command}\b", ALL_TEXT) or f"make {command}" in ALL_TEXT


def test_no_document_or_message_names_a_command_that_is_not_there() -> None:
    """`tiergate …` in a document, and `Run: tiergate …` in a message, is a command that exists."""
    named = set(re.findall(r"`(?:\.venv/bin/)?tiergate ([a-z][a-z ]*)", ALL_TEXT + source_of()))
    named |= set(re.findall(r"Run: tiergate ([a-z][a-z ]*[a-z])", source_of()))
    known = command_names()
    assert named
    assert [name for name in named if not any(f"{name.strip()} ".startswith(f"{k} ") for k in known)] == []


def error_classes() -> list[type[TiergateError]]:
    """Every error of tiergate."""
    for module in walk_packages(tiergate.__path__, "tiergate."):
        if "migrations" not in module.name:
            import_module(module.name)
    found: list[type[TiergateError]] = []
    waiting = [TiergateError]
    while waiting:
        error = waiting.pop()
        found.append(error)
        waiting += error.__subclasses__()
    return [error for error in found if error.__module__.startswith("tiergate.")]


def test_every_code_with_a_status_belongs_to_an_error_that_is_raised() -> None:
    """No HTTP status is kept for a code that nothing raises; refusals of changes are picked by a table."""
    raised = set(re.findall(r"raise (\w+)", source_of()))
    codes = {
        error.code
        for error in error_classes()
        if error.__name__ in raised or issubclass(error, ChangeRefusedError)
    }
    assert STATUS_OF_CODE.keys() - codes == set()


def test_codes_are_stable_words_of_one_error_each() -> None:
    """Every error has a code of its own, in lower case with underscores."""
    codes = [error.code for error in error_classes()]
    assert sorted(codes) == sorted(set(codes))
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(_[a-z]+)*", code)] == []
