"""The environment of a command: the process's own, and beneath it that of a demo started in this folder.

``tiergate demo`` leaves its addresses in ``.tiergate/demo.env``, so that ``tiergate explain`` and
``tiergate clock advance`` in another terminal speak to it without a word of configuration. Any variable
that is set wins, and a folder without a demo adds nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path

DEMO_FOLDER = Path(".tiergate")
DEMO_ACCOUNT = "acme"
"""The account that every visitor of the demo is signed in as."""
_DEMO_ENV = DEMO_FOLDER / "demo.env"
_PID = "TIERGATE_DEMO_PID"


def environment_here() -> dict[str, str]:
    """Return the variables that hold here."""
    left = _read(_DEMO_ENV)
    return {**(left if _is_running(left.pop(_PID, "")) else {}), **os.environ}


def remember_demo(variables: Mapping[str, str]) -> None:
    """Leave a demo's variables for the commands of other terminals; only their owner may read them."""
    DEMO_FOLDER.mkdir(exist_ok=True)
    _DEMO_ENV.unlink(missing_ok=True)
    _DEMO_ENV.touch(mode=0o600)
    lines = {**variables, _PID: str(os.getpid())}.items()
    _DEMO_ENV.write_text("".join(f"{name}={value}\n" for name, value in lines), encoding="utf-8")


def forget_demo() -> None:
    """Remove what a demo left."""
    _DEMO_ENV.unlink(missing_ok=True)


def _is_running(pid: str) -> bool:
    """Whether the demo that left its variables is still there: one that was killed could not tidy up."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _read(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
