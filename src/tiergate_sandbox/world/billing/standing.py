"""How a subscription stands after one of its invoices was paid, was refused, or was given up.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from typing import Any

from tiergate_sandbox.world.billing import ending
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.indexes import subscription_of

Obj = dict[str, Any]


def after_payment(draft: Draft, invoice: Obj, now: int) -> None:
    """Bring the invoice's subscription back to good standing if this was what it lacked."""
    customer = draft.the("customer", invoice["customer"])
    if not customer.get("deleted"):
        customer["delinquent"] = False
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None:
        return
    if sub["status"] == "incomplete":
        trial_end = sub["trial_end"]
        sub["status"] = "trialing" if trial_end is not None and trial_end > now else "active"
    elif sub["status"] in ("past_due", "unpaid") and _is_settled(draft, sub):
        sub["status"] = "active"


def after_refusal(draft: Draft, invoice: Obj, now: int, *, exhausted: bool) -> None:
    """Let the invoice's subscription fall behind; ``exhausted`` says that no retry will follow."""
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None or sub["status"] == "incomplete":
        return
    draft.the("customer", invoice["customer"])["delinquent"] = True
    if sub["status"] == "active":
        sub["status"] = "past_due"
    if not exhausted or sub["status"] != "past_due":
        return
    action = draft.settings.after_retries
    if action == "cancel":
        ending.end(draft, sub, now, reason="payment_failed")
    elif action == "mark_unpaid":
        sub["status"] = "unpaid"


def after_void(draft: Draft, invoice: Obj, now: int) -> None:
    """Look at the subscription again after its invoice was voided or marked uncollectible."""
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None:
        return
    if sub["status"] == "incomplete" and invoice["status"] == "void":
        sub.update(status="incomplete_expired", ended_at=now, canceled_at=now)
    elif sub["status"] in ("past_due", "unpaid") and _is_settled(draft, sub):
        sub["status"] = "active"


def _is_settled(draft: Draft, sub: Obj) -> bool:
    """Tell whether the newest finalized invoice is settled; void ones are passed over, back in time."""
    for invoice in reversed(draft.find("invoice", "subscription", sub["id"])):
        if invoice["status"] in ("paid", "uncollectible"):
            return True
        if invoice["status"] == "open":
            return False
    return False
