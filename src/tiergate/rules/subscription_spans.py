"""What one subscription gives, and for how long: a sequence of spans for each of Stripe's statuses.

The allow-list is exhaustive: a status that is not named here gives nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from tiergate.rules.access import Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.course import Course
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import OnCancelNow, OnPauseCollection, Policy
from tiergate.rules.scheduled import changes_of, ends_by_schedule_at
from tiergate.rules.sold import sold_by
from tiergate.rules.span import Span
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus
from tiergate.rules.unconfirmed_spans import unconfirmed, until_cancelled
from tiergate.rules.unpaid_invoice import billed_at, is_payment, oldest_unpaid
from tiergate.rules.unpaid_spans import (
    await_first_charge,
    failed_at,
    first_charge_is_pending,
    grace,
    never_paid,
)


def spans_of(
    subscription: Subscription, state: AccountState, catalog: Catalog, feature: str | None = None
) -> tuple[Span, ...]:
    """Return what a subscription gives from its beginning to the end of time, without gap or overlap.

    With ``feature``, as the policy treats that feature; else as it treats the plan.
    """
    sold = sold_by(subscription.items, subscription.plan_key, subscription.catalog_version, catalog)
    plan = sold.plan if sold and sold.plan else catalog.as_sold(state.catalog_version).free_plan
    policy = plan.policy if plan else Policy()
    ends = [
        at for at in (subscription.cancels_at, ends_by_schedule_at(subscription, state)) if at is not None
    ]
    course = Course(
        subscription,
        sold,
        policy if feature is None else policy.of_feature(feature),
        subscription.is_sent_invoices or state.has_card(subscription),
        state.invoices_of(subscription),
        paid_before=any(is_payment(invoice) for invoice in state.invoices),
        cancels_at=min(ends, default=None),
        changes=changes_of(subscription, state, catalog),
        now_at=subscription.began_at,
    )
    if _rests(course):
        until_cancelled(course, _resting)
    else:
        _BY_STATUS[subscription.status](course)
    return tuple(course.spans)


def _trialing(course: Course) -> None:
    course.is_trial = True
    trial_end = course.subscription.trial_end or course.subscription.current_period_end or course.now_at
    cancels_at = course.cancels_at
    if cancels_at is not None and cancels_at <= trial_end:
        course.live(cancels_at, Reason.TRIALING, "cancel_at")
        course.ended(course.policy.after_trial, Reason.CANCELED, "cancel_at")
        return
    course.live(trial_end, Reason.TRIALING, "trial_end")
    if course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")
        return
    until_cancelled(course, lambda course: unconfirmed(course, trial_end, "trial_end"))


def _active(course: Course) -> None:
    _past_trial(course)
    if first_charge_is_pending(course):
        until_cancelled(course, await_first_charge)
        return
    course.is_trial = False
    boundary, fact = course.subscription.current_period_end or course.now_at, "current_period_end"
    change_at = course.changes[0][0] if course.changes else boundary
    if change_at < boundary:
        boundary, fact = change_at, "schedule"
    if course.cancels_at is not None:
        course.live(min(course.cancels_at, boundary), Reason.CANCELING, "cancel_at")
    course.live(boundary, Reason.ACTIVE, fact)
    until_cancelled(course, lambda course: unconfirmed(course, boundary, fact))


def _past_due(course: Course) -> None:
    _past_trial(course)
    until_cancelled(course, lambda course: grace(course, DISTANT_FUTURE))


def _unpaid(course: Course) -> None:
    """Lay what was paid. By its status no payment is waited for any more, whatever is still to fall due."""
    _past_trial(course)
    invoice = oldest_unpaid(course.invoices)
    since, invoice_id = (billed_at(invoice), invoice.id) if invoice else failed_at(course)
    course.live(since, Reason.ACTIVE, "paid until here", invoice_id)
    until_cancelled(course, lambda course: course.ended(course.policy.after_grace, Reason.UNPAID, "status"))


def _canceled(course: Course) -> None:
    """Lay what was given, and what is left of it.

    A cancellation that was scheduled took effect when it said it would, so that nothing changes
    when Stripe reports, moments later, that it did.
    """
    ended_at = course.subscription.ended_at or course.subscription.canceled_at or course.now_at
    was_scheduled = course.cancels_at is not None and course.cancels_at <= ended_at
    if course.cancels_at is not None and was_scheduled:
        ended_at = course.cancels_at
    trial_end = course.subscription.trial_end
    if trial_end is not None and not _outlived_trial(course, trial_end):
        _canceled_in_trial(
            course, min(trial_end, ended_at), trial_end, was_scheduled and ended_at <= trial_end
        )
        return
    _past_trial(course)
    if oldest_unpaid(course.invoices) is not None:
        grace(course, ended_at)
    fact = "cancel_at" if was_scheduled else "ended_at"
    course.live(ended_at, Reason.CANCELING if was_scheduled else Reason.ACTIVE, fact)
    paid_until = course.subscription.current_period_end
    keeps_paid = course.policy.on_cancel_now is OnCancelNow.KEEP_PAID and not was_scheduled
    if keeps_paid and paid_until is not None and _period_is_paid(course):
        course.live(paid_until, Reason.CANCELING, "current_period_end")
    course.ended(course.policy.after_cancel, Reason.CANCELED, fact)


def _canceled_in_trial(course: Course, ended_at: datetime, trial_end: datetime, was_scheduled: bool) -> None:
    course.is_trial = True
    if was_scheduled:
        course.live(ended_at, Reason.TRIALING, "cancel_at")
        course.ended(course.policy.after_trial, Reason.CANCELED, "cancel_at")
        return
    course.live(ended_at, Reason.TRIALING, "trial_end")
    if min(course.subscription.canceled_at or ended_at, ended_at) < trial_end:
        course.ended(course.policy.after_trial, Reason.CANCELED, "ended_at")
    course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")


def _incomplete(course: Course) -> None:
    course.refused(Reason.INCOMPLETE)


def _incomplete_expired(course: Course) -> None:
    course.refused(Reason.INCOMPLETE_EXPIRED)


def _paused(course: Course) -> None:
    _past_trial(course)
    until_cancelled(course, lambda course: course.ended(course.policy.on_pause, Reason.PAUSED, "status"))


def _unknown(course: Course) -> None:
    course.refused(Reason.UNKNOWN_STATUS)


_BY_STATUS: dict[SubscriptionStatus, Callable[[Course], None]] = {
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


def _rests(course: Course) -> bool:
    """Whether access rests with the collection of payments. A trial collects none, and runs on."""
    return (
        course.subscription.pause_collection is not None
        and course.policy.on_pause_collection is OnPauseCollection.PAUSE
        and course.subscription.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
    )


def _resting(course: Course) -> None:
    """Lay a pause, for the whole of the present period since Stripe does not say when it began."""
    _past_trial(course)
    course.live(course.subscription.current_period_start or course.now_at, Reason.ACTIVE, "pause_collection")
    pause = course.subscription.pause_collection
    resumes_at = pause.resumes_at if pause else None
    course.ended(course.policy.on_pause, Reason.PAUSED, "pause_collection", resumes_at or DISTANT_FUTURE)
    if resumes_at is None:
        return
    if first_charge_is_pending(course):
        await_first_charge(course)
        return
    course.is_trial = False
    unconfirmed(course, course.now_at, "pause_collection")


def _past_trial(course: Course) -> None:
    """Lay the trial that is over, so that the past reads as it was; until money comes it goes on."""
    if course.subscription.trial_end is not None:
        course.is_trial = True
        course.live(course.subscription.trial_end, Reason.TRIALING, "trial_end")
        course.is_trial = never_paid(course)


def _outlived_trial(course: Course, trial_end: datetime) -> bool:
    """Whether the subscription reached a period to be paid for: else it ended with its trial."""
    period_start = course.subscription.current_period_start
    return period_start is not None and period_start >= trial_end


def _period_is_paid(course: Course) -> bool:
    """Whether money was received for the current period."""
    start = course.subscription.current_period_start
    in_period = [
        invoice for invoice in course.invoices if start is None or invoice.created_at >= start - _DRIFT
    ]
    return oldest_unpaid(in_period) is None and any(is_payment(invoice) for invoice in in_period)


_DRIFT = timedelta(minutes=5)
"""Stripe creates a renewal's invoice within moments of the period's start, on either side of it."""
