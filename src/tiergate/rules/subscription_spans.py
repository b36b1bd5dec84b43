"""What one subscription gives, and for how long: a sequence of spans for each of Stripe's statuses.

The allow-list is exhaustive: a status that is not named here gives nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from tiergate.rules.access import Cause, Reason
from tiergate.rules.catalog import Plan
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.policy import Afterwards, FirstCharge, OnCancelNow, OnUnknown, Policy
from tiergate.rules.state import AccountState, Invoice, Subscription, SubscriptionStatus
from tiergate.rules.unpaid_invoice import first_charge_settled, is_payment, oldest_unpaid, unpaid_since


class Strength(IntEnum):
    """Which of several spans speaks for the account at an instant: the strongest."""

    REFUSED = 0
    """Never gave anything: explains why there is no more than the free plan."""
    ENDED = 1
    """Gave access once; its policy says what follows."""
    LIVE = 2
    """Gives access now."""


@dataclass(frozen=True, slots=True)
class Span:
    """What one subscription contributes in ``[starts_at, ends_at)``."""

    starts_at: datetime
    ends_at: datetime
    strength: Strength
    reason: Reason
    cause: Cause
    plan: Plan | None = None
    afterwards: Afterwards = Afterwards.FREE


@dataclass(slots=True)
class _Course:
    """Lays spans end to end, from the beginning of one subscription to the end of time."""

    subscription: Subscription
    plan: Plan
    has_card: bool | None
    invoices: tuple[Invoice, ...]
    paid_before: bool
    """Whether the account ever paid for anything."""
    now_at: datetime = DISTANT_PAST
    spans: list[Span] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return self.plan.policy

    def live(self, until: datetime, reason: Reason, fact: str, object_id: str | None = None) -> None:
        """Give the plan until an instant; one that has passed adds nothing."""
        self._add(until, Strength.LIVE, reason, fact, object_id, Afterwards.FREE)

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

    def refused(self, reason: Reason, until: datetime = DISTANT_FUTURE) -> None:
        """Give nothing, and say why."""
        self._add(until, Strength.REFUSED, reason, "status", None, Afterwards.FREE)

    def _add(
        self,
        until: datetime,
        strength: Strength,
        reason: Reason,
        fact: str,
        object_id: str | None,
        afterwards: Afterwards,
    ) -> None:
        if until <= self.now_at:
            return
        cause = Cause(object_id or self.subscription.id, fact)
        self.spans.append(Span(self.now_at, until, strength, reason, cause, self.plan, afterwards))
        self.now_at = until


def spans_of(subscription: Subscription, plan: Plan | None, state: AccountState) -> tuple[Span, ...]:
    """Return what a subscription gives from its beginning to the end of time, without gap or overlap.

    ``plan`` is the one its price belongs to, or ``None`` when it is mapped to no plan.
    """
    if plan is None:
        cause = Cause(subscription.id, "price")
        return (Span(subscription.began_at, DISTANT_FUTURE, Strength.REFUSED, Reason.UNMAPPED_PRICE, cause),)
    course = _Course(
        subscription,
        plan,
        subscription.is_sent_invoices or state.has_card(subscription),
        state.invoices_of(subscription),
        paid_before=any(is_payment(invoice) for invoice in state.invoices),
        now_at=subscription.began_at,
    )
    _BY_STATUS[subscription.status](course)
    return tuple(course.spans)


def _trialing(course: _Course) -> None:
    trial_end = course.subscription.trial_end or course.subscription.current_period_end or course.now_at
    cancels_at = course.subscription.cancels_at
    if cancels_at is not None and cancels_at <= trial_end:
        course.live(cancels_at, Reason.TRIALING, "cancel_at")
        course.ended(course.policy.after_trial, Reason.CANCELED, "cancel_at")
        return
    course.live(trial_end, Reason.TRIALING, "trial_end")
    if course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")
        return
    _until_cancelled(course, lambda: _unconfirmed(course, trial_end, "trial_end"))


def _active(course: _Course) -> None:
    _past_trial(course)
    if _first_charge_is_pending(course):
        _until_cancelled(course, lambda: _first_charge(course))
        return
    renews_at = course.subscription.current_period_end or course.now_at
    cancels_at = course.subscription.cancels_at
    if cancels_at is not None:
        course.live(min(cancels_at, renews_at), Reason.CANCELING, "cancel_at")
    course.live(renews_at, Reason.ACTIVE, "current_period_end")
    _until_cancelled(course, lambda: _unconfirmed(course, renews_at, "current_period_end"))


def _past_due(course: _Course) -> None:
    _past_trial(course)
    _until_cancelled(course, lambda: _grace(course, DISTANT_FUTURE))


def _unpaid(course: _Course) -> None:
    _past_trial(course)
    since, invoice_id = _failed_at(course)
    course.live(since, Reason.ACTIVE, "paid until here", invoice_id)
    course.ended(course.policy.after_grace, Reason.UNPAID, "status")


def _canceled(course: _Course) -> None:
    ended_at = course.subscription.ended_at or course.subscription.canceled_at or course.now_at
    trial_end = course.subscription.trial_end
    if trial_end is not None and not _outlived_trial(course, trial_end):
        course.live(min(trial_end, ended_at), Reason.TRIALING, "trial_end")
        if min(course.subscription.canceled_at or ended_at, ended_at) < trial_end:
            course.ended(course.policy.after_trial, Reason.CANCELED, "ended_at")
        else:
            course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")
        return
    _past_trial(course)
    if oldest_unpaid(course.invoices) is not None:
        _grace(course, ended_at)
    course.live(ended_at, Reason.ACTIVE, "ended_at")
    paid_until = course.subscription.current_period_end
    if (
        course.policy.on_cancel_now is OnCancelNow.KEEP_PAID
        and paid_until is not None
        and _period_is_paid(course)
    ):
        course.live(paid_until, Reason.CANCELING, "current_period_end")
    course.ended(course.policy.after_cancel, Reason.CANCELED, "ended_at")


def _incomplete(course: _Course) -> None:
    course.refused(Reason.INCOMPLETE)


def _incomplete_expired(course: _Course) -> None:
    course.refused(Reason.INCOMPLETE_EXPIRED)


def _paused(course: _Course) -> None:
    _past_trial(course)
    course.refused(Reason.PAUSED)


def _unknown(course: _Course) -> None:
    course.refused(Reason.UNKNOWN_STATUS)


_BY_STATUS: dict[SubscriptionStatus, Callable[[_Course], None]] = {
    SubscriptionStatus.TRIALING: _trialing,
    SubscriptionStatus.ACTIVE: _active,
    SubscriptionStatus.PAST_DUE: _past_due,
    SubscriptionStatus.UNPAID: _unpaid,
    SubscriptionStatus.CANCELED: _canceled,
    SubscriptionStatus.INCOMPLETE: _incomplete,
    SubscriptionStatus.INCOMPLETE_EXPIRED: _incomplete_expired,
    SubscriptionStatus.PAUSED: _paused,
    SubscriptionStatus.UNKNOWN: _unknown,
}


def _past_trial(course: _Course) -> None:
    """Lay the trial that is over, so that the past reads as it was."""
    if course.subscription.trial_end is not None:
        course.live(course.subscription.trial_end, Reason.TRIALING, "trial_end")


def _until_cancelled(course: _Course, lay: Callable[[], None]) -> None:
    """Lay spans, and cut them where a scheduled cancellation takes effect: nothing outlives it."""
    lay()
    cancels_at = course.subscription.cancels_at
    if cancels_at is None or cancels_at >= course.now_at:
        return
    kept = [span for span in course.spans if span.starts_at < cancels_at]
    course.spans = [_cut(span, cancels_at) for span in kept]
    course.now_at = max(cancels_at, course.subscription.began_at)
    course.ended(course.policy.after_cancel, Reason.CANCELED, "cancel_at")


def _cut(span: Span, at: datetime) -> Span:
    if span.ends_at <= at:
        return span
    return Span(span.starts_at, at, span.strength, span.reason, span.cause, span.plan, span.afterwards)


def _unconfirmed(course: _Course, boundary: datetime, fact: str) -> None:
    """Go on past a boundary for as long as Stripe may reasonably be silent about it."""
    course.live(boundary + course.policy.max_unconfirmed, Reason.UNCONFIRMED, fact)
    _silence(course)


def _silence(course: _Course) -> None:
    if course.policy.on_unknown is OnUnknown.ALLOW:
        course.live(DISTANT_FUTURE, Reason.UNKNOWN, "policy on_unknown")
    course.ended(course.policy.after_grace, Reason.UNKNOWN, "policy on_unknown")


def _first_charge_is_pending(course: _Course) -> bool:
    """Whether the current period is the first after a trial, and its invoice is not paid yet."""
    trial_end = course.subscription.trial_end
    period_start = course.subscription.current_period_start
    if trial_end is None or period_start is None or period_start > trial_end:
        return False
    if course.subscription.is_sent_invoices:
        return False
    return not first_charge_settled(course.subscription, course.invoices)


def _first_charge(course: _Course) -> None:
    if course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")
        return
    if course.policy.first_charge is FirstCharge.WAIT:
        course.ended(course.policy.after_trial, Reason.FIRST_CHARGE_PENDING, "policy first_charge")
        return
    waits_until = course.now_at + course.policy.max_unconfirmed
    course.live(waits_until, Reason.FIRST_CHARGE_PENDING, "trial_end")
    _silence(course)


def _grace(course: _Course, until: datetime) -> None:
    """Lay what was paid, the grace that follows a failed payment, and what follows the grace."""
    first = _is_first_charge(course)
    if first and course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end", until)
        return
    since, invoice_id = _failed_at(course)
    before = Reason.FIRST_CHARGE_PENDING if first else Reason.ACTIVE
    course.live(min(since, until), before, "paid until here", invoice_id)
    grace = course.policy.first_charge_grace if first else course.policy.grace
    course.live(min(since + grace, until), Reason.PAST_DUE_GRACE, "unpaid since", invoice_id)
    course.ended(course.policy.after_grace, Reason.PAST_DUE, "unpaid since", until, invoice_id)


def _failed_at(course: _Course) -> tuple[datetime, str | None]:
    """Return when payment failed, and the invoice; the start of the period when none is known.

    When a renewal fails Stripe has already moved the period on, so its end says nothing.
    """
    invoice = oldest_unpaid(course.invoices)
    if invoice is None:
        return course.subscription.current_period_start or course.now_at, None
    return unpaid_since(invoice), invoice.id


def _is_first_charge(course: _Course) -> bool:
    return course.subscription.trial_end is not None and not course.paid_before


def _outlived_trial(course: _Course, trial_end: datetime) -> bool:
    """Whether the subscription reached a period to be paid for: else it ended with its trial."""
    period_start = course.subscription.current_period_start
    return period_start is not None and period_start >= trial_end


def _period_is_paid(course: _Course) -> bool:
    """Whether money was received for the current period."""
    start = course.subscription.current_period_start
    in_period = [
        invoice for invoice in course.invoices if start is None or invoice.created_at >= start - _DRIFT
    ]
    return oldest_unpaid(in_period) is None and any(is_payment(invoice) for invoice in in_period)


_DRIFT = timedelta(minutes=5)
"""Stripe creates a renewal's invoice within moments of the period's start, on either side of it."""
