"""What holds while money is owed: the first charge after a trial, grace, and what follows it."""

from datetime import datetime

from tiergate.rules.access import Reason
from tiergate.rules.course import Course
from tiergate.rules.policy import Afterwards, FirstCharge
from tiergate.rules.unconfirmed_spans import silence
from tiergate.rules.unpaid_invoice import first_charge_settled, oldest_unpaid, unpaid_since


def first_charge_is_pending(course: Course) -> bool:
    """Whether the current period is the first after a trial, and its invoice is not paid yet."""
    trial_end = course.subscription.trial_end
    period_start = course.subscription.current_period_start
    if trial_end is None or period_start is None or period_start > trial_end:
        return False
    if course.subscription.is_sent_invoices:
        return False
    return not first_charge_settled(course.subscription, course.invoices)


def await_first_charge(course: Course) -> None:
    """Lay what the policy ``first_charge`` says; what goes on is what the trial gave."""
    course.is_trial = True
    if course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end")
        return
    if course.policy.first_charge is FirstCharge.WAIT:
        course.ended(course.policy.after_trial, Reason.FIRST_CHARGE_PENDING, "policy first_charge")
        return
    waits_until = course.now_at + course.policy.max_unconfirmed
    course.live(waits_until, Reason.FIRST_CHARGE_PENDING, "trial_end")
    silence(course)


def grace(course: Course, until: datetime) -> None:
    """Lay what was paid, the grace that follows a failed payment, and what follows the grace."""
    is_first = never_paid(course)
    if is_first and course.has_card is False:
        course.ended(course.policy.after_trial, Reason.TRIAL_ENDED, "trial_end", until)
        return
    since, invoice_id = failed_at(course)
    before = Reason.FIRST_CHARGE_PENDING if is_first else Reason.ACTIVE
    course.live(min(since, until), before, "paid until here", invoice_id)
    in_full = course.policy.first_charge_grace if is_first else course.policy.grace
    course.live(min(since + in_full, until), Reason.PAST_DUE_GRACE, "unpaid since", invoice_id)
    if not is_first:
        read_only_until = min(since + in_full + course.policy.grace_read_only, until)
        course.ended(Afterwards.READ_ONLY, Reason.PAST_DUE_GRACE, "unpaid since", read_only_until, invoice_id)
    course.ended(course.policy.after_grace, Reason.PAST_DUE, "unpaid since", until, invoice_id)


def failed_at(course: Course) -> tuple[datetime, str | None]:
    """Return when payment failed, and the invoice; the start of the period when none is known.

    When a renewal fails Stripe has already moved the period on, so its end says nothing.
    """
    invoice = oldest_unpaid(course.invoices)
    if invoice is None:
        return course.subscription.current_period_start or course.now_at, None
    return unpaid_since(invoice), invoice.id


def never_paid(course: Course) -> bool:
    """Whether this began as a trial, and the account has paid for nothing ever since or before."""
    return course.subscription.trial_end is not None and not course.paid_before
