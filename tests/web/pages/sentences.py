"""All sentences that the code says to customers, found in the source and in the templates."""

import ast
from collections.abc import Iterator
from pathlib import Path

import jinja2
from jinja2 import nodes

import tiergate
from tiergate.rules.payment_problem import WORDS

SOURCE = Path(tiergate.__file__).parent
TEMPLATES = sorted(path for path in (SOURCE / "web" / "templates").glob("*.html") if "admin" not in path.name)


def sentences() -> set[str]:
    """The English text of each sentence, by which other languages find it."""
    return {text for path in _modules() for text in _of_module(path)}.union(
        WORDS, *(set(_of_template(path)) for path in TEMPLATES)
    )


def _modules() -> Iterator[Path]:
    return (path for path in SOURCE.rglob("*.py") if "admin" not in path.parts)


def _of_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        place = {"say": 0, "Sentence": 0, "count": 1}.get(name)
        if place is not None and len(node.args) > place:
            yield from _texts(node.args[place])


def _texts(node: ast.expr) -> Iterator[str]:
    """The text itself, or both of ``a if … else b``."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _of_template(path: Path) -> Iterator[str]:
    tree = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "say":
            text = call.args[0]
            assert isinstance(text, nodes.Const), f"{path.name}: what is said must be written there"
            yield str(text.value)
