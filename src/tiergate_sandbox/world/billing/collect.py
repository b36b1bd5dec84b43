"""Charging an invoice: in the request that made it, when its hour as a draft is over, at a retry, or when
asked to.

https://docs.stripe.com/billing/revenue-recovery/smart-retries
"""

from enum import Enum
from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing import invoices, methods, payments, standing
from tiergate_sandbox.world.billing.payments import Outcome
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.settings import DAY_SECONDS

Obj = dict[str, Any]


class Attempt(Enum):
    """Who tries."""

    IN_REQUEST = "the request that made the invoice"
    AUTOMATIC = "Stripe by itself"
    BY_HAND = "somebody who asked to pay this invoice"


NO_METHOD_MESSAGE = (
    "This customer has no attached payment source or default payment method. Please consider adding a "
    "default payment "
    "method. For more information, visit "
    "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
)


def collect(
    draft: Draft,
    invoice: Obj,
    now: int,
    attempt: Attempt,
    *,
    method: Obj | None = None,
    authenticated: bool = False,
) -> StripeError | None:
    """Try to get an open invoice paid, with the payment method that is due or with ``method``.

    Returns what was refused, or None when it is paid. The subscription's standing follows.
    """
    if invoice["amount_remaining"] == 0:
        invoices.mark_paid(draft, invoice, now)
        standing.after_payment(draft, invoice, now)
        return None
    method = method or paying_method(draft, invoice)
    if method is None:
        error = StripeError(NO_METHOD_MESSAGE, code="resource_missing")
        return _refused(draft, invoice, now, attempt, Outcome("declined", error))
    if attempt is Attempt.AUTOMATIC and _is_hopeless(draft, invoice, method):
        _schedule_next(draft, invoice, now)
        standing.after_refusal(draft, invoice, now, exhausted=invoice["next_payment_attempt"] is None)
        return None
    intent = draft.the("payment_intent", invoice["_"]["payment_intent"])
    outcome = payments.confirm(draft, intent, method, now, authenticated=authenticated)
    if outcome.status == "succeeded":
        _succeeded(draft, invoice, now, attempt, method)
        return None
    return _refused(draft, invoice, now, attempt, outcome)


def paying_method(draft: Draft, invoice: Obj) -> Obj | None:
    """Return the payment method that is charged for an invoice."""
    customer = draft.the("customer", invoice["customer"])
    return methods.paying(draft, customer, invoice, draft.get("subscription", subscription_of(invoice)))


def _succeeded(draft: Draft, invoice: Obj, now: int, attempt: Attempt, method: Obj) -> None:
    _count(invoice, attempt)
    invoices.mark_paid(draft, invoice, now)
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is not None and sub["payment_settings"]["save_default_payment_method"] == "on_subscription":
        sub["default_payment_method"] = method["id"]
    standing.after_payment(draft, invoice, now)


def _refused(draft: Draft, invoice: Obj, now: int, attempt: Attempt, outcome: Outcome) -> StripeError | None:
    sub = draft.get("subscription", subscription_of(invoice))
    is_first = sub is not None and sub["status"] == "incomplete"
    if outcome.status == "requires_action" and is_first:
        invoice["attempted"] = True
    else:
        _count(invoice, attempt)
    if not is_first and attempt is not Attempt.BY_HAND and invoice["auto_advance"]:
        _schedule_next(draft, invoice, now)
    if outcome.status == "requires_action":
        draft.emit("invoice.payment_action_required", invoice)
    draft.emit("invoice.payment_failed", invoice)
    exhausted = attempt is Attempt.AUTOMATIC and invoice["next_payment_attempt"] is None
    standing.after_refusal(draft, invoice, now, exhausted=exhausted)
    return outcome.error


def _count(invoice: Obj, attempt: Attempt) -> None:
    """Count automatic attempts; one by hand counts only when it is the very first."""
    invoice["attempted"] = True
    if attempt is Attempt.AUTOMATIC or invoice["attempt_count"] == 0:
        invoice["attempt_count"] += 1


def _schedule_next(draft: Draft, invoice: Obj, now: int) -> None:
    done = invoice["_"]["retries"]
    days = draft.settings.retry_after_days
    if done < len(days):
        invoice["next_payment_attempt"] = now + days[done] * DAY_SECONDS
        invoice["_"]["retries"] = done + 1
    else:
        invoice["next_payment_attempt"] = None


def _is_hopeless(draft: Draft, invoice: Obj, method: Obj) -> bool:
    """Tell whether the last refusal was final for the card that would be charged again."""
    intent = draft.the("payment_intent", invoice["_"]["payment_intent"])
    if intent["status"] == "requires_action":
        return bool(intent["payment_method"] == method["id"])
    last = intent["last_payment_error"]
    if last is None or last["payment_method"]["id"] != method["id"]:
        return False
    return last["code"] in cards.HARD_DECLINES or last.get("decline_code") in cards.HARD_DECLINES
