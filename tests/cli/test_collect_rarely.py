"""The collector of cycles leaves alone what is loaded, and still finds what comes after."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from tiergate.cli.serving import collect_rarely


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_loaded_is_left_alone() -> None:
    """Nearly all that lives by then is not searched any more, and no collection begins after few objects."""
    collect_rarely()
    assert gc.get_freeze_count() > 10 * len(gc.get_objects())
    assert gc.get_threshold()[0] > 10_000


def test_what_comes_after_is_collected() -> None:
    """Cycles that are made while the process serves are found as ever."""
    collect_rarely()
    gone = weakref.ref(Knot())
    kept = Knot()
    gc.collect()
    assert gone() is None
    assert kept.itself is kept
