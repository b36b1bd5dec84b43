"""What becomes of the wish for a plan: by the plans' rank and the length of the interval, never by price.

A step up holds at once, a step down when it is renewed, and the free plan is a cancellation. In a trial,
nothing was paid for yet: every change holds at once. Buttons, previews and changes all ask here.
"""

from dataclasses import replace
from datetime import datetime

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.change import Change, ChangeKind, Holds, Needs, Refusal
from tiergate.rules.held import Held, Intervals
from tiergate.rules.planned_items import planned_items
from tiergate.rules.price import INTERVALS
from tiergate.rules.quantity_change import is_sold_per
from tiergate.rules.state import SubscriptionItem, SubscriptionStatus
from tiergate.rules.upgrade_in_trial import trial_end_after_purchase

_UP = frozenset([ChangeKind.UPGRADE, ChangeKind.LONGER_INTERVAL])
_STAYS = frozenset([ChangeKind.STAY, ChangeKind.NOTHING])
_WITHOUT_PERIOD = frozenset([SubscriptionStatus.INCOMPLETE, SubscriptionStatus.PAUSED])


def plan_change(
    held: Held | None,
    catalog: Catalog,
    intervals: Intervals,
    wanted: str,
    interval: str | None,
    at: datetime,
    members: int | None = None,
) -> Change:
    """Return what the wish for a plan comes to at an instant.

    Without an ``interval`` it stays as it is. ``members`` is how many people need a seat. Raises
    ``UnknownPlanError`` for a plan or an interval that is not in the catalogue in force.
    """
    plan = catalog.plan(wanted)
    if plan.is_free:
        return _to_free(held, plan, at)
    if not plan.prices:
        return Change(ChangeKind.NOTHING, plan, refusal=Refusal.PLAN_BY_AGREEMENT)
    interval = interval or _usual_interval(held, plan)
    plan.price(interval, held.currency if held else None)
    if held is None:
        quantity = _seats(plan, 1, members)
        return Change(
            ChangeKind.BUY, plan, interval, quantity, effective_at=at, needs=Needs.CHECKOUT,
            refusal=_out_of_range(plan, quantity),
        )  # fmt: skip
    change = _of_held(held, catalog, plan, interval, at, members)
    change = _unless_planned(held, intervals, change)
    if held.hindrance or change.kind is ChangeKind.NOTHING:
        return replace(change, refusal=held.hindrance)
    return _if_sold(held, catalog, intervals, replace(change, refusal=_out_of_range(plan, change.quantity)))


def cancellation(held: Held | None, plan: Plan | None, at: datetime, *, now: bool) -> Change:
    """Return what a cancellation comes to, at once or with the period that is paid for.

    One that was never paid for, or is paused, ends at once: there is no period to wait for.
    """
    now = now or (held is not None and held.subscription.status in _WITHOUT_PERIOD)
    if held is None or (held.is_ending and not now):
        ends_at = None if held is None else held.subscription.cancels_at
        return Change(ChangeKind.NOTHING, plan, effective_at=ends_at)
    refusal = Refusal.STATUS_UNKNOWN if held.subscription.status is SubscriptionStatus.UNKNOWN else None
    if now:
        return Change(
            ChangeKind.CANCEL,
            plan,
            held.interval,
            held.item.quantity,
            effective_at=at,
            refusal=refusal,
            releases=held.schedule_id,
        )
    ends_at = held.renews_at if held.is_in_trial else held.subscription.current_period_end
    return Change(
        ChangeKind.CANCEL,
        plan,
        held.interval,
        held.item.quantity,
        holds=Holds.AT_RENEWAL,
        effective_at=ends_at,
        refusal=refusal,
        releases=held.schedule_id,
    )


def _to_free(held: Held | None, plan: Plan, at: datetime) -> Change:
    return cancellation(held, plan, at, now=False)


def _usual_interval(held: Held | None, plan: Plan) -> str:
    sold = [price.interval for price in plan.prices]
    return held.interval if held and held.interval in sold else sold[0]


def _of_held(
    held: Held, catalog: Catalog, plan: Plan, interval: str, at: datetime, members: int | None
) -> Change:
    kind = _kind(held, catalog, plan, interval)
    is_other = held.plan is None or held.plan.key != plan.key
    change = Change(
        kind,
        plan,
        interval,
        _seats(plan, held.item.quantity, members) if is_other else held.item.quantity,
        effective_at=at,
        releases=None if kind is ChangeKind.NOTHING else held.schedule_id,
        takes_back_cancellation=held.is_ending and kind is not ChangeKind.NOTHING,
    )
    if held.is_in_trial:
        return _in_trial(held, plan, change, at)
    if kind in _STAYS or kind in _UP:
        return change
    return replace(change, holds=Holds.AT_RENEWAL, effective_at=held.renews_at)


def _kind(held: Held, catalog: Catalog, plan: Plan, interval: str) -> ChangeKind:
    own = held.plan
    if own is None or own.key != plan.key:
        rank = catalog.plans.get(own.key, own).rank if own else -1
        return ChangeKind.UPGRADE if plan.rank >= rank else ChangeKind.DOWNGRADE
    if interval != held.interval and held.interval is not None:
        longer = _length(interval) > _length(held.interval)
        return ChangeKind.LONGER_INTERVAL if longer else ChangeKind.SHORTER_INTERVAL
    return ChangeKind.STAY if held.is_ending or held.coming else ChangeKind.NOTHING


def _length(interval: str) -> int:
    return [str(each) for each in INTERVALS].index(interval)


def _in_trial(held: Held, plan: Plan, change: Change, at: datetime) -> Change:
    """Let a change in a trial hold at once; a step up is a purchase, and may end the trial."""
    if not held.has_card:
        kind = ChangeKind.BUY if change.kind in _STAYS else change.kind
        return replace(change, kind=kind, needs=Needs.CARD)
    if change.kind in _UP:
        return replace(change, trial_end=trial_end_after_purchase(held.subscription, plan, at))
    return replace(change, trial_end=held.subscription.trial_end)


def _unless_planned(held: Held, intervals: Intervals, change: Change) -> Change:
    """Return ``NOTHING`` for what is planned already, and note what waits for its payment alone."""

    def is_it(items: tuple[SubscriptionItem, ...]) -> bool:
        return change.plan is not None and any(
            item.plan_key == change.plan.key
            and intervals.get(item.price_id) == change.interval
            and item.quantity == change.quantity
            for item in items
        )

    if change.holds is Holds.AT_RENEWAL and not held.is_ending and held.coming and is_it(held.coming[0]):
        return replace(change, kind=ChangeKind.NOTHING, releases=None)
    pending = held.subscription.pending_update
    waits = change.holds is Holds.NOW and change.kind not in _STAYS and pending is not None
    return replace(change, waits_for_payment=waits and pending is not None and is_it(pending.items))


def _if_sold(held: Held, catalog: Catalog, intervals: Intervals, change: Change) -> Change:
    """Refuse what an add-on cannot follow: all that an account pays for is paid by the same interval.

    One that is given up with the renewal need not follow a change that waits for it.
    """
    if change.refusal is not None or change.kind is ChangeKind.STAY or change.interval is None:
        return change
    stays = planned_items(held).follows if change.holds is Holds.AT_RENEWAL else {}
    for item in held.subscription.items:
        key, own = item.add_on_key, intervals.get(item.price_id)
        if key is None or own in (None, change.interval) or stays.get(item.id, "held") is None:
            continue
        if not is_sold_per(catalog, key, change.interval, held.currency):
            return replace(change, refusal=Refusal.ADD_ON_NOT_SOLD_SO, in_the_way=key)
    return change


def _seats(plan: Plan, held: int, members: int | None) -> int:
    """Return for how many seats a plan is bought: those there are, and not fewer than there are people."""
    if plan.seats is None:
        return 1
    return max(held, members or 1, plan.seats.minimum)


def _out_of_range(plan: Plan, quantity: int) -> Refusal | None:
    most = plan.seats.maximum if plan.seats else None
    return Refusal.SEATS_OUT_OF_RANGE if most is not None and quantity > most else None
