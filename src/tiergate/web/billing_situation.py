"""What the billing page says about an account: for each reason a banner, a sentence about what happens next.

The sentences follow one pattern: what is the case, what the customer can do, what happens by itself and when.
"""

from collections.abc import Callable, Mapping

from tiergate.rules.access import Reason
from tiergate.rules.policy import OnUnknown
from tiergate.translation import Sentence
from tiergate.web.billing_facts import BillingPage, Running
from tiergate.web.billing_links import choose_a_plan, keep, pay, resume
from tiergate.web.payment_words import problem_in_words
from tiergate.web.plan_prices import add_ons_named, changed_add_ons, named, price_of
from tiergate.web.situation import (
    CONFIRMING,
    ENDING,
    Banner,
    Situation,
    Tone,
    cost_of,
    follows,
    standing,
)
from tiergate.web.trial_situation import trial_extended, trialing
from tiergate.web.what_follows import When
from tiergate.web.wording import main_currency


def situation(page: BillingPage) -> Situation:
    """Put the account's position into words."""
    return _SITUATIONS[page.reason](page)


def _no_subscription(page: BillingPage) -> Situation:
    if page.plan is None:
        text = page.say("Choose a plan to start using {product}.", product=page.frame.product.name)
        return Situation(Banner(Tone.INFO, page.say("You have no plan yet"), text, choose_a_plan(page)))
    return Situation(next=standing(page), settled=True)


def _comp(page: BillingPage) -> Situation:
    name = page.plan.name if page.plan else page.subject_name
    words = page.say("You have {plan} without a subscription: nothing is charged for it.", plan=name)
    return Situation(next=words, settled=True)


def _active(page: BillingPage) -> Situation:
    renews_at = page.current_period_end
    if renews_at is None:
        return Situation(next=page.say("{plan} goes on until you cancel.", plan=page.subject_name))
    if page.running is not None and page.running.coming is not None and page.running.coming_at is not None:
        changes_at = page.running.coming_at
        return Situation(
            next=_becomes(page, page.running, page.date(changes_at)), due=(Sentence("Changes"), changes_at)
        )
    date, name = page.date(renews_at), page.subject_name
    words = page.say("On {date} {plan} renews.", date=date, plan=name)
    if page.price is not None:
        cost = cost_of(page, page.price)
        words = page.say("On {date} {plan} renews for {cost}.", date=date, plan=name, cost=cost)
    return Situation(next=words, due=(Sentence("Renews"), renews_at))


def _becomes(page: BillingPage, running: Running, date: str) -> str:
    """Say what is planned, and what that costs."""
    if running.coming is None:
        return page.say("On {date} it becomes {terms}.", date=date, terms=page.subject_name)
    currency = page.price.currency if page.price else main_currency(page.catalog)
    amount, per = price_of(page.frame.wording, running.coming, currency)
    terms = named(page.frame.wording, running.terms, running.coming)
    changed = changed_add_ons(running.terms, running.coming)
    if changed:
        names = add_ons_named(page.frame.wording, page.catalog, changed)
        goes_on = Sentence("On {date} {plan} goes on without {names}.")
        if any(changed.values()):
            goes_on = Sentence("On {date} {plan} goes on with {names}.")
        return page.say(goes_on, date=date, plan=page.subject_name, names=names)
    if not amount:
        return page.say("On {date} it becomes {terms}.", date=date, terms=terms)
    return page.say(
        "On {date} it becomes {terms}, for {price} plus any tax.",
        date=date,
        terms=terms,
        price=f"{amount} {per}",
    )


def _canceling(page: BillingPage) -> Situation:
    end = page.boundary_at if page.status == "canceled" else page.cancel_at or page.boundary_at
    afterwards, name = page.policy.after_cancel, page.subject_name
    text = page.say("You keep everything until then, and it will not renew.")
    if end is None:
        title = page.say("{plan} ends with the period that is paid for", plan=name)
        ending = follows(page, When.PERIOD_END, afterwards)
        return Situation(Banner(Tone.INFO, title, text, keep(page)), ending, badge=ENDING)
    date = page.date(end)
    return Situation(
        banner=Banner(Tone.INFO, page.say("{plan} ends on {date}", plan=name, date=date), text, keep(page)),
        next=follows(page, When.DATE, afterwards, date=date),
        badge=ENDING,
        due=(Sentence("Ends"), end),
    )


def _unconfirmed(page: BillingPage) -> Situation:
    text = page.say("You keep {plan} meanwhile, and there is nothing you need to do.", plan=page.subject_name)
    title = page.say("We are waiting for Stripe to confirm your renewal")
    if page.status == "trialing":
        title = page.say("We are waiting for Stripe to confirm the end of your trial")
    return Situation(Banner(Tone.INFO, title, text), _if_unconfirmed(page), badge=CONFIRMING)


def _if_unconfirmed(page: BillingPage) -> str:
    if page.boundary_at is None or page.policy.on_unknown is OnUnknown.ALLOW:
        return page.say("{plan} stays open while we wait.", plan=page.subject_name)
    return follows(page, When.UNCONFIRMED, page.policy.after_grace, date=page.date(page.boundary_at))


def _unknown(page: BillingPage) -> Situation:
    title, name = page.say("Stripe has not confirmed your renewal"), page.subject_name
    if page.status == "trialing":
        title = page.say("Stripe has not confirmed the end of your trial")
    if page.keeps_plan:
        text = page.say(
            "You keep {plan} meanwhile. If you have canceled it, {write_to_us}.",
            plan=name,
            write_to_us=_write_to_us(page),
        )
        words = page.say("{plan} stays open while we wait.", plan=name)
        badge = (Tone.WARNING, Sentence("Not confirmed"))
        return Situation(Banner(Tone.WARNING, title, text), words, badge=badge)
    text = page.say("If you have paid for {plan}, {write_to_us}.", plan=name, write_to_us=_write_to_us(page))
    back = page.say("{plan} comes back as soon as Stripe confirms it.", plan=name)
    return Situation(Banner(Tone.DANGER, title, text), f"{standing(page)} {back}")


def _first_charge_pending(page: BillingPage) -> Situation:
    name = page.subject_name
    text = page.say("Your trial has ended, and Stripe is about to charge your payment method.")
    if page.keeps_plan:
        what_next = page.say("You keep {plan} while the payment is on its way.", plan=name)
    else:
        opens = page.say("{plan} opens as soon as the payment has arrived.", plan=name)
        what_next = f"{standing(page)} {opens}"
    title = page.say("Your first payment for {plan} is being made", plan=name)
    return Situation(Banner(Tone.INFO, title, text), what_next, badge=CONFIRMING)


def _past_due_grace(page: BillingPage) -> Situation:
    end, name = page.grace_ends_at or page.boundary_at, page.subject_name
    title, badge = _failed(page), (Tone.WARNING, Sentence("Payment failed"))
    if end is None:
        text = _with_reason(page, page.say("{remedy} to keep {plan}.", remedy=_remedy(page), plan=name))
        words = page.say("You keep {plan} for now.", plan=name)
        return Situation(Banner(Tone.WARNING, title, text, pay(page)), words, badge=badge)
    date = page.date(end)
    text = page.say("{remedy} by {date} to keep {plan}.", remedy=_remedy(page), date=date, plan=name)
    keeps = page.say("You keep {plan} until {date}.", plan=name, date=date)
    return Situation(
        banner=Banner(Tone.WARNING, title, _with_reason(page, text), pay(page), keep(page)),
        next=f"{keeps} {follows(page, When.UNPAID, page.policy.after_grace)}",
        badge=badge,
        due=(Sentence("Pay by"), end),
    )


def _past_due(page: BillingPage) -> Situation:
    return _payment_missing(page, _pay_to_return(page))


def _unpaid(page: BillingPage) -> Situation:
    stopped = page.say("We have stopped trying to collect it.")
    return _payment_missing(page, f"{stopped} {_pay_to_return(page)}")


def _payment_missing(page: BillingPage, text: str) -> Situation:
    back = page.say("{plan} comes back as soon as the payment has arrived.", plan=page.subject_name)
    return Situation(
        banner=Banner(Tone.DANGER, _failed(page), _with_reason(page, text), pay(page), keep(page)),
        next=f"{standing(page)} {back}",
        badge=(Tone.DANGER, Sentence("Payment failed")),
    )


def _with_reason(page: BillingPage, text: str) -> str:
    """Say first why the payment did not go through, where that is known."""
    return f"{problem_in_words(page.frame.wording, page.problem)} {text}" if page.problem else text


def _failed(page: BillingPage) -> str:
    return page.say("Your last payment for {plan} failed", plan=page.subject_name)


def _pay_to_return(page: BillingPage) -> str:
    return page.say("{remedy} to get {plan} back.", remedy=_remedy(page), plan=page.subject_name)


def _trial_ended(page: BillingPage) -> Situation:
    title = page.say("Your {plan} trial ended", plan=page.subject_name)
    if page.trial_end is not None:
        date = page.date(page.trial_end)
        title = page.say("Your {plan} trial ended on {date}", plan=page.subject_name, date=date)
    text = _choose_again(page)
    if page.has_card is False:
        text = f"{page.say('Nothing was charged.')} {text}"
    return _over(page, title, text)


def _canceled(page: BillingPage) -> Situation:
    title = page.say("Your {plan} subscription has ended", plan=page.subject_name)
    return _over(page, title, _choose_again(page))


def _choose_again(page: BillingPage) -> str:
    return page.say("Choose a plan whenever you want {plan} back.", plan=page.subject_name)


def _incomplete_expired(page: BillingPage) -> Situation:
    text = page.say(
        "Its first payment did not go through in time, so {plan} never started. You can order it again.",
        plan=page.subject_name,
    )
    return _over(page, page.say("Your order of {plan} has lapsed", plan=page.subject_name), text)


def _over(page: BillingPage, title: str, text: str) -> Situation:
    banner = Banner(Tone.INFO, title, text, choose_a_plan(page))
    return Situation(banner, standing(page), settled=True, badge=(Tone.NEUTRAL, Sentence("Ended")))


def _incomplete(page: BillingPage) -> Situation:
    text = page.say("{plan} opens once it has gone through.", plan=page.subject_name)
    perhaps = page.say("Your bank may be asking you to confirm it.")
    text = _with_reason(page, text) if page.problem else f"{perhaps} {text}"
    label = "" if page.problem else page.say("Confirm payment")
    title, button = page.say("Your first payment is not complete"), pay(page, label)
    lapse = page.say("Without a payment within 23 hours of your order, it lapses and nothing is charged.")
    return Situation(Banner(Tone.WARNING, title, text, button), f"{standing(page)} {lapse}")


def _paused(page: BillingPage) -> Situation:
    resumes_at = page.running.resumes_at if page.running else None
    name, again = page.subject_name, resume(page)
    title = page.say("Your {plan} subscription is paused", plan=name)
    text = page.say("Nothing is charged while it is paused.")
    if again is None:
        more = page.say("To take it up again, {write_to_us}.", write_to_us=_write_to_us(page))
        text = f"{text} {more}"
    back = page.say("{plan} comes back when the subscription is resumed.", plan=name)
    if resumes_at is not None:
        date = page.date(resumes_at)
        back = page.say("{plan} comes back by itself on {date}.", plan=name, date=date)
    return Situation(Banner(Tone.WARNING, title, text, again), f"{standing(page)} {back}")


def _unclear(page: BillingPage) -> Situation:
    text = page.say(
        "To be safe, what it pays for is switched off until we have looked into it. Please {write_to_us}.",
        write_to_us=_write_to_us(page),
    )
    title = page.say("Something about your subscription is unclear to us")
    return Situation(Banner(Tone.DANGER, title, text), standing(page), settled=True)


def _remedy(page: BillingPage) -> str:
    return page.say("Pay the open invoice") if pay(page) else page.say("Pay what is open")


def _write_to_us(page: BillingPage) -> str:
    email = page.frame.product.support_email
    return page.say("write to {email}", email=email) if email else page.say("write to our support")


_SITUATIONS: Mapping[Reason, Callable[[BillingPage], Situation]] = {
    Reason.NO_SUBSCRIPTION: _no_subscription,
    Reason.TRIALING: trialing,
    Reason.TRIAL_EXTENDED: trial_extended,
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
