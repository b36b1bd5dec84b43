"""Events: what is recorded when something happens, and what ``previous_attributes`` says about it.

https://docs.stripe.com/api/events/object
"""

from typing import Any

Obj = dict[str, Any]

UPDATED = {
    "billing.meter": "billing.meter.updated",
    "card": "customer.source.updated",
    "billing_portal.configuration": "billing_portal.configuration.updated",
    "coupon": "coupon.updated",
    "customer": "customer.updated",
    "invoice": "invoice.updated",
    "payment_method": "payment_method.updated",
    "price": "price.updated",
    "product": "product.updated",
    "promotion_code": "promotion_code.updated",
    "refund": "refund.updated",
    "subscription": "customer.subscription.updated",
    "subscription_schedule": "subscription_schedule.updated",
    "tax_rate": "tax_rate.updated",
}
"""The event that tells of a change for which there is no more telling one."""

TELLS_THE_CHANGE = frozenset(
    {
        "billing.meter.deactivated",
        "billing.meter.reactivated",
        "coupon.deleted",
        "customer.deleted",
        "customer.source.deleted",
        "customer.subscription.deleted",
        "invoice.deleted",
        "payment_method.attached",
        "payment_method.detached",
        "product.deleted",
        "subscription_schedule.aborted",
        "subscription_schedule.canceled",
        "subscription_schedule.completed",
        "subscription_schedule.released",
    }
)
"""The events after which no ``updated`` of the same object follows."""

WITH_PREVIOUS = frozenset(
    {"charge.refunded", "charge.dispute.updated", "charge.refund.updated", "payment_method.detached"}
)
"""The events besides the ``updated`` ones that say what changed."""


def previous_attributes(before: Obj, after: Obj) -> Obj:
    """Return the old values of what changed; of nested hashes only the changed keys, arrays whole."""
    changed: Obj = {}
    for key, old in before.items():
        if key in after:
            new = after[key]
            if old == new or key == "_":
                continue
            both_hashes = isinstance(old, dict) and isinstance(new, dict)
            changed[key] = previous_attributes(old, new) if both_hashes else old
        else:
            changed[key] = old
    changed.update((key, None) for key in after if key not in before)
    return changed


def id_prefix(kind: str) -> str:
    """Return how the ids of events about a kind of object begin."""
    return "evt_3" if kind in ("payment_intent", "charge") else "evt_1"
