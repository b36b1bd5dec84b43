"""What access that was given by hand contributes: plans, and trials that go on."""

from collections.abc import Iterator
from datetime import datetime

from tiergate.rules.access import Cause, Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.reverse_trial import reverse_trial_spans
from tiergate.rules.sold import sold_by, sold_plan
from tiergate.rules.span import Span, Strength
from tiergate.rules.state import NEVER_BEGAN, AccountState, Grant, GrantKind, Subscription


def grant_spans(state: AccountState, catalog: Catalog) -> Iterator[Span]:
    """Return the spans of all grants that give a plan; what was given by hand leaves nothing behind."""
    for grant in state.grants:
        span = None
        if grant.kind is GrantKind.COMP:
            span = _comp(grant, catalog)
        elif grant.kind is GrantKind.EXTENSION:
            span = _extension(grant, state, catalog)
        elif grant.kind is GrantKind.REVERSE_TRIAL:
            yield from reverse_trial_spans(grant, state, catalog)
        if span is not None and span.starts_at < span.ends_at:
            yield span


def _comp(grant: Grant, catalog: Catalog) -> Span:
    ends_at = grant.ends_at or DISTANT_FUTURE
    plan = catalog.as_sold(grant.catalog_version).plans.get(grant.plan_key or "")
    if plan is None:
        cause = Cause(grant.id, "plan")
        return Span(grant.starts_at, ends_at, Strength.REFUSED, Reason.UNMAPPED_PRICE, cause)
    sold = sold_plan(plan, grant.catalog_version)
    return Span(grant.starts_at, ends_at, Strength.LIVE, Reason.COMP, Cause(grant.id, "grant"), sold)


def _extension(grant: Grant, state: AccountState, catalog: Catalog) -> Span | None:
    """Keep a trial going past its end, also where Stripe has cancelled it for want of a card."""
    subscription = _extended(grant, state)
    if subscription is None:
        return None
    sold = sold_by(subscription.items, subscription.plan_key, subscription.catalog_version, catalog)
    if sold is None or sold.plan is None:
        return None
    return Span(
        max(_ended_at(subscription), grant.starts_at),
        grant.ends_at or DISTANT_FUTURE,
        Strength.LIVE,
        Reason.TRIAL_EXTENDED,
        Cause(grant.id, "grant"),
        sold.in_trial,
        subscription_id=subscription.id,
    )


def extended_until(subscription: Subscription, state: AccountState) -> datetime | None:
    """Return until when extensions keep a trial going without a gap; ``None`` where there is none."""
    ends_at = _ended_at(subscription)
    until = goes_on_until(state, subscription, ends_at)
    return until if until > ends_at else None


def goes_on_until(state: AccountState, subscription: Subscription, at: datetime) -> datetime:
    """Return until when extensions of a trial follow each other without a gap, from an instant on."""
    until = at
    for grant in sorted(state.grants, key=lambda each: each.starts_at):
        is_extension = grant.kind is GrantKind.EXTENSION and _extended(grant, state) is subscription
        if is_extension and grant.starts_at <= until:
            until = max(until, grant.ends_at or DISTANT_FUTURE)
    return until


def _ended_at(subscription: Subscription) -> datetime:
    """Return when a trial is over by itself."""
    trial_end = subscription.trial_end or subscription.began_at
    return min(trial_end, subscription.ended_at or trial_end)


def _extended(grant: Grant, state: AccountState) -> Subscription | None:
    """Return the subscription whose trial a grant keeps going.

    A customer who cancelled during the trial, after the extension was given, wanted no more of it.
    """
    subscription = _tried(grant, state)
    if subscription is None or subscription.trial_end is None or subscription.canceled_at is None:
        return subscription
    gave_up = grant.starts_at <= subscription.canceled_at < subscription.trial_end
    return None if gave_up else subscription


def _tried(grant: Grant, state: AccountState) -> Subscription | None:
    """Return the subscription whose trial a grant extends: the one it names, or the last to end."""
    tried = (
        (subscription.trial_end, subscription.id, subscription)
        for subscription in state.subscriptions
        if subscription.trial_end is not None
        and subscription.status not in NEVER_BEGAN
        and grant.subscription_id in (None, subscription.id)
    )
    last = max(tried, key=lambda each: each[:2], default=None)
    return None if last is None else last[2]
