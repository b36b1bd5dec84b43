"""A span: what one subscription or grant contributes to an account for a while."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from tiergate.rules.access import Cause, Reason
from tiergate.rules.policy import Afterwards
from tiergate.rules.sold import Sold


class Strength(IntEnum):
    """Which of several spans speaks for the account at an instant: the strongest."""

    REFUSED = 0
    """Never gave anything: explains why there is no more than the free plan."""
    ADDS = 1
    """Gives add-ons on top of what there is, and is no plan by itself."""
    ENDED = 2
    """Gave a plan once; its policy says what follows."""
    LIVE = 3
    """Gives a plan now."""


@dataclass(frozen=True, slots=True)
class Span:
    """What one subscription or grant contributes in ``[starts_at, ends_at)``."""

    starts_at: datetime
    ends_at: datetime
    strength: Strength
    reason: Reason
    cause: Cause
    sold: Sold | None = None
    afterwards: Afterwards = Afterwards.FREE
    subscription_id: str | None = None

    @property
    def voice(self) -> tuple[int, int, bool, datetime, str]:
        """Order by who speaks for the account.

        Live before ended, the bigger plan, what was bought before what was given, the newest.
        """
        plan = self.sold.plan if self.sold and self.strength is Strength.LIVE else None
        rank = -1 if plan is None else plan.rank
        is_bought = self.reason not in (Reason.COMP, Reason.TRIAL_EXTENDED)
        return (self.strength, rank, is_bought, self.starts_at, self.cause.object_id or "")
