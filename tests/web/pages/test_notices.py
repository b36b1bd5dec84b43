"""The page after the checkout, and the page for problems."""

from dataclasses import replace

import pytest

from tests.web.pages.markup import read
from tests.web.pages.northwind import MEMBER, PERIOD_END, TEAM, TRIAL_END, VISITOR
from tiergate.rules.payment_problem import payment_problem
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.problem_page import ProblemPage, render_problem

WAITING = CheckoutReturnPage(MEMBER, TEAM, check_url="/return?session=cs_1&checks=1")


@pytest.mark.parametrize(
    ("checks", "header"),
    [
        (0, "2; url=/return?session=cs_1&checks=1"),
        (14, "2; url=/return?session=cs_1&checks=1"),
        (15, "10; url=/return?session=cs_1&checks=1"),
        (17, "10; url=/return?session=cs_1&checks=1"),
        (18, "10; url=/return?session=cs_1&checks=1"),
        (44, "10; url=/return?session=cs_1&checks=1"),
        (45, None),
    ],
)
def test_the_page_looks_again_by_itself_for_a_while(checks: int, header: str | None) -> None:
    """First every two seconds, then every ten, then only by hand: by header, so without a script."""
    page = replace(WAITING, checks=checks)
    assert page.refresh_header == header
    document = read(render_checkout_return(page))
    is_late = checks >= 18
    assert ("We are waiting for Stripe’s confirmation" in document.text) is not is_late
    assert ("This takes longer than usual" in document.text) is is_late
    assert "/return?session=cs_1&checks=1" in [link["href"] for link in document.all("a")]


def test_after_a_minute_it_says_what_to_do() -> None:
    """Nothing is to be done, above all not to pay twice; and whom to write to if it never comes."""
    assert 14 * 2 + 3 * 10 < 60 <= 15 * 2 + 3 * 10
    text = read(render_checkout_return(replace(WAITING, checks=18))).text
    assert "Stripe has not confirmed your order yet." in text
    assert "You do not need to order again, and you will not be charged twice." in text
    assert "write to help@northwind.test" in text


@pytest.mark.parametrize("checks", [0, 20])
def test_stripe_out_of_reach_is_said(checks: int) -> None:
    """What cannot be asked is not claimed, and it is asked again."""
    page = replace(WAITING, is_reachable=False, checks=checks)
    assert "We cannot reach Stripe" in read(render_checkout_return(page)).text
    assert page.refresh_header is not None


def test_a_trial_that_was_bought_says_when_it_is_charged() -> None:
    """It has not just started, and nothing was paid yet."""
    page = replace(WAITING, confirmed=True, trial_end=TRIAL_END, kept_until=TRIAL_END)
    text = read(render_checkout_return(page)).text
    assert "Team is yours to keep" in text
    assert "is charged on Nov 30, 2026, when the trial ends." in text
    assert "has started" not in text


def test_a_charge_that_failed_is_no_success() -> None:
    """The page says that nothing was paid, what still holds, and where to pay; it waits for nothing."""
    page = replace(WAITING, pay_url="https://invoice.stripe.test/i/1", trial_end=TRIAL_END)
    document = read(render_checkout_return(page))
    assert "Your payment for Team is not complete" in document.text
    assert "You keep your trial until Nov 30, 2026." in document.text
    assert "https://invoice.stripe.test/i/1" in [link["href"] for link in document.all("a")]
    assert page.refresh_header is None


def test_an_order_that_came_too_late_is_over() -> None:
    """Nothing is waited for that cannot come any more."""
    page = replace(WAITING, is_over=True)
    document = read(render_checkout_return(page))
    assert "nothing was charged" in document.text
    assert "/pricing" in [link["href"] for link in document.all("a")]
    assert page.refresh_header is None


def test_a_redirect_alone_confirms_nothing() -> None:
    """As long as the mirror knows nothing, the page promises nothing."""
    text = read(render_checkout_return(WAITING)).text
    assert "Team opens as soon as Stripe has told us" in text
    assert "You are on Team" not in text


def test_a_confirmed_purchase_is_announced() -> None:
    """The plan, its renewal, and the way on; nothing refreshes any more."""
    page = replace(WAITING, confirmed=True, current_period_end=PERIOD_END)
    document = read(render_checkout_return(page))
    assert "You are on Team" in document.text
    assert "It renews on Dec 1, 2026." in document.text
    assert page.refresh_header is None
    assert {"/app", "/billing"} <= {link["href"] for link in document.all("a")}


def test_a_confirmed_trial_is_called_a_trial() -> None:
    """The page names the end of the trial, and speaks of no payment."""
    text = read(render_checkout_return(replace(WAITING, confirmed=True, trial_end=TRIAL_END))).text
    assert "Your Team trial has started" in text
    assert "yours to try until Nov 30, 2026." in text
    assert "payment" not in text


def test_a_problem_says_what_to_do() -> None:
    """Status, title, detail and remedy are on the page, and a way out."""
    page = ProblemPage(MEMBER, 409, "You have Team already", "It renews soon.", "Open the billing page.")
    document = read(render_problem(page))
    for words in ("Error 409", "You have Team already", "It renews soon.", "Open the billing page."):
        assert words in document.text
    assert document.all("a")[-1]["href"] == "/app"


def test_a_problem_leads_to_the_plans_where_no_home_is_known() -> None:
    """Without a home address the way out is the pricing page, under the mount path."""
    document = read(
        render_problem(ProblemPage(replace(VISITOR, base_path="/b"), 404, "There is no such page"))
    )
    assert document.all("a")[-1]["href"] == "/b/pricing"


def test_a_card_that_was_declined_is_not_to_be_confirmed() -> None:
    """The way back from Stripe says why the card could not be charged, and what would help."""
    declined = payment_problem({"last_payment_error": {"decline_code": "expired_card"}})
    page = replace(WAITING, pay_url="https://invoice.stripe.test/i/1", problem=declined)
    text = read(render_checkout_return(page)).text
    assert "Your card is saved, but it could not be charged. The card has expired." in text
    assert "Pay with another card" in text
    text = read(
        render_checkout_return(replace(page, problem=payment_problem({"status": "requires_action"})))
    ).text
    assert "Your bank wants you to confirm this payment." in text
    assert "Confirm payment" in text
