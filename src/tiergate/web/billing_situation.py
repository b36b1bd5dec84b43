"""What the billing page says about an account: for each reason a banner, a sentence about what happens next.

The sentences follow one pattern: what is the case, what the customer can do, what happens by itself and when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tiergate.rules.access import Access, Reason
from tiergate.rules.policy import OnUnknown
from tiergate.rules.price import Price
from tiergate.rules.tiered_price import tiered_total
from tiergate.web.billing_facts import BillingPage, Running
from tiergate.web.billing_links import add_card, choose_a_plan, keep, pay, resume
from tiergate.web.link import Link
from tiergate.web.order_form import amount_of
from tiergate.web.plan_prices import add_ons_named, changed_add_ons, named, price_of
from tiergate.web.purchase_words import purchase_words
from tiergate.web.wording import consequence, main_currency

LAST_DAYS = 3
"""From how many days on the end of a trial without a card is shown as a warning."""


class Tone(StrEnum):
    """How much a message matters; the words say it too, never the colour alone."""

    NEUTRAL = "neutral"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


TRIAL_BADGE = (Tone.INFO, "Trial")


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
    ``due`` is the date that the plan card shows, with its label.
    """

    banner: Banner | None = None
    next: str = ""
    settled: bool = False
    badge: tuple[Tone, str] = (Tone.SUCCESS, "Active")
    due: tuple[str, datetime] | None = None


def situation(page: BillingPage) -> Situation:
    """Put the account's position into words."""
    return _SITUATIONS[page.reason](page)


def _no_subscription(page: BillingPage) -> Situation:
    if page.plan is None:
        text = f"Choose a plan to start using {page.frame.product.name}."
        return Situation(Banner(Tone.INFO, "You have no plan yet", text, choose_a_plan(page)))
    return Situation(next=_standing(page), settled=True)


def _trialing(page: BillingPage) -> Situation:
    end = page.trial_end or page.boundary_at
    if end is None:
        return Situation(badge=TRIAL_BADGE, next=_standing(page), settled=True)
    if page.cancel_at is not None and page.cancel_at <= end:
        return _canceled_trial(page, page.cancel_at)
    last_days = page.frame.wording.days_until(page.at, end) <= LAST_DAYS
    tone = Tone.WARNING if last_days and page.has_card is False else Tone.INFO
    return Situation(
        banner=Banner(tone, _trial_countdown(page, end), _trial_card_text(page), add_card(page)),
        next=_after_trial(page, end),
        badge=TRIAL_BADGE,
        due=("Trial ends", end),
    )


def _trial_extended(page: BillingPage) -> Situation:
    end = page.boundary_at
    if end is None:
        return Situation(badge=TRIAL_BADGE, next=_standing(page), settled=True)
    text = f"Your trial of {page.subject_name} goes on until then, and nothing is charged for it."
    return Situation(
        banner=Banner(Tone.INFO, _trial_countdown(page, end), text),
        next=f"On {page.date(end)} {consequence(page.policy.after_trial, page.catalog.free_plan)}.",
        badge=TRIAL_BADGE,
        due=("Trial ends", end),
    )


def _comp(page: BillingPage) -> Situation:
    name = page.plan.name if page.plan else page.subject_name
    return Situation(next=f"You have {name} without a subscription: nothing is charged for it.", settled=True)


def _canceled_trial(page: BillingPage, end: datetime) -> Situation:
    ending = consequence(page.policy.after_trial, page.catalog.free_plan)
    text = f"You have canceled it, so nothing will be charged. You keep {page.subject_name} until then."
    return Situation(
        banner=Banner(Tone.INFO, _trial_countdown(page, end), text, keep(page)),
        next=f"On {page.date(end)} {ending}.",
        badge=(Tone.WARNING, "Ending"),
        due=("Ends", end),
    )


def _trial_countdown(page: BillingPage, end: datetime) -> str:
    wording = page.frame.wording
    days = wording.days_until(page.at, end)
    if days > 1:
        return f"{days} days left in your {page.subject_name} trial"
    return (
        f"Your {page.subject_name} trial ends {'tomorrow' if days == 1 else 'today'} at {wording.time(end)}"
    )


def _trial_card_text(page: BillingPage) -> str:
    if page.has_card is None:
        return "We are checking with Stripe whether a payment method is on file."
    if page.has_card:
        return f"A payment method is on file, so there is nothing you need to do to keep {page.subject_name}."
    if page.purchase is not None:
        words = purchase_words(page.frame.wording, page.purchase)
        return f"Add a payment method to keep {page.subject_name}. {words}"
    if page.has_customer:
        return f"Add a payment method to keep {page.subject_name}. Nothing is charged before the trial ends."
    return "There is no payment method on file, so nothing will be charged."


def _after_trial(page: BillingPage, end: datetime) -> str:
    date, ending = page.date(end), consequence(page.policy.after_trial, page.catalog.free_plan)
    if page.has_card:
        return f"On {date} the trial ends and {_first_payment(page)}."
    if page.has_card is False:
        return f"On {date} the trial ends and {ending}."
    paying = _first_payment(page)
    return f"On {date} the trial ends. With a payment method on file {paying}; without one, {ending}."


def _active(page: BillingPage) -> Situation:
    renews_at = page.current_period_end
    if renews_at is None:
        return Situation(next=f"{page.subject_name} goes on until you cancel.")
    if page.running is not None and page.running.coming is not None and page.running.coming_at is not None:
        changes_at = page.running.coming_at
        words = f"On {page.date(changes_at)} {_coming_terms(page, page.running)}."
        return Situation(next=words, due=("Changes", changes_at))
    return Situation(
        next=f"On {page.date(renews_at)} {page.subject_name} renews{_for_the_price(page)}.",
        due=("Renews", renews_at),
    )


def _coming_terms(page: BillingPage, running: Running) -> str:
    """Say what is planned, and what that costs: ``it becomes Starter, for $19 / month plus any tax``."""
    if running.coming is None:
        return f"it becomes {page.subject_name}"
    currency = page.price.currency if page.price else main_currency(page.catalog)
    amount, per = price_of(page.frame.wording, running.coming, currency)
    costs = f", for {amount} {per} plus any tax" if amount else ""
    changed = changed_add_ons(running.terms, running.coming)
    if changed:
        names = add_ons_named(page.frame.wording, page.catalog, changed)
        return f"{page.subject_name} goes on {'with' if any(changed.values()) else 'without'} {names}"
    return f"it becomes {named(page.frame.wording, running.terms, running.coming)}{costs}"


def _canceling(page: BillingPage) -> Situation:
    end = page.boundary_at if page.status == "canceled" else page.cancel_at or page.boundary_at
    ending = consequence(page.policy.after_cancel, page.catalog.free_plan)
    when = f"on {page.date(end)}" if end else "with the period that is paid for"
    text = "You keep everything until then, and it will not renew."
    return Situation(
        banner=Banner(Tone.INFO, f"{page.subject_name} ends {when}", text, keep(page)),
        next=f"{when[0].upper()}{when[1:]} {ending}.",
        badge=(Tone.WARNING, "Ending"),
        due=("Ends", end) if end else None,
    )


def _unconfirmed(page: BillingPage) -> Situation:
    text = f"You keep {page.subject_name} meanwhile, and there is nothing you need to do."
    return Situation(
        banner=Banner(Tone.INFO, f"We are waiting for Stripe to confirm {_awaited(page)}", text),
        next=_if_unconfirmed(page),
        badge=(Tone.INFO, "Confirming"),
    )


def _if_unconfirmed(page: BillingPage) -> str:
    if page.boundary_at is None or page.policy.on_unknown is OnUnknown.ALLOW:
        return f"{page.subject_name} stays open while we wait."
    ending = consequence(page.policy.after_grace, page.catalog.free_plan)
    return f"If nothing is confirmed by {page.date(page.boundary_at)}, {ending}."


def _unknown(page: BillingPage) -> Situation:
    title = f"Stripe has not confirmed {_awaited(page)}"
    if page.keeps_plan:
        text = f"You keep {page.subject_name} meanwhile. If you have canceled it, {_write_to_us(page)}."
        words = f"{page.subject_name} stays open while we wait."
        return Situation(Banner(Tone.WARNING, title, text), words, badge=(Tone.WARNING, "Not confirmed"))
    text = f"If you have paid for {page.subject_name}, {_write_to_us(page)}."
    words = f"{_standing(page)} {page.subject_name} comes back as soon as Stripe confirms it."
    return Situation(Banner(Tone.DANGER, title, text), words)


def _awaited(page: BillingPage) -> str:
    return "the end of your trial" if page.status == "trialing" else "your renewal"


def _first_charge_pending(page: BillingPage) -> Situation:
    text = "Your trial has ended, and Stripe is about to charge your payment method."
    if page.keeps_plan:
        what_next = f"You keep {page.subject_name} while the payment is on its way."
    else:
        what_next = f"{_standing(page)} {page.subject_name} opens as soon as the payment has arrived."
    return Situation(
        banner=Banner(Tone.INFO, f"Your first payment for {page.subject_name} is being made", text),
        next=what_next,
        badge=(Tone.INFO, "Confirming"),
    )


def _past_due_grace(page: BillingPage) -> Situation:
    end = page.grace_ends_at or page.boundary_at
    title = f"Your last payment for {page.subject_name} failed"
    by = f" by {page.date(end)}" if end else ""
    banner = Banner(Tone.WARNING, title, f"{_remedy(page)}{by} to keep {page.subject_name}.", pay(page))
    badge = (Tone.WARNING, "Payment failed")
    if end is None:
        return Situation(banner, f"You keep {page.subject_name} for now.", badge=badge)
    ending = consequence(page.policy.after_grace, page.catalog.free_plan)
    keeps = f"You keep {page.subject_name} until {page.date(end)}."
    return Situation(
        banner=banner,
        next=f"{keeps} If the payment has not arrived then, {ending}.",
        badge=badge,
        due=("Pay by", end),
    )


def _past_due(page: BillingPage) -> Situation:
    text = f"{_remedy(page)} to get {page.subject_name} back."
    return _payment_missing(page, f"Your last payment for {page.subject_name} failed", text)


def _unpaid(page: BillingPage) -> Situation:
    text = f"We have stopped trying to collect it. {_remedy(page)} to get {page.subject_name} back."
    return _payment_missing(page, f"Your last payment for {page.subject_name} failed", text)


def _payment_missing(page: BillingPage, title: str, text: str) -> Situation:
    return Situation(
        banner=Banner(Tone.DANGER, title, text, pay(page)),
        next=f"{_standing(page)} {page.subject_name} comes back as soon as the payment has arrived.",
        badge=(Tone.DANGER, "Payment failed"),
    )


def _trial_ended(page: BillingPage) -> Situation:
    when = f" on {page.date(page.trial_end)}" if page.trial_end else ""
    nothing_charged = "Nothing was charged. " if page.has_card is False else ""
    text = f"{nothing_charged}Choose a plan whenever you want {page.subject_name} back."
    return _over(page, f"Your {page.subject_name} trial ended{when}", text)


def _canceled(page: BillingPage) -> Situation:
    text = f"Choose a plan whenever you want {page.subject_name} back."
    return _over(page, f"Your {page.subject_name} subscription has ended", text)


def _incomplete_expired(page: BillingPage) -> Situation:
    text = f"Its first payment did not go through in time, so {page.subject_name} never started."
    return _over(page, f"Your order of {page.subject_name} has lapsed", f"{text} You can order it again.")


def _over(page: BillingPage, title: str, text: str) -> Situation:
    banner = Banner(Tone.INFO, title, text, choose_a_plan(page))
    return Situation(banner, _standing(page), settled=True, badge=(Tone.NEUTRAL, "Ended"))


def _incomplete(page: BillingPage) -> Situation:
    text = f"Your bank may be asking you to confirm it. {page.subject_name} opens once it has gone through."
    lapse = "Without a payment within 23 hours of your order, it lapses and nothing is charged."
    return Situation(
        banner=Banner(Tone.WARNING, "Your first payment is not complete", text, pay(page, "Confirm payment")),
        next=f"{_standing(page)} {lapse}",
    )


def _paused(page: BillingPage) -> Situation:
    resumes_at = page.running.resumes_at if page.running else None
    title = f"Your {page.subject_name} subscription is paused"
    again = resume(page)
    text = "Nothing is charged while it is paused."
    if again is None:
        text = f"{text} To take it up again, {_write_to_us(page)}."
    what_next = f"{_standing(page)} {page.subject_name} comes back when the subscription is resumed."
    if resumes_at is not None:
        what_next = f"{_standing(page)} {page.subject_name} comes back by itself on {page.date(resumes_at)}."
    return Situation(Banner(Tone.WARNING, title, text, again), what_next)


def _unclear(page: BillingPage) -> Situation:
    text = "To be safe, what it pays for is switched off until we have looked into it."
    title = "Something about your subscription is unclear to us"
    banner = Banner(Tone.DANGER, title, f"{text} Please {_write_to_us(page)}.")
    return Situation(banner, _standing(page), settled=True)


def _standing(page: BillingPage) -> str:
    """Say what the account has at this moment."""
    if page.access is Access.READ_ONLY:
        return "Your account is read-only: everything is still there to look at, but not to change."
    if page.access is Access.BLOCKED or page.plan is None:
        return f"Your access to {page.frame.product.name} is switched off."
    costs = ", which costs nothing and does not end" if page.plan.is_free else ""
    return f"You are on the {page.plan.name} plan{costs}."


def _first_payment(page: BillingPage) -> str:
    if page.price is None:
        return f"{page.subject_name} goes on as a paid plan"
    return f"your first {page.price.interval} of {page.subject_name} is charged: {_cost(page, page.price)}"


def _for_the_price(page: BillingPage) -> str:
    return f" for {_cost(page, page.price)}" if page.price else ""


def _cost(page: BillingPage, price: Price) -> str:
    quantity = page.running.terms.quantity if page.running else 1
    amount = price.unit_amount * quantity
    if price.tiers and price.tiers_mode is not None:
        amount = tiered_total(price.tiers, price.tiers_mode, quantity)
    for key, held in page.running.terms.add_ons.items() if page.running else ():
        add_on = page.catalog.add_ons.get(key)
        each = amount_of(add_on, price.interval, price.currency) if add_on else None
        amount += each.unit_amount * held if each else 0
    return f"{page.frame.wording.price(amount, price.currency)} plus any tax"


def _remedy(page: BillingPage) -> str:
    return "Pay the open invoice" if pay(page) else "Pay what is open"


def _write_to_us(page: BillingPage) -> str:
    email = page.frame.product.support_email
    return f"write to {email}" if email else "write to our support"


_SITUATIONS: Mapping[Reason, Callable[[BillingPage], Situation]] = {
    Reason.NO_SUBSCRIPTION: _no_subscription,
    Reason.TRIALING: _trialing,
    Reason.TRIAL_EXTENDED: _trial_extended,
    Reason.COMP: _comp,
    Reason.ACTIVE: _active,
    Reason.CANCELING: _canceling,
    Reason.UNCONFIRMED: _unconfirmed,
    Reason.UNKNOWN: _unknown,
    Reason.FIRST_CHARGE_PENDING: _first_charge_pending,
    Reason.PAST_DUE_GRACE: _past_due_grace,
    Reason.PAST_DUE: _past_due,
    Reason.UNPAID: _unpaid,
    Reason.TRIAL_ENDED: _trial_ended,
    Reason.CANCELED: _canceled,
    Reason.INCOMPLETE: _incomplete,
    Reason.INCOMPLETE_EXPIRED: _incomplete_expired,
    Reason.PAUSED: _paused,
    Reason.UNKNOWN_STATUS: _unclear,
    Reason.UNMAPPED_PRICE: _unclear,
}
