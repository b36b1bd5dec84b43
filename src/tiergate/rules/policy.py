"""Policy: the decisions a founder takes about trials, grace and what follows them."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Afterwards(StrEnum):
    """What an account has once a plan no longer holds."""

    FREE = "free"
    """The free plan, or nothing where the catalogue has none."""
    READ_ONLY = "read_only"
    """What it had, to look at but not to use."""
    BLOCKED = "blocked"
    """Nothing at all, not even the free plan."""


class FirstCharge(StrEnum):
    """What holds between the end of a trial and its first paid invoice.

    Stripe reports ``active`` about an hour before it charges the card.
    """

    ALLOW = "allow"
    WAIT = "wait"


class OnUnknown(StrEnum):
    """What holds when Stripe has been silent for longer than ``max_unconfirmed``."""

    DENY = "deny"
    ALLOW = "allow"


class OnCancelNow(StrEnum):
    """What an immediate cancellation leaves of a period that was already paid."""

    END = "end"
    KEEP_PAID = "keep_paid"


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of one plan: the defaults, what the file says for all, what it says for this plan."""

    after_trial: Afterwards = Afterwards.FREE
    after_grace: Afterwards = Afterwards.FREE
    after_cancel: Afterwards = Afterwards.FREE
    grace: timedelta = timedelta(days=3)
    """How long a failed renewal leaves access untouched, from the first failed invoice."""
    first_charge: FirstCharge = FirstCharge.ALLOW
    first_charge_grace: timedelta = timedelta(0)
    """The same for the first charge after a trial, when nothing was ever paid before it."""
    max_unconfirmed: timedelta = timedelta(days=4)
    """How long access goes on past a boundary without word from Stripe.

    Stripe may hold an invoice for up to 72 hours while an endpoint fails, so less than that would
    lock out customers who are about to pay. Source: https://docs.stripe.com/billing/subscriptions/webhooks
    """
    on_unknown: OnUnknown = OnUnknown.DENY
    on_cancel_now: OnCancelNow = OnCancelNow.END
