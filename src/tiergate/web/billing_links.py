"""What can be done about an account's situation, each with its button."""

from tiergate.rules.state import InvoiceStatus
from tiergate.web.billing_facts import BillingPage
from tiergate.web.link import Link


def keep(page: BillingPage) -> Link | None:
    """Take the end back, where the subscription is still there."""
    if page.running is None or not page.running.is_ending:
        return None
    return Link(page.say("Keep {plan}", plan=page.subject_name), page.act_url("resume"), ())


def resume(page: BillingPage) -> Link | None:
    """Let a pause end; what Stripe has paused for want of a card needs that first."""
    if page.running is None:
        return None
    if page.has_card is False:
        return add_card(page)
    return Link(page.say("Resume {plan}", plan=page.subject_name), page.act_url("resume"), ())


def add_card(page: BillingPage) -> Link | None:
    """Lead to Stripe's form for a card, where none is on file."""
    if page.has_card is not False or not page.has_customer:
        return None
    return Link(page.say("Add payment method"), page.portal_url, (("flow", "payment_method_update"),))


def pay(page: BillingPage, label: str = "") -> Link | None:
    """Lead to Stripe's page for the newest open invoice, which takes another card or a confirmation."""
    payable = [invoice for invoice in page.invoices if invoice.status is InvoiceStatus.OPEN]
    newest = max(payable, key=lambda invoice: invoice.created_at, default=None)
    if newest is None or not newest.hosted_invoice_url:
        return None
    return Link(label or page.say("Pay invoice"), newest.hosted_invoice_url)


def choose_a_plan(page: BillingPage) -> Link:
    """Lead to the plans."""
    return Link(page.say("Choose a plan"), page.frame.pricing_url)
