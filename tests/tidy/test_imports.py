"""What the pure parts may import; import-linter holds the arrows between the others."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import modules

PURE = {
    "__future__",
    "abc",
    "base64",
    "bisect",
    "calendar",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "string",
    "textwrap",
    "tomllib",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("src/tiergate/rules", {"tiergate.rules"}),
        ("src/tiergate_sandbox/world", {"tiergate_sandbox.world", "msgspec"}),
    ],
    ids=["rules", "world"],
)
def test_the_pure_parts_know_little(folder: str, allowed: set[str]) -> None:
    """The rules and the sandbox's world import themselves and harmless parts of the standard library."""
    strays = [
        f"{name} imports {imported}"
        for name, tree in modules(folder)
        for imported in _imported(tree)
        if imported.partition(".")[0] not in PURE | allowed
        and not any(imported == own or imported.startswith(f"{own}.") for own in allowed)
    ]
    assert strays == []


def test_only_the_store_speaks_to_a_driver() -> None:
    """Of tiergate only the store may import a database's driver; import-linter sees just what is imported."""
    strays = [
        f"{name} imports {imported}"
        for name, tree in modules("src/tiergate")
        if not name.startswith("src/tiergate/store/")
        for imported in _imported(tree)
        if imported.partition(".")[0] in {"psycopg", "sqlite3"}
    ]
    assert strays == []
