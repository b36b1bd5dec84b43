"""When an account must be looked at again, and when Stripe must be asked about it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tiergate.rules.access import Reason
from tiergate.rules.occasions import Occasion
from tiergate.rules.state import ENDED, AccountState, Subscription, SubscriptionStatus
from tiergate.rules.timeline import Phase, Timeline

RECHECK_EVERY = timedelta(hours=4)
"""How often Stripe is asked again about something that it has not confirmed."""

_UNCONFIRMED = frozenset([Reason.UNCONFIRMED, Reason.UNKNOWN, Reason.FIRST_CHARGE_PENDING])


def next_due_at(
    timeline: Timeline, state: AccountState, occasions: Iterable[Occasion], at: datetime
) -> datetime | None:
    """Return when an account must be looked at next, or ``None`` when nothing known is coming.

    That is the next boundary, the next occasion, or the next question to Stripe, whichever is first.
    """
    instants = [*timeline.boundaries_after(at), *(o.due_at for o in occasions if o.due_at > at)]
    verify_at = next_verification_at(timeline, state, at)
    if verify_at is not None:
        instants.append(verify_at)
    return min(instants, default=None)


def next_verification_at(timeline: Timeline, state: AccountState, at: datetime) -> datetime | None:
    """Return when Stripe must be asked about an account: an instant up to ``at`` means now.

    Asked are the cards that nobody has looked at, every subscription that was last heard of before the
    present phase began, and, every few hours, what Stripe has not confirmed.
    """
    running = [subscription for subscription in state.subscriptions if subscription.status not in ENDED]
    if not running:
        return None
    if any(state.has_card(subscription) is None for subscription in running):
        return at
    heard_at = min(_heard_at(subscription) for subscription in running)
    phase = timeline.at(at)
    if heard_at < phase.starts_at:
        return phase.starts_at
    reasons = {phase.reason, *(span.reason for span in phase.sources)}
    if any(_is_doubted(subscription, phase) for subscription in running):
        return heard_at + RECHECK_EVERY
    return None if reasons.isdisjoint(_UNCONFIRMED) else heard_at + RECHECK_EVERY


def _is_doubted(subscription: Subscription, phase: Phase) -> bool:
    """Whether a trial counts as over for want of a card, while Stripe goes on to charge one.

    Of a card that was added at the last moment Stripe may have told in an event that was lost.
    """
    runs = subscription.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
    return runs and phase.reason is Reason.TRIAL_ENDED and phase.cause.object_id == subscription.id


def _heard_at(subscription: Subscription) -> datetime:
    return subscription.observed_at or subscription.created_at
