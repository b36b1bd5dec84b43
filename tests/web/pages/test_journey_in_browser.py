"""The whole way of a customer in a real browser, without a script: each step says first what it does."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.pages.live import Shop, open_shop, type_card
from tiergate_sandbox.testing import run_sandbox

Picture = Callable[[Page, str], Path]

AMOUNT = r"\$[\d,]+\.\d\d"
DATE = r"[A-Z][a-z]{2} \d{1,2}, \d{4}"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop of its own, with a sandbox of its own."""
    with run_sandbox() as sandbox, open_shop(tmp_path, sandbox.base_url) as opened:
        yield opened


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A page whose browser runs no scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def start_trial(page: Page, shop: Shop, plan: str = "Team") -> None:
    """Order a trial without a card on the pricing page."""
    page.goto(f"{shop.url}/pricing")
    page.get_by_role("button", name=f"Start 14-day trial ({plan})").locator("visible=true").click()
    page.locator("button.primary").click()
    shop.catch_up()


def billing(page: Page, shop: Shop) -> None:
    """Open the billing page, with all that Stripe has to say on it."""
    shop.catch_up()
    page.goto(f"{shop.url}/billing")


def add_card(page: Page, shop: Shop, number: str = "4242 4242 4242 4242") -> None:
    """Leave another card at Stripe, and come back."""
    billing(page, shop)
    page.get_by_role("button", name="Update card").click()
    type_card(page, number)
    page.get_by_role("button", name="Save card").click()
    if page.get_by_role("heading", name="Confirm it is you").is_visible():
        page.get_by_role("button", name="Complete the check").click()
    expect(page).to_have_url(re.compile(r"/billing$"))
    billing(page, shop)


def choose(page: Page, shop: Shop, plan: str, label: str, interval: str = "month") -> None:
    """Choose a plan on the pricing page."""
    page.goto(f"{shop.url}/pricing?interval={interval}")
    page.locator(f"#plan-{plan}").get_by_role("link", name=label).locator("visible=true").click()


def said(page: Page) -> str:
    """What the page says of what was just done."""
    return page.get_by_role("status").inner_text()


def heading(page: Page, name: str | re.Pattern[str]) -> None:
    """Expect a heading."""
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_the_whole_way(plain: Page, shop: Shop, picture: Picture) -> None:
    """Trial, card, upgrade, by the year, down, undone, canceled, resumed: each with its own sentence."""
    page = plain
    start_trial(page, shop)
    billing(page, shop)
    picture(page, "billing-1-trial")
    page.get_by_role("button", name="Add payment method").click()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    billing(page, shop)
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    shop.travel(15)
    billing(page, shop)
    picture(page, "billing-2-active")
    upgrade(page, shop, picture)
    yearly(page, shop, picture)
    down_and_back(page, shop, picture)
    leave_and_stay(page, shop, picture)


def upgrade(page: Page, shop: Shop, picture: Picture) -> None:
    """From Team to Scale, at what the button says."""
    choose(page, shop, "scale", "Upgrade to Scale")
    heading(page, "Upgrade to Scale")
    picture(page, "billing-3-upgrade")
    button = page.get_by_role("button", name=re.compile(rf"^Pay {AMOUNT} now and upgrade$"))
    shown = re.search(AMOUNT, button.inner_text())
    button.click()
    assert said(page) == "Done. You are on Scale, paid monthly."
    shop.catch_up()
    newest = shop.billing.describe("acme").told.state.invoices[-1]
    assert shown
    assert shown[0] == f"${newest.total / 100:,.2f}"
    picture(page, "billing-4-upgraded")


def yearly(page: Page, shop: Shop, picture: Picture) -> None:
    """By the year, from the plan card."""
    page.get_by_role("link", name="Switch to yearly, save $360").click()
    picture(page, "billing-5-yearly")
    page.get_by_role("button", name=re.compile(rf"^Pay {AMOUNT} now and switch to yearly$")).click()
    assert said(page) == "Done. You are on Scale, paid yearly."


def down_and_back(page: Page, shop: Shop, picture: Picture) -> None:
    """A downgrade waits for the renewal, and is undone with one button."""
    choose(page, shop, "team", "Downgrade at renewal", "year")
    heading(page, "Downgrade to Team")
    picture(page, "billing-6-downgrade")
    page.get_by_role("button", name=re.compile(rf"^Downgrade on {DATE}$")).click()
    assert re.fullmatch(rf"Your change is planned for {DATE}\.", said(page))
    heading(page, re.compile(rf"On {DATE} your plan changes to Team"))
    picture(page, "billing-7-planned")
    page.get_by_role("button", name="Undo").click()
    assert said(page) == "Done. You stay on Scale."
    assert page.get_by_role("button", name="Undo").count() == 0


def leave_and_stay(page: Page, shop: Shop, picture: Picture) -> None:
    """Canceling asks why, offers to stay, says until when; and is taken back."""
    page.get_by_role("link", name="Cancel plan").click()
    heading(page, "Cancel Scale")
    picture(page, "billing-8-leaving")
    expect(page.get_by_role("button", name="Pause instead")).to_be_visible()
    page.get_by_label("It is too expensive").check()
    page.get_by_label("What should we know?").fill("We will be back.\nIn spring.")
    page.get_by_role("button", name="Cancel Scale").click()
    assert said(page) == "Scale is canceled, and will not renew."
    heading(page, re.compile(rf"Scale ends on {DATE}"))
    picture(page, "billing-9-canceling")
    page.get_by_role("button", name="Keep Scale").click()
    assert said(page) == "Done. Scale goes on."
    noted = [entry.data for entry in shop.billing.explain("acme").journal]
    assert any(data.get("feedback") == "too_expensive" for data in noted)


def buy_team(page: Page, shop: Shop) -> None:
    """Buy the trial of Team with a card: the first month is charged at once."""
    billing(page, shop)
    page.get_by_role("button", name="Add payment method").click()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    heading(page, "You are on Team")


def paid_team(page: Page, shop: Shop) -> None:
    """Let the account pay for Team by the month."""
    start_trial(page, shop)
    buy_team(page, shop)
    shop.travel(3)
    billing(page, shop)


def test_a_payment_to_confirm_is_a_state_with_a_button(plain: Page, shop: Shop, picture: Picture) -> None:
    """A bank that asks leaves the old plan in force; the button leads to where it is confirmed."""
    page = plain
    paid_team(page, shop)
    add_card(page, shop, "4000 0027 6000 3184")
    choose(page, shop, "scale", "Upgrade to Scale")
    page.get_by_role("button", name=re.compile("^Pay .* now and upgrade$")).click()
    heading(page, "Confirm your payment for Scale")
    expect(page.get_by_text("Your bank wants you to confirm this payment.")).to_be_visible()
    heading(page, "Team plan")
    picture(page, "billing-confirm-payment")
    page.get_by_role("link", name="Confirm payment").click()
    type_card(page)
    page.locator("button.primary").click()
    billing(page, shop)
    heading(page, "Scale plan")
    assert page.get_by_text("Confirm your payment").count() == 0


def test_a_payment_that_waits_can_be_given_up(plain: Page, shop: Shop) -> None:
    """Whoever does not want it any more takes it back, and owes nothing."""
    page = plain
    paid_team(page, shop)
    add_card(page, shop, "4000 0000 0000 0341")
    choose(page, shop, "scale", "Upgrade to Scale")
    page.get_by_role("button", name=re.compile("^Pay .* now and upgrade$")).click()
    page.get_by_role("button", name="Not now").click()
    assert said(page) == "Done. You stay on Team."
    assert [invoice.status for invoice in shop.billing.describe("acme").told.state.invoices][-1] == "void"


def test_seats_and_the_address(plain: Page, shop: Shop, picture: Picture) -> None:
    """Seats are priced before they are bought, and invoices go where the customer says."""
    page = plain
    paid_team(page, shop)
    choose(page, shop, "crew", "Upgrade to Crew")
    page.get_by_role("button", name=re.compile("now and upgrade$")).click()
    page.get_by_label(re.compile("^Seats")).fill("5")
    page.get_by_role("button", name="See the price").click()
    heading(page, "Change to 5 seats")
    picture(page, "billing-seats")
    page.get_by_role("button", name=re.compile(rf"^Pay {AMOUNT} now and add seats$")).click()
    assert said(page) == "Done. You are on Crew, paid monthly, with 5 seats."
    expect(page.get_by_text("Crew renews for $300 plus any tax.")).to_be_visible()
    page.get_by_label("Billing email").fill("money@acme.test")
    page.get_by_role("button", name="Save").click()
    assert said(page) == "Invoices and receipts go to money@acme.test."
    customer = shop.billing.describe("acme").told.state.customer
    assert customer
    assert customer.email == "money@acme.test"


def test_a_pause_ends_by_a_button(plain: Page, shop: Shop, picture: Picture) -> None:
    """The offer to stay: a pause, during which nothing is charged, until the button ends it."""
    page = plain
    paid_team(page, shop)
    page.goto(f"{shop.url}/billing/cancel")
    page.get_by_role("button", name="Pause instead").click()
    assert said(page) == "Team is paused."
    picture(page, "billing-paused")
    page.get_by_role("button", name="Resume Team").click()
    assert said(page) == "Done. Team goes on."


def test_an_amount_that_moved_is_asked_about_again(plain: Page, shop: Shop, picture: Picture) -> None:
    """A second tab changes what a change would cost: the first shows it anew instead of charging it."""
    page = plain
    paid_team(page, shop)
    choose(page, shop, "scale", "Upgrade to Scale")
    shop.billing.change_plan("acme", "team", "year")
    page.get_by_role("button", name=re.compile("now and upgrade$")).click()
    heading(page, "Upgrade to Scale")
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been changed yet")
    picture(page, "billing-moved")
    page.get_by_role("button", name=re.compile("upgrade|Upgrade")).click()
    assert "You are on Scale" in said(page)
