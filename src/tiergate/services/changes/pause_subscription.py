"""Pauses a subscription for as long as the plan's policy allows: nothing is charged, and access rests."""

from tiergate.rules.change import Change, ChangeKind
from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import to_unix_seconds
from tiergate.rules.state import SubscriptionStatus
from tiergate.services.changes.change_errors import require_possible
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.change_parameters import update_step
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.run_change import Asking, Planned, run_change
from tiergate.services.context import Context


class PauseNotOfferedError(TiergateError):
    """The plan cannot be paused, or there is nothing that is paid for."""

    code = "pause_not_offered"


def pause_subscription(context: Context, account_id: str, asking: Asking) -> Changed:
    """Pause for the days of the policy's ``pause_days``; Stripe goes on by itself after them.

    Invoices of that time are void. Source: https://docs.stripe.com/billing/subscriptions/pause-payment
    Raises ``PauseNotOfferedError``, ``ChangeRefusedError`` and what ``run_change`` raises.
    """

    def plan(facts: Facts) -> Planned:
        held = facts.held
        days = held.plan.policy.pause if held and held.plan else None
        is_paid = held is not None and held.subscription.status is SubscriptionStatus.ACTIVE
        if held is None or not days or not is_paid:
            raise PauseNotOfferedError(
                "This subscription cannot be paused.", "Cancel it, or choose another plan."
            )
        until = facts.at + days
        if held.subscription.pause_collection is not None:
            planned_until = held.subscription.pause_collection.resumes_at
            return Planned(Change(ChangeKind.NOTHING, held.plan, effective_at=planned_until))
        change = Change(ChangeKind.PAUSE, held.plan, held.interval, held.item.quantity, effective_at=facts.at)
        require_possible(change, facts)
        pause = {"behavior": "void", "resumes_at": to_unix_seconds(until)}
        steps = (update_step(held, {"pause_collection": pause}),)
        return Planned(change, steps, subscription_id=held.subscription.id)

    return run_change(context, account_id, asking, plan)
