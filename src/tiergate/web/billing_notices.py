"""What the billing page says of changes: what waits for its payment, what is planned, what was just done."""

from collections.abc import Callable, Mapping

from tiergate.rules.access import Reason
from tiergate.services.ask_to_upgrade import Asked
from tiergate.web.billing_facts import BillingPage, Running, Terms
from tiergate.web.billing_situation import Banner, Tone
from tiergate.web.link import Link
from tiergate.web.plan_prices import PAID, add_ons_named, changed_add_ons, named, seats_of


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
    until = ""
    if running.pay_by is not None:
        wording = page.frame.wording
        until = f" After {wording.date(running.pay_by)}, {wording.time(running.pay_by)}, it lapses."
    text = (
        "Your bank may ask you to confirm it, or you may need another card. "
        f"Until it is paid you keep what you have, and nothing is charged.{until}"
    )
    pay = Link("Confirm payment", running.pay_url) if running.pay_url else None
    title = f"Confirm your payment for {_what(page, running, terms)}"
    return Banner(Tone.WARNING, title, text, pay, Link("Not now", page.act_url("undo"), ()))


def _coming(page: BillingPage, running: Running, terms: Terms) -> Banner:
    when = page.date(running.coming_at) if running.coming_at else ""
    title = f"On {when} your plan changes to {_what(page, running, terms)}"
    changed = changed_add_ons(running.terms, terms)
    if changed:
        names = add_ons_named(page.frame.wording, page.catalog, changed)
        title = f"From {when} on: {names}" if any(changed.values()) else f"{names} ends on {when}"
    text = "Until then you keep what you have paid for."
    return Banner(Tone.INFO, title, text, also=Link("Undo", page.act_url("undo"), ()))


def _what(page: BillingPage, running: Running, terms: Terms) -> str:
    changed = changed_add_ons(running.terms, terms)
    if changed:
        return add_ons_named(page.frame.wording, page.catalog, changed)
    return named(page.frame.wording, running.terms, terms)


def _collects_nothing(page: BillingPage, running: Running) -> Banner:
    goes_on = f" until {page.date(running.resumes_at)}" if running.resumes_at else ""
    text = f"Nothing is charged{goes_on}, and you keep {page.subject_name}."
    resume = Link(f"Resume {page.subject_name}", page.act_url("resume"), ())
    return Banner(Tone.INFO, "Payments are paused", text, also=resume)


def _asked(page: BillingPage) -> tuple[Banner, ...]:
    """Tell an owner what members wish for."""
    return tuple(_wish(page, asked) for asked in page.asked)


def _wish(page: BillingPage, asked: Asked) -> Banner:
    plan = page.catalog.plans.get(asked.plan or "")
    title = f"{asked.by or 'A member'} asks for {plan.name if plan else 'an upgrade'}"
    text = f"Asked on {page.date(asked.at)}. It is up to you as an owner."
    place = f"#plan-{plan.key}" if plan else ""
    return Banner(Tone.INFO, title, text, also=Link("See the plans", page.frame.pricing_url + place))


def _after_ask(page: BillingPage) -> str:
    return "The owners of this account are asked: they see it on their billing page." if page.asked else ""


def _after_change(page: BillingPage) -> str:
    running = page.running
    if running is None or running.waiting is not None:
        return ""
    if running.coming is not None and running.coming_at is not None:
        return f"Your change is planned for {page.date(running.coming_at)}."
    terms, plan = running.terms, running.terms.plan
    if plan is None:
        return ""
    paid = f", paid {PAID[terms.interval]}" if terms.interval in PAID else ""
    seats = seats_of(page.frame.wording, plan, terms.quantity)
    return f"Done. You are on {plan.name}{paid}{f', with {seats}' if seats else ''}."


def _after_add_ons(page: BillingPage) -> str:
    running = page.running
    if running is None or running.waiting is not None:
        return ""
    if running.coming is not None and running.coming_at is not None:
        return f"Your change is planned for {page.date(running.coming_at)}."
    has = add_ons_named(page.frame.wording, page.catalog, running.terms.add_ons)
    return f"Done. You have {page.subject_name} {f'with {has}' if has else 'without add-ons'}."


def _after_undo(page: BillingPage) -> str:
    running = page.running
    is_plain = running is not None and running.coming is None and running.waiting is None
    return f"Done. You stay on {page.subject_name}." if is_plain else ""


def _after_cancel(page: BillingPage) -> str:
    if page.running is not None and not page.running.is_ending:
        return ""
    return f"{page.subject_name} is canceled, and will not renew."


def _after_resume(page: BillingPage) -> str:
    running = page.running
    goes_on = running is not None and not running.is_ending and not running.is_paused
    return f"Done. {page.subject_name} goes on." if goes_on else ""


def _after_pause(page: BillingPage) -> str:
    return f"{page.subject_name} is paused." if page.running and page.running.is_paused else ""


def _after_email(page: BillingPage) -> str:
    return f"Invoices and receipts go to {page.billing_email}." if page.billing_email else ""


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
