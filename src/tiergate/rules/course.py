"""The course of one subscription: spans laid end to end, from its beginning to the end of time."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from tiergate.rules.access import Cause, Reason
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.sold import Sold
from tiergate.rules.span import Span, Strength
from tiergate.rules.state import Invoice, Subscription

_ENDS = frozenset([Reason.CANCELED, Reason.TRIAL_ENDED])
"""Reasons that a subscription has whatever its price: one that is over needs no mapping any more."""


@dataclass(slots=True)
class Course:
    """The facts of one subscription, and the spans that were laid so far."""

    subscription: Subscription
    sold: Sold | None
    """What it sells; ``None`` where its prices belong to no plan: then it gives nothing."""
    policy: Policy
    has_card: bool | None
    invoices: tuple[Invoice, ...]
    paid_before: bool
    """Whether the account ever paid for anything."""
    cancels_at: datetime | None
    """When it ends by itself: a cancellation or the end of a schedule."""
    changes: list[tuple[datetime, Sold | None]]
    """What it will sell from when on, by its schedule, in order."""
    now_at: datetime
    is_trial: bool = False
    """Whether what follows is laid as the plan's trial gives it."""
    spans: list[Span] = field(default_factory=list)

    def live(self, until: datetime, reason: Reason, fact: str, object_id: str | None = None) -> None:
        """Give what is sold until an instant; one that has passed adds nothing."""
        while self.now_at < until:
            change_at = next((at for at, _ in self.changes if at > self.now_at), DISTANT_FUTURE)
            self._add(min(until, change_at), Strength.LIVE, reason, fact, object_id)

    def ended(
        self,
        afterwards: Afterwards,
        reason: Reason,
        fact: str,
        until: datetime = DISTANT_FUTURE,
        object_id: str | None = None,
    ) -> None:
        """Give what follows the plan."""
        self._add(until, Strength.ENDED, reason, fact, object_id, afterwards)

    def refused(self, reason: Reason) -> None:
        """Give nothing from here on, and say why."""
        self._add(DISTANT_FUTURE, Strength.REFUSED, reason, "status", None)

    def cut(self, at: datetime) -> None:
        """Take back what was laid after an instant."""
        kept = [span for span in self.spans if span.starts_at < at]
        self.spans = [replace(span, ends_at=at) if span.ends_at > at else span for span in kept]
        self.now_at = max(at, self.subscription.began_at)

    def _add(
        self,
        until: datetime,
        strength: Strength,
        reason: Reason,
        fact: str,
        object_id: str | None,
        afterwards: Afterwards = Afterwards.FREE,
    ) -> None:
        if until <= self.now_at:
            return
        cause = Cause(object_id or self.subscription.id, fact)
        sold = self._sold_now()
        if sold is None:
            strength = Strength.REFUSED
            if reason not in _ENDS:
                reason, cause = Reason.UNMAPPED_PRICE, Cause(self.subscription.id, "price")
        elif sold.plan is None:
            strength = Strength.ADDS if strength is Strength.LIVE else Strength.REFUSED
        span = Span(self.now_at, until, strength, reason, cause, sold, afterwards, self.subscription.id)
        self.spans.append(span)
        self.now_at = until

    def _sold_now(self) -> Sold | None:
        begun = [sold for at, sold in self.changes if at <= self.now_at]
        sold = begun[-1] if begun else self.sold
        return sold.in_trial if sold and self.is_trial else sold
