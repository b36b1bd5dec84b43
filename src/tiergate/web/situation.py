"""What is said about an account for one reason, and the phrases that several reasons share."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tiergate.rules.access import Access
from tiergate.rules.policy import Afterwards
from tiergate.rules.price import Price
from tiergate.rules.tiered_price import tiered_total
from tiergate.translation import Sentence
from tiergate.web.billing_facts import BillingPage
from tiergate.web.link import Link
from tiergate.web.order_form import amount_of
from tiergate.web.what_follows import When, what_follows


class Tone(StrEnum):
    """How much a message matters; the words say it too, never the colour alone."""

    NEUTRAL = "neutral"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


TRIAL_BADGE = (Tone.INFO, Sentence("Trial"))
ENDING = (Tone.WARNING, Sentence("Ending"))
CONFIRMING = (Tone.INFO, Sentence("Confirming"))


@dataclass(frozen=True, slots=True)
class Banner:
    """What matters now."""

    tone: Tone
    title: str
    text: str
    action: Link | None = None
    also: Link | None = None
    """What else can be done about it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is said for one reason.

    ``next`` says what happens next or, where the matter is ``settled``, what the account has.
    ``due`` is the date that the plan card shows, with its label. The words of ``badge`` and of that label are
    still to be said.
    """

    banner: Banner | None = None
    next: str = ""
    settled: bool = False
    badge: tuple[Tone, Sentence] = (Tone.SUCCESS, Sentence("Active"))
    due: tuple[Sentence, datetime] | None = None


def standing(page: BillingPage) -> str:
    """Say what the account has at this moment."""
    if page.access is Access.READ_ONLY:
        return page.say("Your account is read-only: everything is still there to look at, but not to change.")
    if page.access is Access.BLOCKED or page.plan is None:
        return page.say("Your access to {product} is switched off.", product=page.frame.product.name)
    if page.plan.is_free:
        return page.say(
            "You are on the {plan} plan, which costs nothing and does not end.", plan=page.plan.name
        )
    return page.say("You are on the {plan} plan.", plan=page.plan.name)


def follows(page: BillingPage, when: When, afterwards: Afterwards, **values: str) -> str:
    """Say what becomes of the account."""
    return what_follows(page.frame.wording, when, afterwards, page.catalog.free_plan, **values)


def cost_of(page: BillingPage, price: Price) -> str:
    """Say what a period of the subscription costs."""
    quantity = page.running.terms.quantity if page.running else 1
    amount = price.unit_amount * quantity
    if price.tiers and price.tiers_mode is not None:
        amount = tiered_total(price.tiers, price.tiers_mode, quantity)
    for key, held in page.running.terms.add_ons.items() if page.running else ():
        add_on = page.catalog.add_ons.get(key)
        each = amount_of(add_on, price.interval, price.currency) if add_on else None
        amount += each.unit_amount * held if each else 0
    return page.say("{price} plus any tax", price=page.frame.wording.price(amount, price.currency))
