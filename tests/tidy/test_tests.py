"""Tests say what they hold, and all of them run."""

import ast

from tests.tidy.source import functions, modules

NOT_RUN = {"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest", "expectedFailure", "skipUnless"}


def test_every_test_states_the_behaviour() -> None:
    """Every test has a docstring."""
    silent = [
        f"{name}:{function.lineno} {function.name}"
        for name, tree in modules("tests")
        for function in functions(tree)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert silent == []


def test_every_test_runs() -> None:
    """No test is skipped or expected to fail."""
    avoided = [
        f"{name}:{node.lineno} {node.attr}"
        for name, tree in modules("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in NOT_RUN
    ]
    assert avoided == []
