"""Which invoice makes a subscription past due, and what counts as paid."""

from collections.abc import Iterable
from datetime import datetime

from tiergate.rules.state import Invoice, InvoiceStatus, Subscription


def oldest_unpaid(invoices: Iterable[Invoice]) -> Invoice | None:
    """Return the oldest open invoice that was attempted: the one whose failure started the grace.

    Drafts, void and uncollectible invoices do not count, and the caller passes those of one
    subscription only, so neither one-off invoices nor another subscription can take access away.
    """
    return min(
        (invoice for invoice in invoices if invoice.status is InvoiceStatus.OPEN and _is_overdue(invoice)),
        key=lambda invoice: (unpaid_since(invoice), invoice.id),
        default=None,
    )


def unpaid_since(invoice: Invoice) -> datetime:
    """Return the instant from which grace is counted: when it was finalized, or when it fell due."""
    return invoice.due_date or billed_at(invoice)


def billed_at(invoice: Invoice) -> datetime:
    """Return the instant at which an invoice became one that can be paid."""
    return invoice.finalized_at or invoice.created_at


def _is_overdue(invoice: Invoice) -> bool:
    return invoice.attempted or invoice.due_date is not None


def is_payment(invoice: Invoice) -> bool:
    """Whether money was received: the invoice of a free trial is paid too, but with nothing."""
    return invoice.status is InvoiceStatus.PAID and invoice.amount_paid > 0


def first_charge_settled(subscription: Subscription, invoices: Iterable[Invoice]) -> bool:
    """Whether the invoice that follows a trial is paid, be it with nothing under a full discount."""
    ended = subscription.trial_end
    return any(
        invoice.status is InvoiceStatus.PAID and (ended is None or invoice.created_at >= ended)
        for invoice in invoices
    )


def converted_at(subscription: Subscription, invoices: Iterable[Invoice]) -> datetime | None:
    """Return when a subscription first brought money, or ``None``: a trial that is ``active`` has not.

    Stripe reports ``active`` before it charges the card, so the status proves nothing.
    """
    payments = (
        invoice for invoice in invoices if invoice.subscription_id == subscription.id and is_payment(invoice)
    )
    return min((invoice.paid_at or invoice.created_at for invoice in payments), default=None)
