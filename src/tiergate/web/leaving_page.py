"""The page on which a plan is canceled: what that means and when, why, and what else could be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tiergate.rules.catalog import Plan
from tiergate.rules.change import Change, Holds
from tiergate.translation import Sentence
from tiergate.web.billing_facts import IN_DEBT, BillingPage, Terms
from tiergate.web.link import Link
from tiergate.web.plan_prices import price_of
from tiergate.web.render import render
from tiergate.web.what_follows import When, what_follows

REASONS: Mapping[str, Sentence] = {
    "too_expensive": Sentence("It is too expensive"),
    "missing_features": Sentence("Something that I need is missing"),
    "switched_service": Sentence("I have found something else"),
    "unused": Sentence("I do not use it enough"),
    "customer_service": Sentence("I am not happy with the support"),
    "too_complex": Sentence("It is too hard to use"),
    "low_quality": Sentence("It does not work well enough"),
    "other": Sentence("Something else"),
}
"""Stripe's reasons, as somebody would say them."""


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """What the page is made from; ``change`` is the cancellation as the rules have it."""

    account: BillingPage
    change: Change
    pause_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """An offer to whoever thinks of leaving."""

    title: str
    text: str
    action: Link


@dataclass(frozen=True, slots=True)
class LeavingView:
    """The whole page, ready to be shown."""

    title: str
    lead: str
    offers: tuple[Stay, ...]
    reasons: Mapping[str, str]
    button: str
    keep: Link
    cancel_url: str


def render_leaving(page: LeavingPage) -> str:
    """Return the page as HTML."""
    return render("billing_cancel.html", page.account.frame, view=leaving_view(page))


def leaving_view(page: LeavingPage) -> LeavingView:
    """Build what the page shows."""
    account, name = page.account, page.account.subject_name
    offers = (_pause(page), _smaller(page))
    return LeavingView(
        title=account.say("Cancel {plan}", plan=name),
        lead=_lead(page),
        offers=tuple(offer for offer in offers if offer is not None),
        reasons={reason: account.say(words) for reason, words in REASONS.items()},
        button=account.say("Cancel {plan}", plan=name),
        keep=Link(account.say("Keep {plan}", plan=name), account.frame.billing_url),
        cancel_url=account.act_url("cancel"),
    )


def _lead(page: LeavingPage) -> str:
    account, change, name = page.account, page.change, page.account.subject_name
    in_trial, wording = account.status == "trialing", account.frame.wording
    afterwards = account.policy.after_trial if in_trial else account.policy.after_cancel
    free = account.catalog.free_plan
    if change.holds is Holds.NOW or change.effective_at is None:
        return what_follows(wording, When.AT_ONCE, afterwards, free, plan=name)
    if account.reason in IN_DEBT or not account.keeps_plan:
        return _without_payment(account, account.date(change.effective_at))
    keeps = Sentence("You keep {plan} until {date}, and nothing more is charged.")
    if in_trial:
        keeps = Sentence("You keep {plan} until {date}, and nothing will be charged.")
    return " ".join(
        [
            account.say(keeps, plan=name, date=account.date(change.effective_at)),
            what_follows(wording, When.THEN, afterwards, free),
            account.say("Until then you can change your mind."),
        ]
    )


def _without_payment(account: BillingPage, date: str) -> str:
    """Say when a plan ends that is not paid for, or rests, without a promise to keep it until then."""
    said = [account.say("{plan} ends on {date}, and will not renew.", plan=account.subject_name, date=date)]
    if account.reason in IN_DEBT:
        said.append(
            account.say(
                "The open invoice is still due; you keep {plan} until then only if it is paid.",
                plan=account.subject_name,
            )
        )
    return " ".join([*said, account.say("Until then you can change your mind.")])


def _pause(page: LeavingPage) -> Stay | None:
    if page.pause_for is None or page.account.running is None or not page.account.running.can_pause:
        return None
    account = page.account
    text = account.say(
        "{plan} rests, nothing is charged, and it comes back by itself on {date}.",
        plan=account.subject_name,
        date=account.date(account.at + page.pause_for),
    )
    return Stay(
        account.frame.wording.count(
            "Take a break of 1 day", "Take a break of {count} days", page.pause_for.days
        ),
        text,
        Link(account.say("Pause instead"), account.act_url("pause"), ()),
    )


def _smaller(page: LeavingPage) -> Stay | None:
    """Offer the next smaller plan that costs something: the free one is what leaving comes to."""
    account, running = page.account, page.account.running
    own = running.terms.plan if running else None
    if own is None or running is None or not running.is_changeable:
        return None
    plan = max((each for each in account.catalog if _is_smaller(each, own)), key=_rank, default=None)
    if plan is None:
        return None
    sold = [price.interval for price in plan.prices]
    interval = running.terms.interval if running.terms.interval in sold else sold[0]
    currency = account.price.currency if account.price else plan.prices[0].currency
    amount, per = price_of(account.frame.wording, Terms(plan, interval), currency)
    url = f"{account.frame.billing_url}/change?plan={plan.key}&interval={interval}"
    text = f"{plan.description or account.say('Less of everything')}."
    if amount:
        text = account.say("{what}, for {price}.", what=text[:-1], price=f"{amount} {per}")
    title = account.say("{plan} may be enough", plan=plan.name)
    return Stay(title, text, Link(account.say("See {plan}", plan=plan.name), url))


def _is_smaller(plan: Plan, own: Plan) -> bool:
    return bool(plan.prices) and plan.is_public and plan.rank < own.rank


def _rank(plan: Plan) -> int:
    return plan.rank
