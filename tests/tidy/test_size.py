"""Functions and files stay small enough to be read in one go."""

import ast

from tests.tidy.source import REPOSITORY, FunctionNode, functions, modules

MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400

MIGRATIONS = "src/tiergate/store/migrations/versions/"
"""A migration is one list of statements, read from top to bottom; to divide it would hide its order."""

LONGER_FILES: dict[str, str] = {}
"""Files of ``src`` that may be longer, each with the reason."""


def _length(node: FunctionNode | ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _lines(function: FunctionNode) -> int:
    """From ``def`` to the last line, without the docstring, which tells and does not do."""
    documentation = _length(function.body[0]) if ast.get_docstring(function) else 0
    return _length(function) - documentation


def test_functions_are_short() -> None:
    """No function of the source, the tests or the benchmarks is longer than 60 lines."""
    long = [
        f"{name}:{function.lineno} {function.name} has {_lines(function)} lines"
        for folder in ("src", "tests", "benchmarks")
        for name, tree in modules(folder)
        for function in functions(tree)
        if not name.startswith(MIGRATIONS) and _lines(function) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_files_are_short() -> None:
    """No file of the source is longer than 400 lines, unless it is listed with a reason."""
    long = {
        name
        for name, _ in modules("src")
        if not name.startswith(MIGRATIONS)
        and len((REPOSITORY / name).read_text().splitlines()) > MOST_LINES_OF_A_FILE
    }
    assert long == LONGER_FILES.keys()
