"""The admin in a real browser: a plan on its way from the form to a customer, and every page looked at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.admin.live import Live, serve
from tests.web.routes.site import ADMIN, PASSWORD
from tiergate.services.plans.edit_catalog import read_tables, set_plan

PAGES = {
    "plans": "/admin/plans",
    "plan": "/admin/plans/team",
    "new-plan": "/admin/plans/new",
    "review": "/admin/plans/review",
    "text": "/admin/plans/text",
    "features": "/admin/features",
    "feature": "/admin/features/seats",
    "checkout": "/admin/settings/checkout",
    "billing": "/admin/settings/billing",
}
LOOKED_AT = {**PAGES, "broken-plans": "/admin/plans", "broken-review": "/admin/plans/review"}


@pytest.fixture
def live(site_url: str, sandbox_url: str) -> Iterator[Live]:
    """The site on a port."""
    with serve(site_url, sandbox_url) as served:
        yield served


def sign_in(page: Page, live: Live) -> None:
    """Sign in as the admin."""
    page.goto(f"{live.url}/admin")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Plans", exact=True)).to_be_visible()


def begin_draft(live: Live, *, broken: bool = False) -> None:
    """Let there be a draft that changes a plan and adds one."""

    def change(text: str) -> str:
        team = read_tables(text, "plans")["team"]
        team["prices"][0]["unit_amount"] = 5900
        del team["features"]["audit_log"]
        prices = [{"interval": "month", "currency": "usd", "unit_amount": 9900}]
        edited = set_plan(set_plan(text, "team", team), "pro", {"prices": prices}, new=True)
        return edited.replace("sso = true", "sso = 7") if broken else edited

    live.billing.administration.edit(ADMIN, change)


def overflow(page: Page) -> int:
    """By how much the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_plan_is_created_published_and_bought(live: Live, page: Page) -> None:
    """Navigate to Plans, Create plan, review what differs, publish; a customer sees it and buys it."""
    sign_in(page, live)
    page.get_by_role("link", name="Create plan").click()
    page.get_by_label("Key", exact=True).fill("solo")
    page.get_by_label("Name", exact=True).fill("Solo")
    page.get_by_label("Description").fill("For one person")
    page.get_by_label("Amount").first.fill("9.90")
    page.get_by_label("Currency").first.fill("usd")
    page.get_by_label("Projects").fill("3")
    page.get_by_label("Custom domain").check()
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.get_by_role("status")).to_contain_text("Saved in the draft")
    expect(page.get_by_role("row", name="Solo For")).to_contain_text("$9.90 a month")
    page.goto(f"{live.url}/pricing")
    expect(page.get_by_role("heading", name="Solo")).to_have_count(0)
    page.goto(f"{live.url}/admin/plans")
    page.get_by_role("link", name="Review and publish").click()
    expect(page.get_by_role("heading", name="Solo")).to_contain_text("New plan")
    expect(page.get_by_text("create price solo_monthly")).to_be_visible()
    expect(page.get_by_role("row", name="Free, version 1")).to_contain_text("2")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("status")).to_contain_text("Published")
    page.goto(f"{live.url}/pricing")
    card = page.locator(".plan", has=page.get_by_role("heading", name="Solo"))
    expect(card).to_contain_text("$9.90")
    expect(card).to_contain_text("3 projects")
    card.get_by_role("button").locator("visible=true").click()
    page.wait_for_url("**/c/pay/**")
    page.goto(f"{page.url}?card=succeeds")
    page.locator("button.primary").click()
    page.wait_for_url(f"{live.url}/billing/return**")
    assert live.billing.check("acme", "custom_domain").plan == "solo"
    assert live.billing.check("acme", "projects").limit == 3


def test_a_mistake_is_told_at_its_field(live: Live, page: Page) -> None:
    """What was typed stays, and the field that is wrong says what to write."""
    sign_in(page, live)
    page.goto(f"{live.url}/admin/plans/team")
    amount = page.get_by_label("Amount").first
    amount.fill("49,00")
    page.get_by_label("Name", exact=True).fill("The team")
    page.get_by_role("button", name="Save in the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("not saved yet")
    expect(amount).to_have_value("49,00")
    expect(amount).to_have_accessible_description("'49,00' is no amount: write it like 49 or 49.00.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("The team")


def test_the_order_is_changed_by_keyboard(live: Live, page: Page) -> None:
    """A plan moves up by a button that says so, and the pricing page follows once it is published."""
    sign_in(page, live)
    page.get_by_role("button", name="Move Team up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    names = page.locator(".list-main a").all_inner_texts()
    assert names == ["Free", "Team", "Starter", "Scale"]


def test_settings_are_saved_and_published(live: Live, page: Page) -> None:
    """Settings, Billing: the retry schedule and what renewals do are in force once published."""
    sign_in(page, live)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("After a purchase").fill("https://northwind.example/welcome")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Billing").click()
    page.get_by_label("Charge renewals automatically").uncheck()
    page.get_by_label("Days to pay an invoice").fill("14")
    page.get_by_label("Retry after, in days").fill("2, 4")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_role("link", name="Review and publish").click()
    expect(page.get_by_text("billing.auto_charge: yes → no")).to_be_visible()
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("status")).to_contain_text("Published")
    catalog = live.billing.catalog()
    assert catalog.checkout.success_url == "https://northwind.example/welcome"
    assert (catalog.billing.auto_charge, catalog.billing.days_until_due) == (False, 14)
    assert catalog.billing.retry_after_days == (2, 4)


def test_a_conflict_is_shown(live: Live, page: Page) -> None:
    """Where somebody has published meanwhile there is no button to publish until the draft is kept."""
    begin_draft(live)
    published = live.billing.administration.editing().published_text
    live.billing.push_plans(published + "\n# from the command line\n")
    sign_in(page, live)
    page.get_by_role("link", name="Review and publish").click()
    expect(page.get_by_role("heading", name="Version 2 was published after")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    page.get_by_role("button", name="Keep the draft").click()
    page.get_by_role("button", name="Publish version 3").click()
    expect(page.get_by_role("status")).to_contain_text("Published")


def test_every_page_is_accessible_and_fits(
    live: Live, page: Page, axe: Callable[[Page], None], picture: Callable[[Page, str], Path]
) -> None:
    """In the light and in the dark, on a desktop and on a phone: no violation, no sideways scrolling."""
    page.goto(f"{live.url}/admin/sign-in")
    _look_at(page, "sign-in", axe, picture)
    sign_in(page, live)
    begin_draft(live)
    for name, path in LOOKED_AT.items():
        if name == "broken-plans":
            begin_again_broken(live)
        page.goto(f"{live.url}{path}")
        _look_at(page, name, axe, picture)


def begin_again_broken(live: Live) -> None:
    """Let the draft have mistakes."""
    live.billing.administration.discard_draft(ADMIN)
    begin_draft(live, broken=True)


def _look_at(
    page: Page, name: str, axe: Callable[[Page], None], picture: Callable[[Page, str], Path]
) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            axe(page)
            assert overflow(page) == 0, name
            picture(page, f"admin-{name}-{width}-{scheme}")


def test_the_tab_key_goes_the_way_of_the_eye(live: Live, page: Page) -> None:
    """The first stop is the skip link, then the navigation; Enter on the skip link leads to the content."""
    sign_in(page, live)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
