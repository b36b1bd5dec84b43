"""The pages in a real browser: accessible in both colour schemes, on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import stripe
from playwright.sync_api import Page, expect

from tests.sandbox.face.test_checkout_page import session
from tiergate_sandbox.testing import ServedSandbox

Axe = Callable[[Page], None]
Picture = Callable[[Page, str], Path]
Scheme = Literal["light", "dark"]


@pytest.fixture
def price(client: stripe.StripeClient) -> str:
    """A monthly price, a customer on a test clock, and a subscription of that customer."""
    made = client.v1.prices.create(
        {
            "unit_amount": 4900,
            "currency": "usd",
            "recurring": {"interval": "month"},
            "product_data": {"name": "Team"},
        }
    )
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000, "name": "Spring"})
    customer = client.v1.customers.create({"email": "grace@example.com", "test_clock": clock.id})
    client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": made.id}], "trial_period_days": 14}
    )
    return made.id


def fits(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["page", "phone_page"])
def test_every_page_is_accessible(
    request: pytest.FixtureRequest,
    screen: str,
    scheme: Scheme,
    client: stripe.StripeClient,
    served: ServedSandbox,
    price: str,
    axe: Axe,
    picture: Picture,
) -> None:
    """No page breaks a rule of accessibility or sticks out of the screen."""
    page: Page = request.getfixturevalue(screen)
    page.emulate_media(color_scheme=scheme)
    trial = session(client, price, subscription_data={"trial_period_days": 14})
    authenticated = session(client, price)
    expired = session(client, price)
    client.v1.checkout.sessions.expire(expired.id)
    addresses = {
        "overview": f"{served.base_url}/",
        "checkout": f"{trial.url}?card=declined",
        "declined": "",
        "authenticate": f"{authenticated.url}?card=authenticate",
        "expired": str(expired.url or f"{served.base_url}/c/pay/{expired.id}"),
    }
    for name, address in addresses.items():
        if address:
            page.goto(address)
        if name in {"declined", "authenticate"}:
            page.get_by_label("E-mail").fill("ada@example.com")
            page.locator("button.primary").click()
        axe(page)
        assert fits(page), name
        picture(page, f"sandbox-{name}-{'phone' if screen == 'phone_page' else 'desk'}-{scheme}")


def test_paying_with_the_keyboard(page: Page, client: stripe.StripeClient, served: ServedSandbox) -> None:
    """A whole checkout works by keyboard alone, and the browser follows to the application's address."""
    made_price = client.v1.prices.create(
        {
            "unit_amount": 4900,
            "currency": "usd",
            "recurring": {"interval": "month"},
            "product_data": {"name": "Team"},
        }
    )
    done = f"{served.base_url.replace('127.0.0.1', 'localhost')}/_static/icon.svg"
    made = session(client, made_price.id, success_url=f"{done}?session_id={{CHECKOUT_SESSION_ID}}")
    page.goto(f"{made.url}?card=succeeds")
    page.get_by_label("E-mail").focus()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{done}?session_id={made.id}")
    assert client.v1.checkout.sessions.retrieve(made.id).status == "complete"


def test_declined_card_takes_the_focus(page: Page, client: stripe.StripeClient, price: str) -> None:
    """After a decline the focus is in the field with the error, which is announced with it."""
    page.goto(f"{session(client, price).url}?card=declined")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button").click()
    number = page.get_by_label("Card number")
    expect(number).to_be_focused()
    expect(number).to_have_accessible_description("Your card was declined.")


def test_advancing_a_clock(
    page: Page, client: stripe.StripeClient, served: ServedSandbox, price: str
) -> None:
    """The overview's button moves the clock on, and the page shows what came of it."""
    page.goto(f"{served.base_url}/")
    expect(page.locator("#clocks strong")).to_have_text("Mar 17, 2030, 17:46 UTC")
    page.get_by_role("button", name="14 days").click()
    expect(page.locator("#clocks strong")).to_have_text("Mar 31, 2030, 17:46 UTC")
    expect(page.get_by_text("customer.subscription.trial_will_end")).to_be_visible()
