"""The portal and the invoice page in a real browser: by keyboard, accessible, on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import stripe
from playwright.sync_api import Page, expect

from tests.sandbox.face.test_pages_in_browser import fits
from tests.sandbox.face.test_portal_pages import BACK, Shop
from tiergate_sandbox.testing import ServedSandbox

Axe = Callable[[Page], None]
Picture = Callable[[Page, str], Path]
Scheme = Literal["light", "dark"]


@pytest.fixture
def shop(client: stripe.StripeClient, served: ServedSandbox) -> Shop:
    """A shop with one subscribed customer."""
    return Shop(client, served.base_url)


def open_invoice(shop: Shop) -> stripe.Invoice:
    """An invoice that waits to be paid."""
    made = shop.client.v1.invoices.create(
        {"customer": shop.customer, "collection_method": "send_invoice", "days_until_due": 10}
    )
    shop.client.v1.invoice_items.create(
        {"customer": shop.customer, "invoice": str(made.id), "amount": 5000, "currency": "usd"}
    )
    return shop.client.v1.invoices.finalize_invoice(str(made.id))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["page", "phone_page"])
def test_every_page_is_accessible(
    request: pytest.FixtureRequest, screen: str, scheme: Scheme, shop: Shop, axe: Axe, picture: Picture
) -> None:
    """No page of portal and invoice breaks a rule of accessibility or sticks out of the screen."""
    page: Page = request.getfixturevalue(screen)
    page.emulate_media(color_scheme=scheme)
    url = shop.portal({"subscription_pause": {"enabled": True}})
    at = f"{url}/subscriptions/{shop.sub}"
    due = open_invoice(shop).hosted_invoice_url
    paid = shop.client.v1.invoices.list({"customer": shop.customer, "status": "paid"}).data[0]
    addresses = {
        "home": url,
        "change": f"{at}/change",
        "confirm": f"{at}/confirm?price={shop.scale['month']}&quantity=2",
        "refused": f"{at}/confirm?price={shop.scale['month']}&promotion_code=NOPE",
        "pause": f"{at}/pause",
        "cancel": f"{at}/cancel",
        "card": f"{url}/cards/add",
        "customer": f"{url}/customer",
        "done": f"{url}/done?done=card",
        "invoice": str(due),
        "paid-invoice": str(paid.hosted_invoice_url),
        "expired": f"{shop.base_url}/p/session/test_nobody",
        "reason": "",
        "canceled": "",
    }
    for name, address in addresses.items():
        if address:
            page.goto(address)
        elif name == "reason":
            page.goto(addresses["cancel"])
            page.get_by_role("button", name="Cancel plan").click()
        else:
            page.get_by_role("button", name="No thanks").click()
        axe(page)
        assert fits(page), name
        picture(page, f"sandbox-portal-{name}-{'phone' if screen == 'phone_page' else 'desk'}-{scheme}")


def test_upgrade_with_the_keyboard(page: Page, shop: Shop) -> None:
    """A plan is changed by keyboard alone."""
    page.goto(shop.portal())
    page.get_by_role("link", name="Change plan").focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="Team").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Due today")).to_be_visible()
    page.get_by_role("button", name="Confirm and pay $50.00").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your plan has been changed.")
    expect(page.get_by_role("heading", name="Scale")).to_be_visible()
    assert shop.price() == shop.scale["month"]


def test_monthly_to_yearly(page: Page, shop: Shop) -> None:
    """The other interval is one click away, and the page says what is due today."""
    page.goto(shop.portal())
    page.get_by_role("link", name="Change plan").click()
    page.get_by_role("link", name="Yearly").click()
    page.get_by_role("radio", name="Team").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Confirm and pay $441.00").click()
    expect(page.get_by_text("$490.00 per year")).to_be_visible()


def test_cancel_and_change_of_mind(page: Page, shop: Shop) -> None:
    """A customer cancels, says why, comes back and goes on."""
    page.goto(shop.portal())
    page.get_by_role("link", name="Cancel plan").click()
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_label("It is too expensive").check()
    page.get_by_label("Anything else?").fill("We are too small")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Team ends on")).to_be_visible()
    page.get_by_role("button", name="Don’t cancel").click()
    expect(page.get_by_role("status")).to_have_text("Your plan goes on. It is no longer canceled.")
    assert shop.now().cancel_at is None


def test_new_card_with_authentication(page: Page, shop: Shop) -> None:
    """A card that asks for 3-D Secure is added through the bank's page."""
    page.goto(f"{shop.portal()}/cards/add?card=authenticate")
    page.get_by_role("button", name="Save card").click()
    page.get_by_role("button", name="Complete the check").click()
    expect(page.get_by_text("Visa •••• 3184 Default")).to_be_visible()
    expect(page.get_by_role("link", name="Return to Sandbox")).to_have_attribute("href", BACK)


def test_paying_an_invoice(page: Page, shop: Shop) -> None:
    """An open invoice is reached from the portal, paid with a test card, and stamped."""
    open_invoice(shop)
    page.goto(shop.portal())
    page.get_by_role("link", name="Pay invoice").click()
    page.get_by_role("link", name="4242 4242 4242 4242").click()
    page.get_by_role("button", name="Pay $50.00").click()
    expect(page.locator(".stamp")).to_contain_text("Paid")
