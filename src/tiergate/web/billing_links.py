"""What can be done about an account's situation, each with its button."""

from tiergate.rules.state import InvoiceStatus
from tiergate.web.billing_facts import BillingPage
from tiergate.web.link import Link


def keep(page: BillingPage) -> Link | None:
    """Take the end back, where the subscription is still there."""
    if page.running is None or not page.running.is_ending:
        return None
    return Link(f"Keep {page.subject_name}", page.act_url("resume"), ())


def resume(page: BillingPage) -> Link | None:
    """Let a pause end; what Stripe has paused for want of a card needs that first."""
    if page.running is None:
        return None
    if page.has_card is False:
        return add_card(page)
    return Link(f"Resume {page.subject_name}", page.act_url("resume"), ())


def add_card(page: BillingPage) -> Link | None:
    """Lead to Stripe's form for a card, where none is on file."""
    if page.has_card is not False or not page.has_customer:
        return None
    return Link("Add payment method", page.portal_url, (("flow", "payment_method_update"),))


def pay(page: BillingPage, label: str = "Pay invoice") -> Link | None:
    """Lead to Stripe's page for the newest open invoice, which takes another card or a confirmation."""
    payable = [invoice for invoice in page.invoices if invoice.status is InvoiceStatus.OPEN]
    newest = max(payable, key=lambda invoice: invoice.created_at, default=None)
    return Link(label, newest.hosted_invoice_url) if newest and newest.hosted_invoice_url else None


def choose_a_plan(page: BillingPage) -> Link:
    """Lead to the plans."""
    return Link("Choose a plan", page.frame.pricing_url)
