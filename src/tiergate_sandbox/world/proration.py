"""What is given back and what is asked for when a subscription changes inside its period.

https://docs.stripe.com/billing/subscriptions/prorations
"""

from typing import Any

from tiergate_sandbox.world.rounding import share

Debit = dict[str, Any]
"""What an item has been charged for a stretch of time: ``amount``, ``start``, ``end``, ``invoice`` and
``line``.
"""


def credit_of_debit(debit: Debit, at: int) -> int:
    """Return the (negative) credit for the time of a debit that lies after ``at``."""
    unused = max(0, debit["end"] - max(at, debit["start"]))
    return -share(debit["amount"], unused, debit["end"] - debit["start"])


def rest_of(amount: int, period: tuple[int, int], at: int) -> int:
    """Return the part of a whole period's amount that falls between ``at`` and the end of the period."""
    start, end = period
    return share(amount, end - max(at, start), end - start)
