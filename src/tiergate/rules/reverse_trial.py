"""The trial that begins by itself at sign-up: what it gives before Stripe has it.

Access is full from the first instant on. As soon as a subscription has begun, Stripe's word counts. A trial
that never reaches Stripe is as long as one that does, and ends as one.
"""

from collections.abc import Iterator
from datetime import datetime

from tiergate.rules.access import Cause, Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.sold import sold_plan
from tiergate.rules.span import Span, Strength
from tiergate.rules.state import NEVER_BEGAN, AccountState, Grant, GrantKind


def reverse_trial_spans(grant: Grant, state: AccountState, catalog: Catalog) -> Iterator[Span]:
    """Return what a reverse trial gives: the trial until Stripe has it, or until its end and what follows."""
    plan = catalog.as_sold(grant.catalog_version).plans.get(grant.plan_key or "")
    if plan is None:
        return
    began_at, ends_at = _began_at(state), grant.ends_at or grant.starts_at
    until = ends_at if began_at is None else min(ends_at, began_at)
    sold = sold_plan(plan, grant.catalog_version)
    if grant.starts_at < until:
        cause = Cause(grant.id, "trial_end")
        yield Span(grant.starts_at, until, Strength.LIVE, Reason.TRIALING, cause, sold.in_trial)
    if began_at is None:
        yield Span(
            ends_at,
            DISTANT_FUTURE,
            Strength.ENDED,
            Reason.TRIAL_ENDED,
            Cause(grant.id, "trial_end"),
            sold,
            plan.policy.after_trial,
        )


def waiting_trial(state: AccountState, at: datetime) -> Grant | None:
    """Return the reverse trial that runs at an instant and that Stripe has not got yet."""
    if _began_at(state) is not None:
        return None
    for grant in state.grants:
        runs = grant.starts_at <= at < (grant.ends_at or grant.starts_at)
        if grant.kind is GrantKind.REVERSE_TRIAL and runs:
            return grant
    return None


def _began_at(state: AccountState) -> datetime | None:
    """Return when the first subscription began that the account has ever had."""
    return min((one.began_at for one in state.subscriptions if one.status not in NEVER_BEGAN), default=None)
