"""Every page in a real browser, under the policy that it is served with."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.web.pages.gallery import pages
from tiergate.web.render import content_security_policy, static_file

PAGES = dict(pages())
HOST = "http://localhost"
LOOKS = [
    "pricing",
    "pricing-team",
    "pricing-five",
    "pricing-seats",
    "billing-trial-card",
    "billing-grace",
    "billing-unpaid",
    "billing-own-seats",
    "billing-own-confirming",
    "billing-own-canceling",
    "change-moved",
    "change-down",
    "pricing-turned-back",
    "billing-own-removing-add-on",
    "buy-seats",
    "return-unpaid",
    "leaving-paid",
    "return-trial",
]
"""Pages that show every part in every tone between them."""


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(HOST)
    if path.startswith("/static/"):
        file = static_file(path.removeprefix("/static/"))
        assert file is not None, path
        route.fulfill(body=file.content, content_type=file.media_type)
        return
    route.fulfill(
        body=PAGES[path.removeprefix("/").partition("?")[0]],
        content_type="text/html; charset=utf-8",
        headers={"content-security-policy": content_security_policy()},
    )


def _open(page: Page, name: str, *, dark: bool = False) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.on("console", lambda message: pytest.fail(f"{name}: {message.text}"))
    page.route(f"{HOST}/**", _answer)
    page.goto(f"{HOST}/{name}")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Inter Variable\"'))")


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible_and_fit(name: str, page: Page, axe: Callable[[Page], None]) -> None:
    """No violation of axe, no complaint of the browser, and no sideways scrolling, on a phone neither."""
    _open(page, name)
    axe(page)
    assert _overflow(page) == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert _overflow(page) == 0


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_is_accessible(
    name: str, page: Page, phone_page: Page, axe: Callable[[Page], None]
) -> None:
    """In the dark and on a phone the same parts have other colours and another layout."""
    _open(page, name, dark=True)
    axe(page)
    _open(phone_page, name)
    axe(phone_page)
    phone_page.emulate_media(color_scheme="dark")
    axe(phone_page)


@pytest.mark.parametrize("accent", ["#ffe000", "#00ff88", "#000080", "#ff5a1f", "#808080"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_any_accent_stays_readable(page: Page, axe: Callable[[Page], None], accent: str, dark: bool) -> None:
    """A host may set any accent colour: its lightness is bounded so that all contrasts hold."""
    _open(page, "pricing", dark=dark)
    page.evaluate(f"document.documentElement.style.setProperty('--tg-accent', '{accent}')")
    axe(page)


def _shown(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".price-note:visible").all_inner_texts()]


def test_the_switch_changes_prices_and_forms_by_keyboard(page: Page) -> None:
    """Arrow keys move between monthly and yearly: the prices follow, and so does what a click would order."""
    _open(page, "pricing")
    assert _shown(page) == ["Free forever", "Billed monthly", "Billed monthly", "Billed monthly"]
    page.get_by_role("radio", name="Monthly").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="Yearly").is_checked()
    assert _shown(page)[2] == "Billed yearly · $468"
    with page.expect_request("**/api/billing/checkout") as ordered:
        page.route("**/api/billing/checkout", lambda route: route.fulfill(status=204))
        page.get_by_role("button", name="Start 14-day trial (Team)").click()
    assert ordered.value.post_data == "form_token=&plan=team&interval=year&currency=usd"


def test_the_address_can_choose_the_interval(page: Page) -> None:
    """The page for the year opens with yearly prices, and can be switched back."""
    _open(page, "pricing-yearly")
    assert _shown(page)[1] == "Billed yearly · $180"
    page.get_by_text("Monthly", exact=True).locator("visible=true").click()
    assert _shown(page)[1] == "Billed monthly"


def test_the_pricing_page_needs_no_script(browser: Browser) -> None:
    """With scripts switched off the interval changes, the currencies open, and a question is answered."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.route(f"{HOST}/**", _answer)
    page.goto(f"{HOST}/pricing-five")
    page.get_by_text("Yearly").locator("visible=true").first.click()
    assert _shown(page)[2] == "Billed yearly · $468"
    page.locator(".currency summary").click()
    assert page.get_by_role("link", name="Euro EUR").get_attribute("href") == (
        "/pricing?interval=month&currency=eur"
    )
    answer = page.get_by_text("Yes, at any time, on your billing page.")
    assert not answer.is_visible()
    page.get_by_text("Can I change my plan later?").click()
    assert answer.is_visible()
    context.close()


def test_usage_is_drawn_to_scale(page: Page) -> None:
    """A bar is as wide as its share of the limit."""
    _open(page, "billing-active")
    bar = page.locator(".bar").first
    drawn, whole = bar.locator("rect").bounding_box(), bar.bounding_box()
    assert drawn is not None
    assert whole is not None
    assert drawn["width"] / whole["width"] == pytest.approx(0.82, abs=0.005)


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    """The first stop of the tab key is the skip link, in sight, and it leads to the content."""
    _open(page, "billing-active")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    assert skip.evaluate("link => link === document.activeElement")
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
