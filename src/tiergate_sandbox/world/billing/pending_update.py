"""An update that waits for its payment: https://docs.stripe.com/billing/subscriptions/pending-updates.

The subscription stays as it was; what it would become lies under ``_`` until the invoice is paid, is voided,
or the update expires.
"""

from typing import Any

from tiergate_sandbox.world.billing import invoices
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.settings import HOUR_SECONDS
from tiergate_sandbox.world.store import decode, encode

Obj = dict[str, Any]

WINDOW_SECONDS = 23 * HOUR_SECONDS
RESUME_WINDOW_SECONDS = 365 * 24 * HOUR_SECONDS
_NOT_PART_OF_IT = ("_", "latest_invoice", "pending_update")


def copy_of(sub: Obj) -> Obj:
    """Return the subscription as it is now, for ``hold`` to go back to."""
    copied: Obj = decode(encode(sub))
    return copied


def mark(invoice: Obj) -> None:
    """Note on an invoice that an update waits for it: it is neither retried, nor does a refusal make the
    subscription past due.
    """
    invoice["_"]["pending_update"] = True
    invoice["auto_advance"] = False


def is_marked(invoice: Obj) -> bool:
    """Tell whether an update waits (or waited) for this invoice."""
    return bool(invoice["_"].get("pending_update"))


def hold(sub: Obj, before: Obj, invoice: Obj, expires_at: int, *, trial_from_plan: bool | None) -> None:
    """Take a change back until its invoice is paid."""
    changed = {
        name: value for name, value in sub.items() if name not in _NOT_PART_OF_IT and value != before[name]
    }
    sub.clear()
    sub.update(before)
    sub["_"]["pending"] = {"invoice": invoice["id"], "changed": changed}
    sub["latest_invoice"] = invoice["id"]
    sub["pending_update"] = {
        "billing_cycle_anchor": changed.get("billing_cycle_anchor"),
        "cancel_at_period_end": changed.get("cancel_at_period_end"),
        "discounts": None,
        "expires_at": expires_at,
        "metadata": None,
        "subscription_items": changed.get("items"),
        "trial_end": changed.get("trial_end"),
        "trial_from_plan": trial_from_plan,
    }


def expiry(sub: Obj, now: int) -> int:
    """Return when an update that is held now expires: after 23 hours, or at the end of the trial or of the
    earliest item period if that comes first.
    """
    ends = [item["current_period_end"] for item in sub["items"]]
    if sub["status"] == "trialing":
        ends.append(sub["trial_end"])
    return int(min([now + WINDOW_SECONDS, *(end for end in ends if end > now)]))


def is_for(sub: Obj, invoice: Obj) -> bool:
    """Tell whether the subscription's pending update waits for this invoice."""
    pending = sub["_"].get("pending")
    return pending is not None and pending["invoice"] == invoice["id"]


def apply(draft: Draft, sub: Obj) -> None:
    """Let the update come true."""
    was_paused = sub["status"] == "paused"
    sub.update(_taken(sub)["changed"])
    draft.emit("customer.subscription.pending_update_applied", sub)
    if was_paused:
        draft.emit("customer.subscription.resumed", sub)


def expire(draft: Draft, sub: Obj, now: int) -> None:
    """Drop the update because it was not paid in time."""
    _void(draft, sub, now)
    draft.emit("customer.subscription.pending_update_expired", sub)


def discard(draft: Draft, sub: Obj, now: int) -> None:
    """Drop the update, if there is one, because something else has overtaken it."""
    if sub["pending_update"] is not None:
        _void(draft, sub, now)


def _void(draft: Draft, sub: Obj, now: int) -> None:
    invoice = draft.the("invoice", _taken(sub)["invoice"])
    if invoice["status"] == "open":
        invoices.void(draft, invoice, now)


def _taken(sub: Obj) -> Obj:
    sub["pending_update"] = None
    pending: Obj = sub["_"].pop("pending")
    return pending
