"""What an account can do about an offer: the right verb for each plan at each interval."""

from dataclasses import dataclass
from enum import StrEnum

from tiergate.rules.catalog import Plan, Trial, TrialModel
from tiergate.rules.price import Interval


class Verb(StrEnum):
    """What the button of an offer does. The codes are stable: pages, API and embed share them."""

    START_FREE = "start_free"
    START_TRIAL = "start_trial"
    BUY = "buy"
    CURRENT = "current"
    """The account has exactly this: nothing to do."""
    INCLUDED = "included"
    """The free plan, for an account that has more than it already, without a subscription."""
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    """Takes effect at the renewal: until then what was paid for stays."""
    SWITCH_TO_YEARLY = "switch_to_yearly"
    SWITCH_TO_MONTHLY = "switch_to_monthly"
    """Takes effect at the renewal likewise."""
    CHANGE = "change"
    """Another plan, while a subscription runs whose plan is not known."""
    CONTACT = "contact"
    UNAVAILABLE = "unavailable"
    """It cannot be bought by oneself, and there is nobody to write to."""


CHANGES = frozenset(
    [Verb.UPGRADE, Verb.DOWNGRADE, Verb.SWITCH_TO_YEARLY, Verb.SWITCH_TO_MONTHLY, Verb.CHANGE]
)
"""What changes a subscription that runs: the billing page does that."""
PURCHASES = frozenset([Verb.START_FREE, Verb.START_TRIAL, Verb.BUY])
"""What begins something new."""


@dataclass(frozen=True, slots=True)
class Position:
    """What an account has, as far as offers are concerned."""

    plan_key: str | None = None
    """The plan whose features hold now."""
    holds_for_good: bool = True
    """Whether that plan holds until something new happens, rather than until a known instant."""
    is_subscribed: bool = False
    """Whether a subscription runs: a second one would be paid twice."""
    subscribed_key: str | None = None
    """The plan which that subscription sells; ``None`` where its price is mapped to none."""
    subscribed_rank: int = 0
    interval: Interval | None = None
    """How often that subscription is charged; ``None`` where nobody knows."""
    has_tried: bool = False
    """Whether the account has had its trial."""
    is_somebody: bool = True
    """Whether there is an account at all."""


NOBODY = Position(is_somebody=False)
"""The position of a visitor who is not signed in."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do about an offer, and the trial that comes with it, if one does."""

    verb: Verb
    trial: Trial | None = None


def next_step(
    plan: Plan,
    interval: Interval | None,
    position: Position = NOBODY,
    *,
    is_for_sale: bool = True,
    can_ask: bool = False,
) -> NextStep:
    """Return the step that leads from what the account has to a plan at an interval.

    ``interval`` is ``None`` for what has no price. ``is_for_sale`` is false where customers do not buy by
    themselves; ``can_ask`` is true where there is somebody to write to about any plan.
    """
    if position.is_subscribed:
        return NextStep(_change(plan, interval, position))
    if plan.key == position.plan_key and (plan.is_free or position.holds_for_good):
        return NextStep(Verb.CURRENT)
    if plan.is_free:
        return NextStep(Verb.START_FREE if position.plan_key is None else Verb.INCLUDED)
    if not plan.prices or not is_for_sale:
        return NextStep(Verb.CONTACT if plan.contact_url or can_ask else Verb.UNAVAILABLE)
    trial = trial_on_offer(plan, has_tried=position.has_tried, is_new=not position.is_somebody)
    return NextStep(Verb.START_TRIAL if trial else Verb.BUY, trial)


def trial_on_offer(plan: Plan, *, has_tried: bool, is_new: bool = False) -> Trial | None:
    """Return the trial that comes with buying a plan: each account tries the product once.

    A reverse trial begins by itself at the sign-up; only who ``is_new`` still has it ahead.
    """
    if plan.trial is None or has_tried:
        return None
    return plan.trial if is_new or plan.trial.model is TrialModel.FREE_TRIAL else None


def _change(plan: Plan, interval: Interval | None, position: Position) -> Verb:
    if plan.key == position.subscribed_key:
        return _change_of_interval(interval, position)
    if not plan.prices and not plan.is_free:
        return Verb.CONTACT
    if position.subscribed_key is None:
        return Verb.CHANGE
    return Verb.UPGRADE if plan.rank > position.subscribed_rank else Verb.DOWNGRADE


def _change_of_interval(interval: Interval | None, position: Position) -> Verb:
    if interval == position.interval or interval is None or position.interval is None:
        return Verb.CURRENT
    return Verb.SWITCH_TO_YEARLY if interval == "year" else Verb.SWITCH_TO_MONTHLY
