"""How the invoices of a subscription are collected: from the card, or by an invoice that is sent.

Stripe's checkout always collects from the card. A purchase under settings that charge nobody bears a mark
that says so; what was bought before or after keeps what holds for it.
Source: https://docs.stripe.com/billing/collection-method
"""

from collections.abc import Iterator

from tiergate.rules.billing_settings import BillingSettings
from tiergate.rules.state import ENDED, AccountState, Subscription

DAYS_UNTIL_DUE = "days_until_due"
"""The mark in a subscription's metadata: how many days its customer has to pay an invoice."""


def purchase_marks(settings: BillingSettings) -> dict[str, str]:
    """Return what the metadata of a purchase under these settings says of its collection."""
    return {} if settings.auto_charge else {DAYS_UNTIL_DUE: str(settings.days_until_due)}


def to_be_sent_invoices(state: AccountState) -> Iterator[tuple[Subscription, int]]:
    """Yield the subscriptions that are charged although their purchase says otherwise, with the days."""
    for subscription in state.subscriptions:
        days = subscription.metadata.get(DAYS_UNTIL_DUE, "")
        is_open = subscription.status not in ENDED and not subscription.is_sent_invoices
        if is_open and days.isascii() and days.isdecimal():
            yield subscription, int(days)
