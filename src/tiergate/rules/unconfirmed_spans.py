"""What holds past a boundary that Stripe has not spoken about, and what a scheduled end cuts short."""

from collections.abc import Callable
from datetime import datetime

from tiergate.rules.access import Reason
from tiergate.rules.course import Course
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import OnUnknown


def unconfirmed(course: Course, boundary: datetime, fact: str) -> None:
    """Go on past a boundary for as long as Stripe may reasonably be silent about it."""
    course.live(boundary + course.policy.max_unconfirmed, Reason.UNCONFIRMED, fact)
    silence(course)


def silence(course: Course) -> None:
    """Lay what the policy says of a silence that has lasted too long."""
    if course.policy.on_unknown is OnUnknown.ALLOW:
        course.live(DISTANT_FUTURE, Reason.UNKNOWN, "policy on_unknown")
    if course.policy.on_unknown is OnUnknown.LAST_KNOWN:
        course.live(course.now_at + course.policy.last_known_for, Reason.UNKNOWN, "policy on_unknown")
    course.ended(course.policy.after_grace, Reason.UNKNOWN, "policy on_unknown")


def until_cancelled(course: Course, lay: Callable[[Course], None]) -> None:
    """Lay spans, and cut them where a scheduled end takes effect: nothing outlives it."""
    lay(course)
    ends_at = course.cancels_at
    if ends_at is not None and ends_at < course.now_at:
        course.cut(ends_at)
        course.ended(course.policy.after_cancel, Reason.CANCELED, "cancel_at")
