"""A payment that did not go through: the page says why, in plain words, and what to do."""

from dataclasses import replace

import pytest

from tests.web.pages.gallery import DEUTSCH, spoken
from tests.web.pages.northwind import at_stripe, for_a_member, on_trial, unpaid_pages
from tiergate.rules.payment_problem import payment_problem
from tiergate.web.billing_page import BillingPage, billing_view
from tiergate.web.situation import Banner

PAGES = dict(unpaid_pages())
MONEY = "There is not enough money on the card. Use another card, or try again once there is."
GOLDEN = {
    "declined": (
        "Your payment for Scale did not go through",
        f"{MONEY} Until it is paid you keep what you have, and nothing is charged.",
        "Pay with another card",
    ),
    "overdue": (
        "Your last payment for Team failed",
        f"{MONEY} Pay the open invoice by Nov 24, 2026 to keep Team.",
        "Pay invoice",
    ),
    "to-confirm": (
        "Your last payment for Team failed",
        "Your bank wants you to confirm this payment. Confirm it on the payment page. "
        "Pay the open invoice to get Team back.",
        "Confirm payment",
    ),
    "incomplete-declined": (
        "Your first payment is not complete",
        f"{MONEY} Team opens once it has gone through.",
        "Pay invoice",
    ),
}


def banner(page: BillingPage) -> Banner:
    """What the page says first."""
    view = billing_view(page)
    return view.banner or view.notices[0]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_reason_is_said_first(name: str) -> None:
    """Then what to do, what else holds, and a button that is named for it."""
    title, text, button = GOLDEN[name]
    said = banner(PAGES[name])
    assert said.title == title
    assert said.text.startswith(text)
    assert said.action
    assert said.action.label == button


def test_a_payment_that_waits_for_the_bank_is_to_be_confirmed() -> None:
    """No other card is asked for where the bank only wants to know who pays."""
    page = replace(PAGES["declined"], problem=payment_problem({"status": "requires_action"}))
    said = banner(page)
    assert said.title == "Confirm your payment for Scale"
    assert said.text.startswith("Your bank wants you to confirm this payment.")
    assert said.action
    assert said.action.label == "Confirm payment"


@pytest.mark.parametrize("name", GOLDEN)
def test_the_reason_is_said_in_german(name: str) -> None:
    """In the words of the language, not in Stripe's."""
    page = spoken(PAGES[name], DEUTSCH)
    assert isinstance(page, BillingPage)
    expected = (
        "Ihre Bank möchte, dass" if name == "to-confirm" else "Die Karte ist nicht ausreichend gedeckt."
    )
    assert banner(page).text.startswith(expected)


def test_a_trial_that_was_bought_in_vain_does_not_say_that_all_is_well() -> None:
    """A card is on file, but it was declined: there is something to do."""
    waits = PAGES["declined"].running
    page = at_stripe(on_trial(), running=waits, problem=PAGES["declined"].problem)
    view = billing_view(page)
    assert view.banner
    assert view.banner.text == "You keep your trial until Nov 30, 2026."
    assert view.notices[0].text.startswith(MONEY)


def test_whoever_owes_and_leaves_can_still_change_their_mind() -> None:
    """The button to stay is beside the one to pay."""
    running = PAGES["overdue"].running
    assert running
    said = banner(replace(PAGES["overdue"], running=replace(running, is_ending=True)))
    assert said.also
    assert said.also.label == "Keep Team"
    assert banner(PAGES["overdue"]).also is None


@pytest.mark.parametrize("name", GOLDEN)
def test_a_member_gets_no_button(name: str) -> None:
    """What is to be paid is an owner's to pay."""
    assert banner(for_a_member(PAGES[name])).action is None
