"""Finds the subscriptions of an account that are charged although invoices were to be sent."""

from typing import Any

from tiergate.rules.collection import to_be_sent_invoices
from tiergate.rules.state import AccountState, SubscriptionStatus
from tiergate.store import Transaction
from tiergate.store.journal_rows import entered_occasions


def unsent_invoices(tx: Transaction, state: AccountState) -> dict[str, dict[str, Any]]:
    """Return them by id, each with what Stripe is to change; one that was settled before is left alone."""
    found = list(to_be_sent_invoices(state))
    settled = entered_occasions(tx, state.account_id) if found else set()
    wanted: dict[str, dict[str, Any]] = {}
    for subscription, days in found:
        if collection_key(subscription.id) in settled:
            continue
        wanted[subscription.id] = {"collection_method": "send_invoice", "days_until_due": days}
        if subscription.status is SubscriptionStatus.TRIALING:
            # No card is needed any more: the trial ends with an invoice, and not with the subscription.
            ending = {"end_behavior": {"missing_payment_method": "create_invoice"}}
            wanted[subscription.id]["trial_settings"] = ending
    return wanted


def collection_key(subscription_id: str) -> str:
    """Name the occasion that a subscription's collection was settled."""
    return f"{subscription_id}:collection"
