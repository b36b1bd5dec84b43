"""The files of the repository, as the tests on the source read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the repository: tracked, or new and not ignored."""
    # The checkout may belong to another user than the one that runs the tests.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = (REPOSITORY / name for name in sorted(set(listed.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file())


def name_of(path: Path) -> str:
    """The path from the top of the repository, as messages show it."""
    return path.relative_to(REPOSITORY).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is text."""
    for path in files():
        try:
            yield name_of(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@cache
def modules(folder: str) -> tuple[tuple[str, ast.Module], ...]:
    """Name and syntax tree of every Python file below ``folder``."""
    return tuple(
        (name_of(path), ast.parse(path.read_text(encoding="utf-8")))
        for path in files()
        if path.suffix == ".py" and name_of(path).startswith(f"{folder}/")
    )


def functions(tree: ast.AST) -> Iterator[FunctionNode]:
    """Every function and method in a tree, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node
