"""The words in which access is spoken of: level, reason and cause."""

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """How much of a plan an account may use."""

    FULL = "full"
    READ_ONLY = "read_only"
    BLOCKED = "blocked"


class Reason(StrEnum):
    """Why a phase is what it is. The codes are stable."""

    NO_SUBSCRIPTION = "no_subscription"
    """Nothing was bought: the free plan."""
    TRIALING = "trialing"
    TRIAL_EXTENDED = "trial_extended"
    """Stripe's trial is over; a grant keeps it going."""
    COMP = "comp"
    """A plan that was given by hand."""
    ACTIVE = "active"
    CANCELING = "canceling"
    """Paid for, and scheduled to end."""
    UNCONFIRMED = "unconfirmed"
    """A boundary has passed and Stripe has not spoken yet; access goes on for a while."""
    UNKNOWN = "unknown"
    """Stripe has been silent for too long; the policy ``on_unknown`` decides."""
    FIRST_CHARGE_PENDING = "first_charge_pending"
    """The trial is over, and its first invoice is not paid yet."""
    PAST_DUE_GRACE = "past_due_grace"
    PAST_DUE = "past_due"
    """A payment failed and the grace period is over."""
    UNPAID = "unpaid"
    TRIAL_ENDED = "trial_ended"
    CANCELED = "canceled"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    PAUSED = "paused"
    UNKNOWN_STATUS = "unknown_status"
    """Stripe reports a status that this code does not know: refused, and reported."""
    UNMAPPED_PRICE = "unmapped_price"
    """What was bought or given belongs to no plan of the catalogue: refused, and reported."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact behind a phase: which object, and which of its fields set the boundary."""

    object_id: str | None = None
    fact: str = "no subscription"

    def __str__(self) -> str:
        """Read as ``sub_1 trial_end``."""
        return f"{self.object_id} {self.fact}" if self.object_id else self.fact
