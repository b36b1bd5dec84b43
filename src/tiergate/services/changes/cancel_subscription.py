"""Cancels an account's subscription, with its period or at once, and notes why."""

from dataclasses import replace

from tiergate.rules.plan_change import cancellation
from tiergate.rules.policy import OnCancel
from tiergate.services.changes.change_errors import require_possible
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.change_parameters import cancel_steps
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.preview_change import undone_by
from tiergate.services.changes.run_change import Asking, Planned, run_change
from tiergate.services.changes.wish import InvalidWishError
from tiergate.services.context import Context

MOST_CHARACTERS = 500
"""Of a comment."""

FEEDBACK = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
"""The reasons that Stripe knows. Source: https://docs.stripe.com/api/subscriptions/cancel"""

TIMES = ("period_end", "now")


def cancel_subscription(
    context: Context,
    account_id: str,
    asking: Asking,
    reason: str = "",
    comment: str = "",
    when: str | None = None,
) -> Changed:
    """Cancel, as the plan's policy says where ``when`` (``period_end`` or ``now``) does not.

    ``reason`` is one of Stripe's; both go to Stripe and into the journal. Pressed again it changes nothing.
    Raises ``InvalidWishError``, ``ChangeRefusedError`` and what ``run_change`` raises.
    """
    if reason and reason not in FEEDBACK:
        raise InvalidWishError(f"There is no reason {reason!r}.", f"The reasons are: {', '.join(FEEDBACK)}.")
    if when is not None and when not in TIMES:
        raise InvalidWishError(f"Nothing is cancelled at {when!r}.", f"Say one of: {', '.join(TIMES)}.")
    if len(comment) > MOST_CHARACTERS:
        raise InvalidWishError("The comment is too long.", f"Write {MOST_CHARACTERS} characters at most.")
    given = {"feedback": reason, "comment": comment}
    details = {name: value for name, value in given.items() if value}
    asking = replace(asking, told=details)

    def plan(facts: Facts) -> Planned:
        held = facts.held
        policy = held.plan.policy if held and held.plan else None
        now = when == "now" if when else policy is not None and policy.cancel is OnCancel.NOW
        change = cancellation(held, held.plan if held else None, facts.at, now=now)
        require_possible(change, facts)
        if held is None or not change.is_made:
            return Planned(change)
        steps = cancel_steps(change, held, details)
        return Planned(change, steps, undone_by(change, held), subscription_id=held.subscription.id)

    return run_change(context, account_id, asking, plan)
