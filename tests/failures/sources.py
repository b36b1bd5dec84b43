"""Where the failures come from: each test says which report it answers."""

from collections.abc import Callable
from typing import Any, TypeVar

_Test = TypeVar("_Test", bound=Callable[..., Any])

NUMBERS = range(1, 46)
"""The numbers of the reports."""

_ATTRIBUTE = "answers_failure"


def failure(number: int, *reports: str) -> Callable[[_Test], _Test]:
    """Mark a test as the answer to a report, by its number and by its public names (``project#issue``).

    The test's line must begin with one of these names.
    """

    def mark(test: _Test) -> _Test:
        setattr(test, _ATTRIBUTE, (number, reports))
        return test

    return mark


def answered_by(test: object) -> tuple[int, tuple[str, ...]] | None:
    """Return the number and the names that a test is marked with, if it is marked."""
    found: tuple[int, tuple[str, ...]] | None = getattr(test, _ATTRIBUTE, None)
    return found
