"""What a look at an account may leave to be done at Stripe, once its transaction is over."""

from enum import Flag, auto


class LeftToDo(Flag):
    """The account is due until it is done."""

    NOTHING = 0
    DUPLICATES = auto()
    """It seems to have a subscription twice, which is told, or cancelled: ``resolve_duplicates``."""
    INVOICES = auto()
    """It bought to be sent invoices, and is charged: ``send_invoices``."""
    TRIAL = auto()
    """It was promised a trial at its sign-up that Stripe has not got yet: ``begin_reverse_trial``."""
    NAMES = auto()
    """A change of its was paid that its metadata does not name yet: ``name_plans``."""
    PURCHASES = auto()
    """It bought its trial by a checkout that saved a card: ``finish_purchase``."""
