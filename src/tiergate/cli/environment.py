"""The environment of a command: the process's own, and beneath it that of a demo started in this folder.

``tiergate demo`` leaves its addresses in ``.tiergate/demo.env``, so that ``tiergate explain`` and
``tiergate clock advance`` in another terminal speak to it without a word of configuration. Any variable
that is set wins, and a folder without a demo adds nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path

DEMO_FOLDER = Path(".tiergate")
_DEMO_ENV = DEMO_FOLDER / "demo.env"


def environment_here() -> dict[str, str]:
    """Return the variables that hold here."""
    return {**_read(_DEMO_ENV), **os.environ}


def remember_demo(variables: Mapping[str, str]) -> None:
    """Leave a demo's variables for the commands of other terminals; only their owner may read them."""
    DEMO_FOLDER.mkdir(exist_ok=True)
    _DEMO_ENV.unlink(missing_ok=True)
    _DEMO_ENV.touch(mode=0o600)
    _DEMO_ENV.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")


def forget_demo() -> None:
    """Remove what a demo left."""
    _DEMO_ENV.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
