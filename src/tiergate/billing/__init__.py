"""``Billing``, the object that a host holds, and its parts: one file for each kind of wish."""

from tiergate.billing.billing import Billing

__all__ = ["Billing"]
