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
    name = page.plan.name
    if page.refresh_header is None:
        sentences = (
            f"You can close this page: {name} opens by itself as soon as Stripe confirms it.",
            "You do not need to order again.",
        )
        return CheckoutReturnView("This takes longer than usual", sentences, confirmed=False, waiting=False)
    sentences = (
        f"Your order is with Stripe. {name} opens as soon as Stripe has told us that all is well.",
        "This usually takes a few seconds, and the page looks again by itself.",
    )
    return CheckoutReturnView(
        "We are waiting for Stripe’s confirmation", sentences, confirmed=False, waiting=True
    )


def _confirmed_words(page: CheckoutReturnPage) -> tuple[str, str]:
    name, date = page.plan.name, page.frame.wording.date
    if page.trial_end is not None:
        return (
            f"Your {name} trial has started",
            f"Everything in {name} is yours to try until {date(page.trial_end)}.",
        )
    renewal = f" It renews on {date(page.current_period_end)}." if page.current_period_end else ""
    return (
        f"You are on {name}",
        f"Stripe has confirmed your payment, and everything in {name} is open.{renewal}",
    )
