"""The page after Stripe's redirect: it waits for the mirror, never for the redirect alone."""

from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.catalog import Plan
from tiergate.rules.payment_problem import PaymentProblem
from tiergate.web.link import Link
from tiergate.web.payment_words import is_to_be_confirmed, problem_in_words
from tiergate.web.render import Frame, render

_QUICK_CHECKS, _QUICK_SECONDS = 15, 2
_ALL_CHECKS, _SLOW_SECONDS = 45, 10
_LATE_CHECKS = 18
"""After so many checks a minute is over: most orders have been confirmed by then, and somebody may worry."""


@dataclass(frozen=True, slots=True)
class CheckoutReturnPage:
    """What the page is made from."""

    frame: Frame
    plan: Plan
    """The plan that was ordered."""
    check_url: str
    """This page's own address for the next look, with ``checks`` one higher."""
    confirmed: bool = False
    """Whether the mirror holds the subscription, confirmed by Stripe."""
    checks: int = 0
    """How often the page has looked already."""
    trial_end: datetime | None = None
    """The end of the trial that has begun, if one has."""
    current_period_end: datetime | None = None
    is_reachable: bool = True
    """Whether Stripe could be asked just now."""
    kept_until: datetime | None = None
    """When the card is charged that was saved for a trial that goes on."""
    pay_url: str = ""
    """Where the payment is made or confirmed that did not go through; empty where there is none."""
    problem: PaymentProblem | None = None
    """Why it did not, where that is known."""
    is_over: bool = False
    """Whether nothing can come of the order any more: what it was for had ended before."""
    success_url: str = ""
    """Where the customer goes on to once all is well; empty for the billing page."""

    @property
    def refresh_header(self) -> str | None:
        """The value of a ``Refresh`` header, or ``None`` once there is nothing more to wait for.

        Every 2 seconds for half a minute, every 10 seconds for five more, then only by hand.
        """
        if self.confirmed or self.pay_url or self.is_over or self.checks >= _ALL_CHECKS:
            return None
        seconds = _QUICK_SECONDS if self.checks < _QUICK_CHECKS else _SLOW_SECONDS
        return f"{seconds}; url={self.check_url}"


@dataclass(frozen=True, slots=True)
class CheckoutReturnView:
    """The page, ready to be shown."""

    title: str
    sentences: tuple[str, ...]
    confirmed: bool
    waiting: bool
    onward_url: str = ""
    pay: Link | None = None
    is_over: bool = False


def render_checkout_return(page: CheckoutReturnPage) -> str:
    """Return the page as HTML; send ``page.refresh_header`` with it, so that it follows without a script."""
    return render(
        "checkout_return.html", page.frame, view=checkout_return_view(page), check_url=page.check_url
    )


def checkout_return_view(page: CheckoutReturnPage) -> CheckoutReturnView:
    """Put into words what is known of the order."""
    if page.confirmed:
        title, sentence = _confirmed_words(page)
        return CheckoutReturnView(title, (sentence,), True, waiting=False, onward_url=page.success_url)
    if page.pay_url:
        return _unpaid(page)
    say, name = page.frame.wording.say, page.plan.name
    if page.is_over:
        sentences = (
            say("The trial that it was for had ended by then, so nothing was charged."),
            say("Your card is saved. Choose a plan to go on."),
        )
        title = say("Your order came too late")
        return CheckoutReturnView(title, sentences, confirmed=False, waiting=False, is_over=True)
    is_looking = page.refresh_header is not None
    if page.checks >= _LATE_CHECKS:
        return CheckoutReturnView(say("This takes longer than usual"), _late(page), False, is_looking)
    sentences = (
        say(
            "Your order is with Stripe. {plan} opens as soon as Stripe has told us that all is well.",
            plan=name,
        ),
        say("This usually takes a few seconds, and the page looks again by itself."),
    )
    if not page.is_reachable:
        safe = say("We cannot reach Stripe at the moment. Your order is safe there.")
        sentences = (safe, sentences[1])
    title = say("We are waiting for Stripe’s confirmation")
    return CheckoutReturnView(title, sentences, confirmed=False, waiting=is_looking)


def _late(page: CheckoutReturnPage) -> tuple[str, ...]:
    """Say what to do once a minute is over: nothing, above all not to pay twice."""
    say, email = page.frame.wording.say, page.frame.product.support_email
    why = (
        say("Stripe has not confirmed your order yet.")
        if page.is_reachable
        else say("We cannot reach Stripe.")
    )
    to_do = say(
        "You can close this page: {plan} opens by itself as soon as Stripe confirms it.", plan=page.plan.name
    )
    calm = say("You do not need to order again, and you will not be charged twice.")
    if email:
        calm = f"{calm} {say('If it has not opened in an hour, write to {email}.', email=email)}"
    return (why, to_do, calm)


def _unpaid(page: CheckoutReturnPage) -> CheckoutReturnView:
    wording = page.frame.wording
    unpaid = wording.say("Nothing has been paid yet.")
    if page.trial_end is not None:
        until = wording.say("You keep your trial until {date}.", date=wording.date(page.trial_end))
        unpaid = f"{unpaid} {until}"
    saved = wording.say("Your card is saved, but it could not be charged.")
    why = wording.say("Your bank may ask you to confirm it, or you may need another card.")
    label = wording.say("Confirm payment")
    if page.problem is not None:
        why = problem_in_words(wording, page.problem)
        label = label if is_to_be_confirmed(page.problem) else wording.say("Pay with another card")
    sentences = (f"{saved} {why}", unpaid)
    title = wording.say("Your payment for {plan} is not complete", plan=page.plan.name)
    pay = Link(label, page.pay_url)
    return CheckoutReturnView(title, sentences, False, False, pay=pay)


def _confirmed_words(page: CheckoutReturnPage) -> tuple[str, str]:
    wording, name = page.frame.wording, page.plan.name
    if page.kept_until is not None:
        date = wording.date(page.kept_until)
        return (
            wording.say("{plan} is yours to keep", plan=name),
            wording.say("Your card is saved, and is charged on {date}, when the trial ends.", date=date),
        )
    if page.trial_end is not None:
        date = wording.date(page.trial_end)
        return (
            wording.say("Your {plan} trial has started", plan=name),
            wording.say("Everything in {plan} is yours to try until {date}.", plan=name, date=date),
        )
    text = wording.say("Stripe has confirmed your payment, and everything in {plan} is open.", plan=name)
    if page.current_period_end is not None:
        renewal = wording.say("It renews on {date}.", date=wording.date(page.current_period_end))
        text = f"{text} {renewal}"
    return wording.say("You are on {plan}", plan=name), text
