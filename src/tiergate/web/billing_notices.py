"""What the billing page says of changes: what waits for its payment, what is planned, what was just done."""

from collections.abc import Callable, Mapping

from tiergate.rules.access import Reason
from tiergate.services.accounts.ask_to_upgrade import Asked
from tiergate.web.billing_facts import BillingPage, Running, Terms
from tiergate.web.link import Link
from tiergate.web.payment_words import is_to_be_confirmed, problem_in_words
from tiergate.web.plan_prices import (
    add_on_of,
    add_ons_named,
    add_ons_then,
    changed_add_ons,
    named,
    paid,
    seats_of,
)
from tiergate.web.situation import Banner, Tone


def notices(page: BillingPage) -> tuple[Banner, ...]:
    """Return what is on its way, each with a button: the most pressing first."""
    asked = _asked(page) if page.frame.may_change else ()
    running = page.running
    if running is None:
        return asked
    found = []
    if running.waiting is not None:
        found.append(_waiting(page, running, running.waiting))
    if running.is_paused and page.reason is not Reason.PAUSED:
        found.append(_collects_nothing(page, running))
    if running.coming is not None and running.coming_at is not None:
        found.append(_coming(page, running, running.coming))
    return (*found, *asked)


def told_after(page: BillingPage) -> str:
    """Say what is the case after something was done; nothing where it is not so, or a notice says it."""
    say = _AFTER.get(page.after)
    return say(page) if say else ""


def _waiting(page: BillingPage, running: Running, terms: Terms) -> Banner:
    wording = page.frame.wording
    why = wording.say("Your bank may ask you to confirm it, or you may need another card.")
    if page.problem is not None:
        why = problem_in_words(wording, page.problem)
    text = f"{why} {wording.say('Until it is paid you keep what you have, and nothing is charged.')}"
    if running.pay_by is not None:
        date, time = wording.date(running.pay_by), wording.time(running.pay_by)
        text = f"{text} {wording.say('After {date}, {time}, it lapses.', date=date, time=time)}"
    title = wording.say("Confirm your payment for {terms}", terms=_what(page, running, terms))
    label = wording.say("Confirm payment")
    if page.problem is not None and not is_to_be_confirmed(page.problem):
        title = wording.say("Your payment for {terms} did not go through", terms=_what(page, running, terms))
        label = wording.say("Pay with another card")
    pay = Link(label, running.pay_url) if running.pay_url else None
    return Banner(Tone.WARNING, title, text, pay, Link(wording.say("Not now"), page.act_url("undo"), ()))


def _coming(page: BillingPage, running: Running, terms: Terms) -> Banner:
    when = page.date(running.coming_at) if running.coming_at else ""
    title = page.say("On {date} your plan changes to {terms}", date=when, terms=_what(page, running, terms))
    changed = changed_add_ons(running.terms, terms)
    if changed:
        names = add_ons_named(page.frame.wording, page.catalog, changed)
        title = page.say("{plan} ends on {date}", plan=names, date=when)
        if any(changed.values()):
            title = page.say("From {date} on: {names}", date=when, names=names)
    text = page.say("Until then you keep what you have paid for.")
    others = add_ons_then(running.terms, terms)
    if others and not changed:
        each = [add_on_of(page.frame.wording, page.catalog, *other) for other in others.items()]
        text = (
            f"{page.say('From {date} on: {names}', date=when, names=page.frame.wording.list(each))}. {text}"
        )
    return Banner(Tone.INFO, title, text, also=Link(page.say("Undo"), page.act_url("undo"), ()))


def _what(page: BillingPage, running: Running, terms: Terms) -> str:
    changed = changed_add_ons(running.terms, terms)
    if changed:
        return add_ons_named(page.frame.wording, page.catalog, changed)
    return named(page.frame.wording, running.terms, terms)


def _collects_nothing(page: BillingPage, running: Running) -> Banner:
    name = page.subject_name
    text = page.say("Nothing is charged, and you keep {plan}.", plan=name)
    if running.resumes_at is not None:
        date = page.date(running.resumes_at)
        text = page.say("Nothing is charged until {date}, and you keep {plan}.", date=date, plan=name)
    resume = Link(page.say("Resume {plan}", plan=name), page.act_url("resume"), ())
    return Banner(Tone.INFO, page.say("Payments are paused"), text, also=resume)


def _asked(page: BillingPage) -> tuple[Banner, ...]:
    """Tell an owner what members wish for."""
    return tuple(_wish(page, asked) for asked in page.asked)


def _wish(page: BillingPage, asked: Asked) -> Banner:
    plan = page.catalog.plans.get(asked.plan or "")
    who = asked.by or page.say("A member")
    title = page.say("{who} asks for an upgrade", who=who)
    if plan is not None:
        title = page.say("{who} asks for {plan}", who=who, plan=plan.name)
    text = page.say("Asked on {date}. It is up to you as an owner.", date=page.date(asked.at))
    place = f"#plan-{plan.key}" if plan else ""
    return Banner(
        Tone.INFO, title, text, also=Link(page.say("See the plans"), page.frame.pricing_url + place)
    )


def _after_ask(page: BillingPage) -> str:
    told = page.say("The owners of this account are asked: they see it on their billing page.")
    return told if page.asked else ""


def _after_change(page: BillingPage) -> str:
    running = page.running
    if running is None or running.waiting is not None:
        return ""
    if running.coming is not None and running.coming_at is not None:
        return page.say("Your change is planned for {date}.", date=page.date(running.coming_at))
    wording, terms, plan = page.frame.wording, running.terms, running.terms.plan
    if plan is None:
        return ""
    name = paid(wording, plan, terms.interval) if terms.interval else plan.name
    seats = seats_of(wording, plan, terms.quantity)
    if seats:
        return wording.say("Done. You are on {terms}, with {seats}.", terms=name, seats=seats)
    return wording.say("Done. You are on {terms}.", terms=name)


def _after_add_ons(page: BillingPage) -> str:
    running = page.running
    if running is None or running.waiting is not None:
        return ""
    if running.coming is not None and running.coming_at is not None:
        return page.say("Your change is planned for {date}.", date=page.date(running.coming_at))
    has = add_ons_named(page.frame.wording, page.catalog, running.terms.add_ons)
    if has:
        return page.say("Done. You have {plan} with {add_ons}.", plan=page.subject_name, add_ons=has)
    return page.say("Done. You have {plan} without add-ons.", plan=page.subject_name)


def _after_undo(page: BillingPage) -> str:
    running = page.running
    is_plain = running is not None and running.coming is None and running.waiting is None
    return page.say("Done. You stay on {plan}.", plan=page.subject_name) if is_plain else ""


def _after_cancel(page: BillingPage) -> str:
    if page.running is not None and not page.running.is_ending:
        return ""
    return page.say("{plan} is canceled, and will not renew.", plan=page.subject_name)


def _after_resume(page: BillingPage) -> str:
    running = page.running
    goes_on = running is not None and not running.is_ending and not running.is_paused
    return page.say("Done. {plan} goes on.", plan=page.subject_name) if goes_on else ""


def _after_pause(page: BillingPage) -> str:
    is_paused = page.running is not None and page.running.is_paused
    return page.say("{plan} is paused.", plan=page.subject_name) if is_paused else ""


def _after_email(page: BillingPage) -> str:
    address = page.billing_email
    return page.say("Invoices and receipts go to {email}.", email=address) if address else ""


_AFTER: Mapping[str, Callable[[BillingPage], str]] = {
    "change": _after_change,
    "seats": _after_change,
    "add-ons": _after_add_ons,
    "undo": _after_undo,
    "cancel": _after_cancel,
    "resume": _after_resume,
    "pause": _after_pause,
    "email": _after_email,
    "ask": _after_ask,
}
"""By the word in the address; what it says is true whenever the page is opened."""
