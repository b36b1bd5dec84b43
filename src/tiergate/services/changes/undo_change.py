"""Takes back what was planned: a change at the renewal, a cancellation, or one that waits for its payment."""

from tiergate.rules.change import Change, ChangeKind
from tiergate.rules.held import Held
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.change_parameters import Steps, take_back_cancellation
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.run_change import Asking, Planned, run_change
from tiergate.services.context import Context


def undo_change(context: Context, account_id: str, asking: Asking) -> Changed:
    """Take everything back that is planned and does not hold yet; where nothing is, change nothing.

    Raises what ``run_change`` raises.
    """

    def plan(facts: Facts) -> Planned:
        held = facts.held
        if held is None:
            return Planned(Change(ChangeKind.NOTHING, None))
        steps, undone = _steps(held)
        kind = ChangeKind.STAY if steps else ChangeKind.NOTHING
        change = Change(kind, held.plan, held.interval, held.item.quantity, effective_at=facts.at)
        return Planned(change, steps, undone, subscription_id=held.subscription.id)

    return run_change(context, account_id, asking, plan)


def _steps(held: Held) -> tuple[Steps, tuple[str, ...]]:
    steps: Steps = ()
    undone: tuple[str, ...] = ()
    subscription = held.subscription
    if held.schedule_id and (held.coming or held.is_ending):
        steps, undone = ({"call": "release_schedule", "id": held.schedule_id},), ("schedule",)
    if held.is_ending:
        steps, undone = (*steps, *take_back_cancellation(held)), (*undone, "cancellation")
    if subscription.pending_update is not None and subscription.latest_invoice_id is not None:
        void = {"call": "void_invoice", "id": subscription.latest_invoice_id}
        steps, undone = (*steps, void), (*undone, "pending_update")
    return steps, undone
