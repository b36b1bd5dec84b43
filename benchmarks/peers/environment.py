"""Environments for the peers, made when they are first asked for, below ``.bench``.

Nothing of a peer's is installed beside the product. An environment is made again when what it has to hold
has changed. Raises ``subprocess.CalledProcessError`` where the installation fails.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HOME = Path(__file__).parents[2] / ".bench"
_UV = Path(sys.executable).with_name("uv")


def python_environment(name: str, *requirements: str) -> Path:
    """Return the interpreter of a virtual environment that holds ``requirements`` (``"django==5.2.9"``)."""
    python = HOME / name / "bin" / "python"

    def install(folder: Path) -> None:
        _run(_UV, "venv", "--quiet", "--python", sys.executable, folder)
        _run(_UV, "pip", "install", "--quiet", "--python", python, *requirements)

    _made(HOME / name, requirements, install)
    return python


def node_environment(name: str, *packages: str) -> Path:
    """Return a folder whose ``node_modules`` hold ``packages`` (``"pg@8.16.3"``)."""

    def install(folder: Path) -> None:
        folder.mkdir()
        (folder / "package.json").write_text('{"private": true}\n')
        _run("npm", "install", "--prefix", folder, "--loglevel=error", "--no-audit", "--no-fund", *packages)

    return _made(HOME / name, packages, install)


def _made(folder: Path, wanted: tuple[str, ...], install: Callable[[Path], None]) -> Path:
    """Return the folder, filled by ``install`` unless it holds what is wanted already.

    The list of what is in it is written last, so that a broken installation is never taken for a whole one.
    """
    holds = folder / "holds.txt"
    text = "\n".join(wanted) + "\n"
    if not holds.is_file() or holds.read_text() != text:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"installing {' '.join(wanted)} …", file=sys.stderr)
        install(folder)
        holds.write_text(text)
    return folder


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
