"""Events: what is recorded when something happens, and what ``previous_attributes`` says about it.

https://docs.stripe.com/api/events/object
"""

from typing import Any

Obj = dict[str, Any]

UPDATED = {
    "customer": "customer.updated",
    "invoice": "invoice.updated",
    "payment_method": "payment_method.updated",
    "price": "price.updated",
    "product": "product.updated",
    "subscription": "customer.subscription.updated",
}
"""The event that tells of a change for which there is no more telling one."""

TELLS_THE_CHANGE = frozenset(
    {
        "customer.deleted",
        "customer.subscription.deleted",
        "invoice.deleted",
        "payment_method.attached",
        "payment_method.detached",
        "product.deleted",
    }
)
"""The events after which no ``updated`` of the same object follows."""

WITH_PREVIOUS = frozenset({"charge.refunded", "payment_method.detached", *UPDATED.values()})


def previous_attributes(before: Obj, after: Obj) -> Obj:
    """Return the old values of what changed; of nested hashes only the changed keys, arrays whole."""
    changed: Obj = {}
    for key in {**before, **after}:
        if key == "_":
            continue
        old, new = before.get(key), after.get(key)
        if old == new and (key in before) == (key in after):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed


def id_prefix(kind: str) -> str:
    """Return how the ids of events about a kind of object begin."""
    return "evt_3" if kind in ("payment_intent", "charge") else "evt_1"
