"""A change that is taken back until it is paid for: ``payment_behavior=pending_if_incomplete``.

https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from collections.abc import Callable
from typing import Any

from tiergate_sandbox.world.billing import pending_update, phases
from tiergate_sandbox.world.billing.change import Change, change
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.versions import SUMMER_2026, predates
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]

PAYMENT_BEHAVIORS = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
RIDING_ALONG = frozenset(
    {
        "add_invoice_items",
        "billing_cycle_anchor",
        "cancel_at_period_end",
        "items",
        "off_session",
        "payment_behavior",
        "price",
        "price_data",
        "proration_behavior",
        "proration_date",
        "quantity",
        "subscription",
        "trial_end",
        "trial_from_plan",
    }
)
"""What may be sent together with ``pending_if_incomplete``, on a subscription or on one of its items."""


def check_params(draft: Draft, sub: Obj, params: Obj) -> None:
    """Check that only what a pending update can hold is asked for.

    Raises:
        StripeError: for any other parameter, and for a subscription whose invoices are sent.
    """
    if params.get("payment_behavior") != "pending_if_incomplete":
        return
    if sub["collection_method"] != "charge_automatically":
        raise invalid(
            "payment_behavior=pending_if_incomplete needs collection_method=charge_automatically.",
            "payment_behavior",
        )
    version = draft.origin.version or draft.settings.default_version
    too_new = {"cancel_at_period_end"} if predates(version, SUMMER_2026) else set()
    for name in params:
        if name not in RIDING_ALONG - too_new:
            raise invalid(
                f"When payment_behavior is pending_if_incomplete, you cannot pass {name}; "
                "send it in a second request.",
                name,
            )


def change_or_hold(
    draft: Draft,
    sub: Obj,
    wanted: Change,
    also: Callable[[], None] | None = None,
    *,
    trial_from_plan: bool | None = None,
) -> Obj | None:
    """Change a subscription (and do what belongs to it, ``also``), or hold all of it until it is paid for.

    A subscription that ends with its period goes on to do so when the period moves. A change that bills
    voids the invoice of an older update that still waits. Returns the invoice that was made at once, if one
    was.

    Raises:
        StripeError: as ``change`` does.
    """
    if wanted.items or wanted.anchor_now or wanted.trial_end is not None:
        pending_update.discard(draft, sub, wanted.now)
    before = pending_update.copy_of(sub)
    if sub["cancel_at_period_end"]:
        sub["cancel_at"] = None
    invoice = change(draft, sub, wanted)
    if sub["cancel_at_period_end"]:
        sub["cancel_at"] = next_boundary(sub)
    if also is not None:
        also()
    if invoice is not None and pending_update.is_marked(invoice) and invoice["status"] == "open":
        expires_at = pending_update.expiry(before, wanted.now)
        pending_update.hold(sub, before, invoice, expires_at, trial_from_plan=trial_from_plan)
    elif wanted.items or wanted.trial_end is not None:
        phases.write_back(draft, sub)
    return invoice
