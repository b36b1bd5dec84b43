"""What is given back and what is asked for when a subscription changes inside its period.

https://docs.stripe.com/billing/subscriptions/prorations
"""

from typing import Any

from tiergate_sandbox.world.rounding import line_amount, share

Debit = dict[str, Any]
"""What an item has been charged for a stretch of time: ``amount``, ``start``, ``end``, ``invoice`` and
``line``.
"""


def credit_of_debit(debit: Debit, at: int) -> int:
    """Return the (negative) credit for the time of a debit that lies after ``at``."""
    unused = max(0, debit["end"] - max(at, debit["start"]))
    return -share(debit["amount"], unused, debit["end"] - debit["start"])


def credit_at_price(price: dict[str, Any], quantity: int, period: tuple[int, int], at: int) -> int:
    """Return the (negative) credit of classic billing: unused time at the current price, whatever was
    charged.
    """
    return -debit_for_rest(price, quantity, period, at)


def debit_for_rest(price: dict[str, Any], quantity: int, period: tuple[int, int], at: int) -> int:
    """Return the charge for the time from ``at`` to the end of the period."""
    start, end = period
    return share(line_amount(price, quantity), end - max(at, start), end - start)
