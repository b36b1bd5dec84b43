"""Fixtures for pages in a real browser: Debian's Chromium, driven by Playwright, without a network."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).parents[2]
AXE_SCRIPT = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = REPOSITORY / "tests" / "output"

# Chromium on its own looks for updates, accounts and faster protocols at its maker's servers.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
LOOPBACK = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost|\[::1\])[:/]|(about|blob|data):")


def browser_executable() -> str:
    """Where Chromium is. Fails the test where it is not, and says what to run."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail(
            "no browser: an administrator must run `apt-get install --no-install-recommends chromium`"
        )
    return executable


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for the session."""
    # Chromium refuses to run as root inside its own sandbox.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_executable(), args=QUIET + as_root)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page on a desktop's screen. A script error or a request to another host fails the test."""
    yield from watched_page(browser, width=1280, height=800)


@pytest.fixture
def phone_page(browser: Browser) -> Iterator[Page]:
    """An empty page on a phone's screen, watched likewise."""
    yield from watched_page(browser, width=390, height=844)


def watched_page(browser: Browser, *, width: int, height: int) -> Iterator[Page]:
    """Give a page in a context of its own, and fail afterwards with all that went wrong on it."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("request", lambda request: troubles.extend(_foreign(request.url)))
    yield page
    context.close()
    assert not troubles, "\n".join(troubles)


def _foreign(url: str) -> list[str]:
    return [] if LOOPBACK.match(url) else [f"request to another host: {url}"]


_SETTLED = """async () => {
    const paint = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await paint();
    const changes = document.getAnimations().filter(animation => animation instanceof CSSTransition);
    await Promise.allSettled(changes.map(change => change.finished));
    await paint();
}"""
"""Halfway through a change of the colour scheme, neither the old colours are shown nor the new ones."""


def _assert_accessible(page: Page) -> None:
    """Fail with every rule of axe-core that the page breaks, and the elements that break it."""
    if not AXE_SCRIPT.exists():
        pytest.fail("axe-core is not installed: run `make setup`")
    page.evaluate(_SETTLED)
    page.evaluate(AXE_SCRIPT.read_text())
    violations: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    assert not violations, "\n".join(
        f"{violation['id']}: {violation['help']}\n    {node['html']}\n    {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    )


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """The accessibility check of a page, in the colour scheme that it shows at that moment."""
    return _assert_accessible


@pytest.fixture
def picture() -> Callable[[Page, str], Path]:
    """Save the whole page as ``tests/output/NAME.png``, for people to look at."""

    def save(page: Page, name: str) -> Path:
        path = PICTURES / f"{name}.png"
        page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    return save
