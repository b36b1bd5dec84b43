"""Finds out at Stripe why an invoice is not paid."""

from tiergate.rules.payment_problem import PaymentProblem, payment_problem
from tiergate.services.access.describe_account import AccountView
from tiergate.services.changes.change_errors import open_invoice
from tiergate.services.context import Context
from tiergate.stripe_api.gateway import StripeRefusedError, StripeUnavailableError


def why_unpaid(context: Context, invoice_id: str) -> PaymentProblem | None:
    """Return why the newest attempt failed; ``None`` where nobody knows, or Stripe does not answer now.

    What is told with it has been done already, so that a reason which cannot be read holds nothing up.
    """
    try:
        intents = context.gateway.fetch_payment_intents(invoice_id)
    except (StripeUnavailableError, StripeRefusedError):
        return None
    problems = [problem for intent in intents if (problem := payment_problem(intent))]
    return problems[-1] if problems else None


def why_account_unpaid(context: Context, view: AccountView) -> PaymentProblem | None:
    """Return why the open invoice of an account's subscription is not paid; ``None`` likewise."""
    if view.subscription is None:
        return None
    invoice = open_invoice(view.told.state, view.subscription.id)
    return why_unpaid(context, invoice.id) if invoice else None
