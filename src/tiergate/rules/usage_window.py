"""The window in which metered usage is counted: months from the anchor of what gives the feature."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from tiergate.rules.catalog import FeatureKind
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, require_aware
from tiergate.rules.state import AccountState, Subscription
from tiergate.rules.timeline import Phase, Timeline

_FIRST_OF_A_MONTH = datetime(2000, 1, 1, tzinfo=UTC)
"""Calendar months, where nobody knows when the account began."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted together: all use in ``[starts_at, ends_at)``. ``starts_at`` names the count."""

    starts_at: datetime
    ends_at: datetime


FOR_ALL_TIME = Window(DISTANT_PAST, DISTANT_FUTURE)
"""The window of what is not metered: what there is at once has no months."""


def window_at(state: AccountState, timeline: Timeline, feature: str, at: datetime) -> Window:
    """Return the window of a feature's count at an instant. Raises ``UnknownFeatureError``.

    Metered usage is counted by the month, also under a yearly price: from the period of the
    subscription that speaks for the account, from the end of a trial once that has passed, and from the
    sign-up where no subscription speaks. It rolls over by the clock, whether or not Stripe has spoken.
    A window ends early where something else begins to speak, such as the end of a trial.
    """
    if timeline.catalog.feature(feature).kind is not FeatureKind.METERED:
        return FOR_ALL_TIME
    own, at = timeline.of_feature(feature), require_aware(at)
    index = own.index_at(at)
    window = _month_around(_anchor(state, own.phases[index]), at)
    for phase in own.phases[index + 1 :]:
        if phase.starts_at >= window.ends_at:
            break
        if _month_around(_anchor(state, phase), phase.starts_at) != window:
            return Window(window.starts_at, phase.starts_at)
    return window


def _anchor(state: AccountState, phase: Phase) -> datetime:
    speaking = next((span.subscription_id for span in phase.sources if span.subscription_id), None)
    for subscription in state.subscriptions:
        if subscription.id == speaking:
            return _anchor_of(subscription, phase)
    return state.signed_up_at or _FIRST_OF_A_MONTH


def _anchor_of(subscription: Subscription, phase: Phase) -> datetime:
    trial_end, start = subscription.trial_end, subscription.current_period_start
    if trial_end and trial_end <= phase.starts_at and (start is None or start < trial_end):
        return trial_end
    if start is None:
        return subscription.began_at
    end = subscription.current_period_end
    if end is not None and _months_after(end, -_months_between(start, end)) == start:
        return end
    return start


def _month_around(anchor: datetime, at: datetime) -> Window:
    """Return the month, counted from an anchor in either direction, that holds an instant."""
    count = _months_between(anchor, at)
    if _months_after(anchor, count) > at:
        count -= 1
    return Window(_months_after(anchor, count), _months_after(anchor, count + 1))


def _months_between(first: datetime, second: datetime) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


def _months_after(anchor: datetime, count: int) -> datetime:
    """Count calendar months as Stripe does: a day that a month lacks is its last.

    Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + count, 12)
    if not MINYEAR <= year <= MAXYEAR:
        return DISTANT_PAST if year < MINYEAR else DISTANT_FUTURE
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))
