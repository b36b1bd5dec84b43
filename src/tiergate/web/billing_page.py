"""The billing page: the plan, what happens next, usage and invoices of one account."""

from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import FeatureKind
from tiergate.rules.prompt_settings import PromptSettings
from tiergate.rules.state import Invoice, InvoiceStatus
from tiergate.translation import Sentence
from tiergate.web.billing_add_ons import AddOnRow, add_on_rows
from tiergate.web.billing_details import DetailsView, card_in_words, details_view
from tiergate.web.billing_facts import BillingPage, UsageLine
from tiergate.web.billing_notices import notices, told_after
from tiergate.web.billing_situation import situation
from tiergate.web.link import Link
from tiergate.web.offers import yearly_saving
from tiergate.web.order_form import SeatsField
from tiergate.web.plan_prices import per, seats_of
from tiergate.web.render import render
from tiergate.web.situation import TRIAL_BADGE, Banner, Tone
from tiergate.web.wording import Wording, main_currency

__all__ = ["BillingPage", "UsageLine", "billing_view", "render_billing"]

FULL_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of the plan card; ``at`` is the instant behind a date."""

    label: str
    value: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan card."""

    title: str
    amount: str
    per: str
    is_trial: bool
    badge_tone: Tone
    badge: str
    rows: tuple[Row, ...]
    next_title: str
    next: str
    yearly: Link | None
    """The same plan by the year, where that is for sale."""
    seats: SeatsField | None
    cancel: Link | None


@dataclass(frozen=True, slots=True)
class UsageView:
    """One limit. ``percent`` is ``None`` where there is nothing to draw: not reported, or without a limit."""

    name: str
    text: str
    percent: int | None = None
    tone: Tone = Tone.NEUTRAL
    alert: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice. The addresses are empty where Stripe gave none that a browser may follow."""

    date: str
    at: datetime
    number: str
    tone: Tone
    status: str
    amount: str
    hosted_label: str
    hosted_url: str
    pdf_url: str


@dataclass(frozen=True, slots=True)
class BillingView:
    """The whole page, ready to be shown."""

    told: str
    """What was just done; empty where nothing was."""
    banner: Banner | None
    notices: tuple[Banner, ...]
    """What is on its way, besides."""
    plan: PlanView
    change: Link | None
    add_ons: tuple[AddOnRow, ...]
    details: DetailsView | None
    usage: tuple[UsageView, ...]
    usage_note: str
    invoices: tuple[InvoiceRow, ...]
    dates_note: str


def render_billing(page: BillingPage) -> str:
    """Return the billing page as HTML."""
    return render("billing.html", page.frame, view=billing_view(page))


def billing_view(page: BillingPage) -> BillingView:
    """Build what the billing page shows from the account's position."""
    wording = page.frame.wording
    page = replace(page, invoices=tuple(_presentable(invoice) for invoice in page.invoices))
    banner = situation(page).banner
    leads_to_plans = (
        banner is not None and banner.action is not None and banner.action.url == page.frame.pricing_url
    )
    view = BillingView(
        told=told_after(page),
        banner=banner,
        notices=notices(page),
        plan=_plan_view(page),
        change=None if leads_to_plans else Link(_change_label(page), page.frame.pricing_url),
        add_ons=add_on_rows(page),
        details=details_view(page) if page.has_customer else None,
        usage=tuple(_usage_view(wording, line, page.catalog.prompts) for line in page.usage),
        usage_note=_usage_note(page),
        invoices=_invoice_rows(page),
        dates_note=wording.say("Dates are in {zone}.", zone=wording.zone_name(page.at)),
    )
    return view if page.frame.may_change else _for_a_member(view)


def _for_a_member(view: BillingView) -> BillingView:
    """Leave the facts, and take away every button: what they do is an owner's to do."""
    return replace(
        view,
        banner=_without_buttons(view.banner) if view.banner else None,
        notices=tuple(map(_without_buttons, view.notices)),
        plan=replace(view.plan, yearly=None, seats=None, cancel=None),
        change=None,
    )


def _without_buttons(banner: Banner) -> Banner:
    return replace(banner, action=None, also=None)


def _change_label(page: BillingPage) -> str:
    if page.running is not None and page.running.is_changeable:
        return page.say("Change plan")
    is_free = page.plan is None or page.plan.is_free
    return page.say("Choose a plan") if is_free else page.say("See all plans")


def _plan_view(page: BillingPage) -> PlanView:
    words = situation(page)
    plan = page.plan or page.subject
    amount, per = _price(page)
    tone, badge = _badge(page, words.badge)
    return PlanView(
        title=page.say("{plan} plan", plan=plan.name) if plan else page.say("No plan"),
        amount=amount,
        per=per,
        is_trial=words.badge == TRIAL_BADGE,
        badge_tone=tone,
        badge=page.say(badge),
        rows=_rows(page, words.due),
        next_title=page.say("Where you stand") if words.settled else page.say("What happens next"),
        next=words.next,
        yearly=_yearly(page),
        seats=_seats(page),
        cancel=_cancel(page),
    )


def _yearly(page: BillingPage) -> Link | None:
    """Offer the year to who pays monthly, and say what it saves; not while an end or a change is planned."""
    running = page.running
    if running is None or not running.is_changeable or page.price is None:
        return None
    if running.is_ending or running.waiting is not None or running.coming is not None:
        return None
    plan = page.catalog.plans.get(running.terms.plan.key) if running.terms.plan else None
    if plan is None or running.terms.interval != "month" or page.has_card is False:
        return None
    if not any(price.interval == "year" for price in plan.prices):
        return None
    _, saved, currency = yearly_saving(plan, page.price.currency)
    label = page.say("Switch to yearly")
    if saved and plan.seats is None:
        saving = page.frame.wording.price(saved, currency)
        label = page.say("Switch to yearly, save {amount}", amount=saving)
    return Link(label, f"{page.frame.billing_url}/change?plan={plan.key}&interval=year")


def _seats(page: BillingPage) -> SeatsField | None:
    running = page.running
    if running is None or not running.is_changeable or running.terms.plan is None:
        return None
    sold = running.terms.plan.seats
    if sold is None:
        return None
    used = running.members
    hint = page.say("{number} in use", number=page.frame.wording.number(used)) if used else ""
    return SeatsField(running.terms.quantity, sold.minimum, sold.maximum, hint)


def _cancel(page: BillingPage) -> Link | None:
    if page.running is None or page.running.is_ending:
        return None
    own = page.plan is None or page.plan == page.subject
    label = page.say("Cancel plan") if own else page.say("Cancel {plan}", plan=page.subject_name)
    return Link(label, f"{page.frame.billing_url}/cancel")


def _price(page: BillingPage) -> tuple[str, str]:
    """Return what the shown plan costs; nothing where it is not the plan that the price belongs to."""
    wording = page.frame.wording
    if page.plan is not None and page.plan.is_free:
        currency = page.price.currency if page.price else main_currency(page.catalog)
        return wording.price(0, currency), per(wording, "month")
    if page.price is None or (page.plan is not None and page.plan != page.subject):
        return "", ""
    has_seats = page.subject is not None and page.subject.seats is not None
    amount = wording.price(page.price.unit_amount, page.price.currency)
    return amount, per(wording, page.price.interval, per_seat=has_seats)


def _badge(page: BillingPage, badge: tuple[Tone, Sentence]) -> tuple[Tone, Sentence]:
    """Return the badge of the plan that is shown, which after the end of a subscription is another one."""
    if page.access is Access.READ_ONLY:
        return Tone.WARNING, Sentence("Read-only")
    if page.plan is None and page.reason is Reason.NO_SUBSCRIPTION:
        return Tone.NEUTRAL, Sentence("None yet")
    if page.plan is None or page.access is Access.BLOCKED:
        return Tone.DANGER, Sentence("No access")
    if page.plan.is_free:
        return Tone.NEUTRAL, Sentence("Free")
    return badge if page.plan == page.subject else (Tone.SUCCESS, Sentence("Active"))


def _rows(page: BillingPage, due: tuple[Sentence, datetime] | None) -> tuple[Row, ...]:
    rows = []
    if due is not None:
        label, at = due
        rows.append(Row(page.say(label), page.date(at), at))
    running = page.running
    seats = seats_of(page.frame.wording, running.terms.plan, running.terms.quantity) if running else ""
    if seats:
        rows.append(Row(page.say("Paid for"), seats))
    if page.has_customer:  # the card of the payment details says the rest
        return tuple(rows)
    if page.price is not None:
        rows.append(Row(page.say("Payment method"), card_in_words(page)[0]))
    if page.frame.account_email:
        rows.append(Row(page.say("Billing email"), page.frame.account_email))
    return tuple(rows)


def _usage_view(wording: Wording, line: UsageLine, prompts: PromptSettings) -> UsageView:
    feature, limit, used = line.feature, line.limit, line.used
    if limit is None:
        text = wording.say("No limit")
        if used is not None:
            text = wording.say("{quantity} used, no limit", quantity=wording.quantity(feature, used))
        return UsageView(feature.name, text)
    most = wording.quantity(feature, limit)
    if used is None or limit == 0:
        text = wording.say("Up to {most}", most=most) if limit else wording.say("Not included")
        return UsageView(feature.name, text)
    percent = used * 100 // limit
    text = wording.say("{used} of {most}", used=wording.number(used), most=most)
    if percent < FULL_PERCENT:
        if not prompts.is_near(percent):
            return UsageView(feature.name, text, percent)
        tone = Tone.DANGER if prompts.is_urgent(percent) else Tone.WARNING
        alert = wording.say("{percent} used", percent=wording.percent(percent))
        return UsageView(feature.name, text, percent, tone, alert)
    over = wording.say("Limit reached")
    if used > limit:
        over = wording.say("{quantity} over the limit", quantity=wording.quantity(feature, used - limit))
    return UsageView(feature.name, text, FULL_PERCENT, Tone.DANGER, over)


def _usage_note(page: BillingPage) -> str:
    metered = [line.feature.name for line in page.usage if line.feature.kind is FeatureKind.METERED]
    if page.usage_resets_at is None or not metered:
        return ""
    return page.say(
        "{features} start again from zero on {date}.",
        features=page.frame.wording.list(metered),
        date=page.date(page.usage_resets_at),
    )


def _invoice_rows(page: BillingPage) -> tuple[InvoiceRow, ...]:
    """Return the invoices that the customer has been sent, the newest first; drafts may still change."""
    sent = [invoice for invoice in page.invoices if invoice.status is not InvoiceStatus.DRAFT]
    newest_first = sorted(sent, key=_age, reverse=True)
    return tuple(_invoice_row(page, invoice) for invoice in newest_first)


def _age(invoice: Invoice) -> tuple[datetime, str, str]:
    """Order by time; of the same instant, as when a clock is moved, by number."""
    return invoice.created_at, invoice.number or "", invoice.id


def _invoice_row(page: BillingPage, invoice: Invoice) -> InvoiceRow:
    tone, status = _INVOICE_STATUSES[invoice.status]
    at = invoice.finalized_at or invoice.created_at
    return InvoiceRow(
        date=page.date(at),
        at=at,
        number=invoice.number or "",
        tone=tone,
        status=page.say(status),
        amount=page.frame.wording.amount(invoice.total, invoice.currency),
        hosted_label=page.say("Pay") if invoice.status is InvoiceStatus.OPEN else page.say("View"),
        hosted_url=invoice.hosted_invoice_url or "",
        pdf_url=invoice.invoice_pdf or "",
    )


def _presentable(invoice: Invoice) -> Invoice:
    """Drop addresses that are no web pages: a link must never run a script."""
    return replace(
        invoice,
        hosted_invoice_url=_web_address(invoice.hosted_invoice_url),
        invoice_pdf=_web_address(invoice.invoice_pdf),
    )


def _web_address(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) else None


_INVOICE_STATUSES = {
    InvoiceStatus.OPEN: (Tone.WARNING, Sentence("Open")),
    InvoiceStatus.PAID: (Tone.SUCCESS, Sentence("Paid")),
    InvoiceStatus.UNCOLLECTIBLE: (Tone.DANGER, Sentence("Unpaid")),
    InvoiceStatus.VOID: (Tone.NEUTRAL, Sentence("Void")),
    InvoiceStatus.UNKNOWN: (Tone.NEUTRAL, Sentence("Unclear")),
}
