"""What the billing page says while a trial runs."""

from collections.abc import Mapping
from datetime import datetime

from tiergate.translation import Sentence
from tiergate.web.billing_facts import BillingPage
from tiergate.web.billing_links import add_card, keep
from tiergate.web.purchase_words import purchase_words
from tiergate.web.situation import ENDING, TRIAL_BADGE, Banner, Situation, Tone, cost_of, follows, standing
from tiergate.web.what_follows import When

LAST_DAYS = 3
"""From how many days on the end of a trial without a card is shown as a warning."""


def trialing(page: BillingPage) -> Situation:
    """Say how long the trial lasts, and what follows with and without a card."""
    end = page.trial_end or page.boundary_at
    if end is None:
        return Situation(badge=TRIAL_BADGE, next=standing(page), settled=True)
    if page.cancel_at is not None and page.cancel_at <= end:
        return _canceled_trial(page, page.cancel_at)
    last_days = page.frame.wording.days_until(page.at, end) <= LAST_DAYS
    tone = Tone.WARNING if last_days and page.has_card is False else Tone.INFO
    return Situation(
        banner=Banner(tone, _trial_countdown(page, end), _trial_card_text(page, end), add_card(page)),
        next=_after_trial(page, end),
        badge=TRIAL_BADGE,
        due=(Sentence("Trial ends"), end),
    )


def trial_extended(page: BillingPage) -> Situation:
    """Say until when a trial that was made longer lasts."""
    end = page.boundary_at
    if end is None:
        return Situation(badge=TRIAL_BADGE, next=standing(page), settled=True)
    text = page.say(
        "Your trial of {plan} goes on until then, and nothing is charged for it.", plan=page.subject_name
    )
    return Situation(
        banner=Banner(Tone.INFO, _trial_countdown(page, end), text),
        next=follows(page, When.DATE, page.policy.after_trial, date=page.date(end)),
        badge=TRIAL_BADGE,
        due=(Sentence("Trial ends"), end),
    )


def _canceled_trial(page: BillingPage, end: datetime) -> Situation:
    text = page.say(
        "You have canceled it, so nothing will be charged. You keep {plan} until then.",
        plan=page.subject_name,
    )
    return Situation(
        banner=Banner(Tone.INFO, _trial_countdown(page, end), text, keep(page)),
        next=follows(page, When.DATE, page.policy.after_trial, date=page.date(end)),
        badge=ENDING,
        due=(Sentence("Ends"), end),
    )


def _trial_countdown(page: BillingPage, end: datetime) -> str:
    wording, name = page.frame.wording, page.subject_name
    days = wording.days_until(page.at, end)
    if days > 1:
        return wording.count(
            "{count} day left in your {plan} trial", "{count} days left in your {plan} trial", days, plan=name
        )
    text = Sentence("Your {plan} trial ends today at {time}")
    if days == 1:
        text = Sentence("Your {plan} trial ends tomorrow at {time}")
    return wording.say(text, plan=name, time=wording.time(end))


def _trial_card_text(page: BillingPage, end: datetime) -> str:
    if page.running is not None and page.running.waiting is not None:  # and there is something to do
        return page.say("You keep your trial until {date}.", date=page.date(end))
    if page.has_card is None:
        return page.say("We are checking with Stripe whether a payment method is on file.")
    if page.has_card:
        return page.say(
            "A payment method is on file, so there is nothing you need to do to keep {plan}.",
            plan=page.subject_name,
        )
    if page.purchase is not None:
        keep_it = page.say("Add a payment method to keep {plan}.", plan=page.subject_name)
        return f"{keep_it} {purchase_words(page.frame.wording, page.purchase)}"
    if page.has_customer:
        return page.say(
            "Add a payment method to keep {plan}. Nothing is charged before the trial ends.",
            plan=page.subject_name,
        )
    return page.say("There is no payment method on file, so nothing will be charged.")


def _after_trial(page: BillingPage, end: datetime) -> str:
    date = page.date(end)
    if page.has_card is False:
        return follows(page, When.TRIAL_END, page.policy.after_trial, date=date)
    plain, perhaps = _FIRST_PAYMENTS[page.price.interval if page.price else None]
    costs = {"cost": cost_of(page, page.price)} if page.price else {}
    paying = page.say(plain if page.has_card else perhaps, date=date, plan=page.subject_name, **costs)
    if page.has_card:
        return paying
    return f"{paying} {follows(page, When.WITHOUT_CARD, page.policy.after_trial)}"


_FIRST_PAYMENTS: Mapping[str | None, tuple[Sentence, Sentence]] = {
    "month": (
        Sentence("On {date} the trial ends and your first month of {plan} is charged: {cost}."),
        Sentence(
            "On {date} the trial ends. With a payment method on file your first month of {plan} is charged: "
            "{cost};"
        ),
    ),
    "year": (
        Sentence("On {date} the trial ends and your first year of {plan} is charged: {cost}."),
        Sentence(
            "On {date} the trial ends. With a payment method on file your first year of {plan} is charged: "
            "{cost};"
        ),
    ),
    None: (
        Sentence("On {date} the trial ends and {plan} goes on as a paid plan."),
        Sentence("On {date} the trial ends. With a payment method on file {plan} goes on as a paid plan;"),
    ),
}
"""What follows a trial with a card, and with perhaps one, by the interval that is paid."""
