"""What a pause means: of the whole subscription, or only of its collection.

https://docs.stripe.com/billing/subscriptions/pause
"""

from typing import Any

from tiergate_sandbox.world.billing import invoices
from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]


def pause(draft: Draft, sub: Obj, now: int, cause: str) -> None:
    """Let a subscription rest: no invoices until it is resumed."""
    paused = {"subscription": {"type": cause}, "transitioned_at": now, "type": "subscription"}
    sub.update(status="paused", status_details={"paused": paused})
    draft.emit("customer.subscription.paused", sub)


def is_withheld(sub: Obj) -> bool:
    """Tell whether the subscription's invoices are not collected at present."""
    return sub["pause_collection"] is not None


def withhold(draft: Draft, sub: Obj, invoice: Obj, now: int) -> None:
    """Do with an invoice what ``pause_collection`` says: leave it a draft, void it, or give it up."""
    behavior = sub["pause_collection"]["behavior"]
    if behavior == "keep_as_draft":
        return
    invoices.finalize(draft, invoice, now)
    if behavior == "void":
        invoices.void(draft, invoice, now)
    else:
        invoices.mark_uncollectible(draft, invoice, now, "subscription_paused")


def collect_again(_draft: Draft, sub: Obj, _now: int) -> None:
    """Collect again, because ``resumes_at`` has come."""
    sub["pause_collection"] = None
