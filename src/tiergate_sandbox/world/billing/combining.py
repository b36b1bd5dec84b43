"""Which items may share a subscription: https://docs.stripe.com/billing/subscriptions/mixed-interval."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.periods import Interval

Obj = dict[str, Any]

MOST_ITEMS = {"classic": 20, "flexible": 100}


def check(draft: Draft, sub: Obj) -> None:
    """Check a subscription's items together.

    Raises:
        StripeError: when there are too many, or when classic billing would have to mix intervals.
    """
    mode = sub["billing_mode"]["type"]
    if len(sub["items"]) > MOST_ITEMS[mode]:
        raise invalid(
            f"A subscription with billing_mode {mode} can have {MOST_ITEMS[mode]} items at most.", "items"
        )
    intervals = {Interval.of(draft.glance("price", item["price"])) for item in sub["items"]}
    if mode == "classic" and len(intervals) > 1:
        raise invalid(
            "Currently, all prices on a subscription must have the same `interval` and `interval_count`, "
            "unless its billing_mode is flexible.",
            "items",
        )
