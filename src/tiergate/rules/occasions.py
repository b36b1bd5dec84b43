"""Occasions: what time makes due for an account, each with a key that names it once and for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from tiergate.rules.grant_spans import extended_until
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.prompt_settings import PromptSettings
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus

OccasionKind = Literal["trial_reminder"]

_MAY_STILL_END = frozenset(
    [SubscriptionStatus.TRIALING, SubscriptionStatus.PAUSED, SubscriptionStatus.CANCELED]
)
"""What Stripe says of a trial that runs, and of one that it has ended for want of a card."""

_GOES_ON = frozenset([SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE])
"""Beside such a subscription the end of an extension takes nothing away that needs a reminder."""

_USUAL = PromptSettings()


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to be told once, in ``[due_at, expires_at)``; after that it is stale and stays untold."""

    key: str
    kind: OccasionKind
    due_at: datetime
    expires_at: datetime
    step: str
    object_id: str


def occasions_of(
    state: AccountState, time_zone: str = "UTC", prompts: PromptSettings = _USUAL
) -> tuple[Occasion, ...]:
    """Return every occasion that today's facts hold for an account, in order of time."""
    found = (
        occasion
        for subscription in state.subscriptions
        if (ends_at := _trial_ends_at(subscription, state)) is not None
        for occasion in _trial(subscription, ends_at, time_zone, prompts.trial_ending_days)
    )
    return tuple(sorted(found, key=lambda occasion: (occasion.due_at, occasion.key)))


def _trial_ends_at(subscription: Subscription, state: AccountState) -> datetime | None:
    """Return when a trial ends for the account, be it the end of an extension; ``None`` where none ends.

    Where there is a card Stripe charges it at ``trial_end``, whatever was given by hand.
    """
    trial_end = subscription.trial_end
    if trial_end is None or subscription.status not in _MAY_STILL_END:
        return None
    is_trialing = subscription.status is SubscriptionStatus.TRIALING
    if is_trialing and state.has_card(subscription):
        return trial_end
    ends_at = extended_until(subscription, state)
    if is_trialing:
        ends_at = ends_at or trial_end
    elif any(other.status in _GOES_ON for other in state.subscriptions):
        return None
    return None if ends_at == DISTANT_FUTURE else ends_at


def _trial(
    subscription: Subscription, trial_end: datetime, time_zone: str, days: Sequence[int]
) -> Iterable[Occasion]:
    """Remind of a trial's end so many days before, the first reminder first; on the day itself for 0."""
    steps = [(_step(each), _days_before(trial_end, each, time_zone)) for each in days]
    ends = [*(due_at for _, due_at in steps[1:]), trial_end]
    for (step, due_at), expires_at in zip(steps, ends, strict=False):
        if due_at >= (subscription.trial_start or subscription.began_at):
            key = f"{subscription.id}:trial_end:{int(trial_end.timestamp())}:{step}"
            yield Occasion(key, "trial_reminder", due_at, expires_at, step, subscription.id)


def _step(days: int) -> str:
    return f"{days}_day{'s' if days > 1 else ''}" if days else "same_day"


def _days_before(trial_end: datetime, days: int, time_zone: str) -> datetime:
    return trial_end - timedelta(days=days) if days else _start_of_last_day(trial_end, time_zone)


def _start_of_last_day(trial_end: datetime, time_zone: str) -> datetime:
    """Return the midnight that begins the last day of use where the account is.

    A trial that ends exactly at midnight is used for the last time on the day before.
    """
    local = (trial_end - timedelta.resolution).astimezone(ZoneInfo(time_zone))
    return datetime.combine(local.date(), time(0), local.tzinfo).astimezone(UTC)
