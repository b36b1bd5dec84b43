"""What a look at an account may leave to be done at Stripe, once its transaction is over."""

from enum import Flag, auto


class LeftToDo(Flag):
    """The account is due until it is done."""

    NOTHING = 0
    DUPLICATES = auto()
    """It has a subscription twice that is to be cancelled: ``resolve_duplicates``."""
    INVOICES = auto()
    """It bought to be sent invoices, and is charged: ``send_invoices``."""
