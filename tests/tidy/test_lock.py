"""requirements.lock holds what pyproject.toml asks for; npm checks its own lock file when it installs."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.tidy.source import REPOSITORY

PIN = re.compile(r"^([\w.-]+)==([\w.!+]+).*\n((?: .*\n)+)", re.MULTILINE)


def _asked() -> list[Requirement]:
    manifest = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    groups = [
        manifest["project"]["dependencies"],
        *manifest["project"]["optional-dependencies"].values(),
        *manifest["dependency-groups"].values(),
    ]
    return [Requirement(line) for group in groups for line in group]


def _locked() -> dict[str, tuple[Version, bool]]:
    """The version of each package, and whether pyproject.toml itself asked for it when it was locked."""
    lock = (REPOSITORY / "requirements.lock").read_text()
    return {name: (Version(version), "tiergate (" in origin) for name, version, origin in PIN.findall(lock)}


def test_the_lock_satisfies_the_manifest() -> None:
    """Every requirement is locked at a version that it accepts; else run `make lock`."""
    locked = _locked()
    unmet = [
        str(asked)
        for asked in _asked()
        if canonicalize_name(asked.name) not in locked
        or locked[canonicalize_name(asked.name)][0] not in asked.specifier
    ]
    assert unmet == []


def test_the_lock_holds_nothing_that_is_no_longer_asked_for() -> None:
    """What was locked because pyproject.toml asked for it is still asked for; else run `make lock`."""
    asked = {canonicalize_name(requirement.name) for requirement in _asked()}
    assert {name for name, (_, direct) in _locked().items() if direct} == asked
