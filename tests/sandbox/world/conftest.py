"""What most scripts begin with."""

import pytest

from tests.sandbox.world.script import Script


@pytest.fixture
def script() -> Script:
    """A world with a clock and a product."""
    return Script()
