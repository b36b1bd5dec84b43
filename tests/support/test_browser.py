"""The browser's fixtures notice what they promise to notice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support import browser as support


def test_an_accessible_page_passes(page: Page, axe: Callable[[Page], None]) -> None:
    """A page with a language, a title and a main part breaks no rule."""
    page.set_content("<html lang=en><title>Plans</title><main><h1>Plans</h1></main></html>")
    axe(page)


def test_an_inaccessible_page_fails(page: Page, axe: Callable[[Page], None]) -> None:
    """A picture without a description is named with its rule."""
    page.set_content("<html lang=en><title>Plans</title><main><h1>Plans</h1><img src='data:,'></main></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("<script>throw new Error('broken')</script>", "script error: broken"),
        (
            "<img src='http://elsewhere.invalid/pixel.gif'>",
            "request to another host: http://elsewhere.invalid",
        ),
    ],
    ids=["script error", "foreign host"],
)
def test_a_page_with_trouble_fails(browser: Browser, content: str, trouble: str) -> None:
    """A script error or a request to another host fails the test at its end."""
    watched = support.watched_page(browser, width=390, height=844)
    next(watched).set_content(content)
    with pytest.raises(AssertionError, match=trouble):
        next(watched)


def test_a_picture_is_saved_under_its_name(
    phone_page: Page, picture: Callable[[Page, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A picture of a phone's page is a PNG file of that width."""
    monkeypatch.setattr(support, "PICTURES", tmp_path)
    phone_page.set_content("<h1>Plans</h1>")
    data = picture(phone_page, "plans").read_bytes()
    assert (data[:4], int.from_bytes(data[16:20])) == (b"\x89PNG", 390)


def test_a_missing_browser_fails_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Chromium is missing the tests fail, and say what an administrator must run."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="apt-get install --no-install-recommends chromium"):
        support.browser_executable()
