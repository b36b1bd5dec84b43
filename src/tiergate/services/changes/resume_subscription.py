"""Lets a subscription go on that is paused, or that was about to end."""

from tiergate.rules.change import Change, ChangeKind
from tiergate.rules.held import Held
from tiergate.rules.state import SubscriptionStatus
from tiergate.services.changes.change_errors import CheckoutRequiredError
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.change_parameters import Steps, take_back_cancellation, update_step
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.run_change import Asking, Planned, run_change
from tiergate.services.context import Context


def resume_subscription(context: Context, account_id: str, asking: Asking) -> Changed:
    """Take a scheduled cancellation back, and let a paused subscription go on; otherwise change nothing.

    One that Stripe has paused begins a new period, which is charged. Raises ``CheckoutRequiredError`` where
    there is no subscription any more, and what ``run_change`` raises.
    """

    def plan(facts: Facts) -> Planned:
        held = facts.held
        if held is None:
            raise CheckoutRequiredError("This account has no subscription.", "Buy a plan: start a checkout.")
        steps = _steps(held)
        kind = ChangeKind.STAY if steps else ChangeKind.NOTHING
        change = Change(kind, held.plan, held.interval, held.item.quantity, effective_at=facts.at)
        undone = ("cancellation",) if held.is_ending else ()
        return Planned(change, steps, undone, subscription_id=held.subscription.id)

    return run_change(context, account_id, asking, plan)


def _steps(held: Held) -> Steps:
    subscription = held.subscription
    steps: Steps = ()
    if held.is_ending:
        released: Steps = ({"call": "release_schedule", "id": held.schedule_id},) if held.schedule_id else ()
        steps = (*released, *take_back_cancellation(held))
    if subscription.pause_collection is not None:
        steps = (*steps, update_step(held, {"pause_collection": ""}))
    if subscription.status is SubscriptionStatus.PAUSED:
        steps = (*steps, {"call": "resume_subscription", "id": subscription.id, "params": {}})
    return steps
