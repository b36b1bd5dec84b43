"""What no file of the repository names."""

import re

import pytest

from tests.tidy.source import texts

REGISTRIES = r"\b(pypi|pythonhosted|npmjs|yarnpkg|test\.pypi)\.(org|com)\b"
MACHINE_PATHS = r"(?<![\w.~\-/}])/(root|work|Users/\w+|home/\w+)/"
NEIGHBOURS = r"\.\./shared\b"


@pytest.mark.parametrize(
    "pattern",
    [REGISTRIES, MACHINE_PATHS, NEIGHBOURS],
    ids=["registries", "machine paths", "folders beside ours"],
)
def test_no_file_names(pattern: str) -> None:
    """No file names a package registry, a folder of somebody's machine, or one beside the repository."""
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1} {match.group()}"
        for name, text in texts()
        for match in re.finditer(pattern, text)
    ]
    assert found == []


def test_pages_ask_no_other_host() -> None:
    """Templates, style sheets, scripts and pictures of the packages load nothing from elsewhere."""
    foreign = [
        f"{name}: {match.group()}"
        for name, text in texts()
        if name.startswith("src/") and name.endswith((".html", ".jinja", ".j2", ".css", ".js", ".svg"))
        for match in re.finditer(r"(https?:|[\"'(])//(?!www\.w3\.org/)[\w.\-]+", text)
    ]
    assert foreign == []
