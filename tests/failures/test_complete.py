"""The list of failures is answered as a whole."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType

import tests.failures
from tests.failures.sources import NUMBERS, answered_by


def _tests() -> Iterator[FunctionType]:
    for module in pkgutil.iter_modules(tests.failures.__path__):
        if module.name.startswith("test_"):
            loaded = importlib.import_module(f"tests.failures.{module.name}")
            own = inspect.getmembers(loaded, inspect.isfunction)
            yield from (test for name, test in own if name.startswith("test_"))


def test_every_failure_is_answered() -> None:
    """Each of the 45 reports is answered by at least one test."""
    answered = {found[0] for test in _tests() if (found := answered_by(test))}
    assert answered == set(NUMBERS)


def test_every_answer_names_its_report() -> None:
    """The line of each such test begins with the public name of its report."""
    silent = [
        test.__name__
        for test in _tests()
        if (found := answered_by(test)) and not (test.__doc__ or "").startswith(tuple(found[1]))
    ]
    assert silent == []
