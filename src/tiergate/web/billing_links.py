"""What can be done about an account's situation, each with its button."""

from tiergate.rules.state import InvoiceStatus
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.billing_facts import BillingPage
from tiergate.web.link import Link
from tiergate.web.payment_words import is_to_be_confirmed


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
    """Lead to Stripe's form for a card, where none is on file: in a trial, to the page that buys it."""
    if page.purchase is not None:
        return buy(page, page.purchase, page.say("Add payment method"))
    if page.has_card is not False or not page.has_customer:
        return None
    return Link(page.say("Add payment method"), page.portal_url, (("flow", "payment_method_update"),))


def buy(page: BillingPage, purchase: PurchasePreview, label: str, return_to: str = "") -> Link:
    """Lead to Stripe's page that takes a card, and with it buys what was previewed."""
    fields = {"plan": purchase.plan, "interval": purchase.interval, "seats": "", "return_to": return_to}
    if page.catalog.plans[purchase.plan].seats is not None:
        fields["seats"] = str(purchase.seats)
    said = tuple((name, value) for name, value in fields.items() if value)
    return Link(label, page.act_url("checkout"), said)


def pay(page: BillingPage, label: str = "") -> Link | None:
    """Lead to Stripe's page for the newest open invoice, which takes another card or a confirmation."""
    payable = [invoice for invoice in page.invoices if invoice.status is InvoiceStatus.OPEN]
    newest = max(payable, key=lambda invoice: invoice.created_at, default=None)
    if newest is None or not newest.hosted_invoice_url:
        return None
    usual = page.say("Confirm payment") if is_to_be_confirmed(page.problem) else page.say("Pay invoice")
    return Link(label or usual, newest.hosted_invoice_url)


def choose_a_plan(page: BillingPage) -> Link:
    """Lead to the plans."""
    return Link(page.say("Choose a plan"), page.frame.pricing_url)
