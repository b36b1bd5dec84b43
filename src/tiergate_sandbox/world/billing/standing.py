"""How a subscription stands after one of its invoices was paid, was refused, or was given up.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from typing import Any

from tiergate_sandbox.world.billing import ending, invoices, pausing, pending_update, phases
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.settings import TerminalAction

Obj = dict[str, Any]


def after_payment(draft: Draft, invoice: Obj, now: int) -> None:
    """Bring the invoice's subscription back to good standing if this was what it lacked."""
    customer = draft.the("customer", invoice["customer"])
    if not customer.get("deleted"):
        customer["delinquent"] = False
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None:
        return
    if pending_update.is_for(sub, invoice):
        pending_update.apply(draft, sub)
        phases.write_back(draft, sub)
    if sub["status"] == "incomplete":
        trial_end = sub["trial_end"]
        sub["status"] = "trialing" if trial_end is not None and trial_end > now else "active"
    elif sub["status"] in ("past_due", "unpaid") and _is_settled(draft, sub):
        sub["status"] = "active"


def after_refusal(draft: Draft, invoice: Obj, now: int, *, exhausted: bool) -> None:
    """Let the invoice's subscription fall behind; ``exhausted`` says that no retry will follow."""
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None or sub["status"] == "incomplete" or pending_update.is_marked(invoice):
        return
    customer = draft.the("customer", invoice["customer"])
    if not customer.get("deleted"):
        customer["delinquent"] = True
    if sub["status"] == "active":
        sub["status"] = "past_due"
    if not exhausted or sub["status"] != "past_due":
        return
    if draft.settings.invoice_after_retries == "mark_uncollectible" and invoice["status"] == "open":
        invoices.mark_uncollectible(draft, invoice, now, "max_payment_attempts")
    give_up(draft, sub, now, draft.settings.after_retries)


def give_up(draft: Draft, sub: Obj, now: int, action: TerminalAction) -> None:
    """Do to a subscription that is past due for good what the account's settings say."""
    if action == "cancel":
        ending.end(draft, sub, now, reason="payment_failed")
    elif action == "mark_unpaid":
        sub["status"] = "unpaid"
    elif action == "pause":
        pausing.pause(draft, sub, now, "final_payment_failure")


def after_void(draft: Draft, invoice: Obj, now: int) -> None:
    """Look at the subscription again after its invoice was voided or marked uncollectible."""
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is None:
        return
    if pending_update.is_for(sub, invoice):
        if invoice["status"] == "void":
            pending_update.discard(draft, sub, now)
        elif sub["status"] == "paused":
            pending_update.apply(draft, sub)
    if sub["status"] == "incomplete" and invoice["status"] == "void":
        sub.update(status="incomplete_expired", ended_at=now, canceled_at=now)
    elif sub["status"] in ("past_due", "unpaid") and _is_settled(draft, sub):
        sub["status"] = "active"


def _is_settled(draft: Draft, sub: Obj) -> bool:
    """Tell whether the newest finalized invoice is settled; void ones are passed over, back in time."""
    for invoice in reversed(draft.find("invoice", "subscription", sub["id"])):
        if invoice["status"] in ("paid", "uncollectible"):
            return True
        if invoice["status"] == "open" and not pending_update.is_marked(invoice):
            return False
    return False
