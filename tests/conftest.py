"""What holds for the whole suite: where fixtures come from, and the order of the browser's tests."""

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.browser", "tests.support.databases"]

# A gate must judge the same code the same way twice; `--hypothesis-profile=explore` looks further.
settings.register_profile("gate", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("gate")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last.

    Playwright keeps an event loop running in the thread of the tests for as long as the browser is open, and
    `asyncio.run` refuses to work beside it.
    """
    items.sort(key=_drives_a_browser)


def _drives_a_browser(item: pytest.Item) -> bool:
    # A test that chooses its screen by name asks for the fixture when it runs, so its file must say it.
    return "browser" in getattr(item, "fixturenames", ()) or item.path.stem.endswith("in_browser")
