"""One customer's whole way, from the sign-up to coming back, in a real browser without a script.

Every screen is kept as a picture: as a desktop shows it, by day and by night, and as a phone does.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.web.pages.live import NEWCOMER, Shop, open_product, type_card
from tests.web.pages.test_journey_in_browser import AMOUNT, DATE, heading, said
from tiergate_sandbox.testing import run_sandbox

Picture = Callable[[Page, str], Path]

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
DECLINES = "4000 0000 0000 0341"


@dataclass
class Walk:
    """A browser on its way through the product, which keeps what it sees."""

    page: Page
    shop: Shop
    picture: Picture
    seen: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page, with all that Stripe has to say on it."""
        self.page.goto(f"{self.shop.url}{path}")

    def billing(self) -> None:
        """Open the billing page once everything has arrived."""
        self.shop.catch_up()
        self.open("/billing")

    def keep(self, name: str) -> None:
        """Keep the screen: at a desk by day and by night, and on a phone."""
        name = f"journey-{len(self.seen) + 1:02}-{name}"
        self.seen.append(name)
        self.picture(self.page, name)
        self.page.set_viewport_size(PHONE)
        self.picture(self.page, f"{name}-phone")
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(color_scheme="dark")
        self.picture(self.page, f"{name}-dark")
        self.page.emulate_media(color_scheme="light")

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button that says so."""
        self.page.get_by_role("button", name=name).locator("visible=true").first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the link that says so."""
        self.page.get_by_role("link", name=name).locator("visible=true").first.click()

    def holds(self) -> tuple[str | None, str, str | None]:
        """What the account has: plan, reason, interval."""
        view = self.shop.billing.describe(NEWCOMER)
        return (
            view.told.phase.plan_key,
            str(view.told.phase.reason),
            view.held.interval if view.held else None,
        )

    def paid(self) -> int:
        """What Stripe has received so far, in cents."""
        return sum(
            invoice.amount_paid for invoice in self.shop.billing.describe(NEWCOMER).told.state.invoices
        )


@pytest.fixture
def walk(tmp_path: Path, browser: Browser, picture: Picture) -> Iterator[Walk]:
    """A browser without scripts, in front of a product of its own."""
    with run_sandbox() as sandbox, open_product(tmp_path, sandbox.base_url) as shop:
        context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)
        yield Walk(context.new_page(), shop, picture)
        context.close()


def test_the_whole_journey(walk: Walk) -> None:
    """Sign-up, reverse trial, gate, card, yearly, seats, decline, new card, down, away and back."""
    sign_up(walk)
    meet_a_gate(walk)
    upgrade_by_card(walk)
    switch_to_yearly(walk)
    add_two_seats(walk)
    decline_at_renewal(walk)
    update_the_card(walk)
    downgrade(walk)
    cancel(walk)
    resume(walk)


def sign_up(walk: Walk) -> None:
    """From the plans to the sign-up; the trial of Team begins by itself."""
    walk.open("/pricing")
    walk.keep("pricing")
    walk.follow(re.compile("trial"))
    expect(walk.page).to_have_url(re.compile(r"/sign-up\?plan="))
    walk.page.get_by_label("Workspace").fill("Brook")
    walk.press("Sign up")
    assert walk.holds()[:2] == ("team", "trialing")
    walk.open("/billing")
    heading(walk.page, re.compile(r"^\d+ days left in your Team trial$"))
    words = "Your card is charged $49 plus any tax today, and the 14 days left of your trial end."
    expect(walk.page.get_by_text(f"Add a payment method to keep Team. {words}")).to_be_visible()
    expect(walk.page.get_by_role("button", name="Add payment method")).to_be_visible()
    walk.keep("trial")


def meet_a_gate(walk: Walk) -> None:
    """What the plan lacks names the plan that has it, and leads to what that costs."""
    walk.open("/app")
    walk.follow("Single sign-on")
    heading(walk.page, "Single sign-on is not in your plan")
    walk.keep("gate")
    walk.follow("Upgrade to Crew")


def upgrade_by_card(walk: Walk) -> None:
    """When and what the card is charged is said first; then Stripe's page, and the way back."""
    page = walk.page
    heading(page, "Buy Crew")
    expect(page.get_by_text("Your card is charged $120 plus any tax today, and the")).to_be_visible()
    walk.keep("buy")
    walk.press("Continue to payment")
    expect(page.get_by_text("Your card is charged $120.00 today; the")).to_be_visible()
    walk.keep("card")
    walk.follow(re.compile("^Back to"))
    heading(page, "Buy Crew")
    walk.press("Continue to payment")
    type_card(page)
    page.locator("button.primary").click()
    heading(page, "You are on Crew")
    walk.keep("bought")
    assert (walk.holds(), walk.paid()) == (("crew", "active", "month"), 12_000)
    walk.open("/app/sso")
    expect(page.get_by_text("It is switched on.")).to_be_visible()
    walk.billing()
    heading(page, "Crew plan")
    walk.keep("active")


def switch_to_yearly(walk: Walk) -> None:
    """What the button says is what is charged."""
    before = walk.paid()
    walk.follow(re.compile("^Switch to yearly"))
    heading(walk.page, "Switch Crew to yearly")
    walk.keep("yearly")
    pay_what_is_said(walk, before, "switch to yearly")
    assert walk.holds()[2] == "year"
    walk.keep("yearly-done")


def add_two_seats(walk: Walk) -> None:
    """Four instead of two, priced before they are bought."""
    before = walk.paid()
    seats = walk.page.get_by_label(re.compile("^Seats"))
    expect(seats).to_have_value("2")
    seats.fill("4")
    walk.press("See the price")
    heading(walk.page, "Change to 4 seats")
    walk.keep("seats")
    pay_what_is_said(walk, before, "add seats")
    assert said(walk.page) == "Done. You are on Crew, paid yearly, with 4 seats."
    walk.keep("seats-done")


def pay_what_is_said(walk: Walk, before: int, what: str) -> None:
    """Press the button that names the amount, and see just that arrive."""
    button = walk.page.get_by_role("button", name=re.compile(rf"^Pay {AMOUNT} now and {what}$"))
    shown = re.search(AMOUNT, button.inner_text())
    assert shown
    button.click()
    walk.shop.catch_up()
    assert walk.paid() - before == round(float(shown[0].strip("$").replace(",", "")) * 100)


def use_card(walk: Walk, number: str) -> None:
    """Leave another card with Stripe."""
    walk.press("Update card")
    type_card(walk.page, number)
    walk.press("Save card")
    walk.billing()


def decline_at_renewal(walk: Walk) -> None:
    """A card that is declined when the year is over: what it means, until when, and what to do."""
    use_card(walk, DECLINES)
    walk.shop.travel(366)
    walk.billing()
    assert walk.holds()[:2] == ("crew", "past_due_grace")
    heading(walk.page, "Your last payment for Crew failed")
    expect(walk.page.get_by_text("Your bank declined the card, and gave no reason.")).to_be_visible()
    walk.keep("declined")


def update_the_card(walk: Walk) -> None:
    """A card that pays, and the invoice that is open paid with it."""
    walk.press("Update card")
    walk.keep("new-card")
    type_card(walk.page)
    walk.press("Save card")
    walk.billing()
    walk.follow("Pay invoice")
    walk.keep("invoice")
    type_card(walk.page)
    walk.page.locator("button.primary").click()
    walk.billing()
    assert walk.holds() == ("crew", "active", "year")
    walk.keep("paid-again")


def downgrade(walk: Walk) -> None:
    """A smaller plan waits for the renewal, and says what is lost then."""
    walk.open("/pricing?interval=year")
    walk.keep("plans-of-a-customer")
    walk.page.locator("#plan-team").get_by_role("link", name="Downgrade at renewal").locator(
        "visible=true"
    ).click()
    heading(walk.page, "Downgrade to Team")
    walk.keep("downgrade")
    walk.press(re.compile(rf"^Downgrade on {DATE}$"))
    assert re.fullmatch(rf"Your change is planned for {DATE}\.", said(walk.page))
    walk.keep("downgrade-planned")


def cancel(walk: Walk) -> None:
    """Leaving asks why, offers to stay, and says until when everything is kept."""
    walk.follow("Cancel plan")
    heading(walk.page, "Cancel Crew")
    walk.keep("leaving")
    walk.page.get_by_label("I do not use it enough").check()
    walk.press("Cancel Crew")
    assert said(walk.page) == "Crew is canceled, and will not renew."
    heading(walk.page, re.compile(rf"^Crew ends on {DATE}$"))
    walk.keep("canceled")
    assert walk.holds()[:2] == ("crew", "canceling")


def resume(walk: Walk) -> None:
    """Coming back is one press; the plan goes on as it was."""
    walk.press("Keep Crew")
    assert said(walk.page) == "Done. Crew goes on."
    walk.keep("resumed")
    assert walk.holds() == ("crew", "active", "year")
    assert len(set(walk.seen)) == len(walk.seen) == 21
