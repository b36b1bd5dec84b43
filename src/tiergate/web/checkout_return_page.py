"""The page after Stripe's redirect: it waits for the mirror, never for the redirect alone."""

from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.catalog import Plan
from tiergate.web.render import Frame, render

_QUICK_CHECKS, _QUICK_SECONDS = 15, 2
_ALL_CHECKS, _SLOW_SECONDS = 45, 10


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
    success_url: str = ""
    """Where the customer goes on to once all is well; empty for the billing page."""

    @property
    def refresh_header(self) -> str | None:
        """The value of a ``Refresh`` header, or ``None`` once there is nothing more to wait for.

        Every 2 seconds for half a minute, every 10 seconds for five more, then only by hand.
        """
        if self.confirmed or self.checks >= _ALL_CHECKS:
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
    say, name = page.frame.wording.say, page.plan.name
    if page.refresh_header is None:
        sentences = (
            say("You can close this page: {plan} opens by itself as soon as Stripe confirms it.", plan=name),
            say("You do not need to order again."),
        )
        title = say("This takes longer than usual")
        return CheckoutReturnView(title, sentences, confirmed=False, waiting=False)
    sentences = (
        say(
            "Your order is with Stripe. {plan} opens as soon as Stripe has told us that all is well.",
            plan=name,
        ),
        say("This usually takes a few seconds, and the page looks again by itself."),
    )
    title = say("We are waiting for Stripe’s confirmation")
    return CheckoutReturnView(title, sentences, confirmed=False, waiting=True)


def _confirmed_words(page: CheckoutReturnPage) -> tuple[str, str]:
    wording, name = page.frame.wording, page.plan.name
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
