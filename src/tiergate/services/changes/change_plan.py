"""Changes the plan, the seats or the add-ons of an account, once, however often the button is pressed."""

from datetime import datetime

from tiergate.rules.errors import TiergateError
from tiergate.services.changes.change_errors import pay_url, require_possible
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.change_parameters import steps_for
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.preview_change import (
    Preview,
    current_facts,
    preview_change,
    shown_at,
    undone_by,
)
from tiergate.services.changes.run_change import Asking, Planned, is_under_way, run_change
from tiergate.services.changes.wish import Wish, change_for
from tiergate.services.context import Context


class AmountMovedError(TiergateError):
    """What was shown is not what it comes to now: ``preview`` is to be shown and confirmed anew."""

    code = "amount_moved"

    def __init__(self, preview: Preview) -> None:
        super().__init__(
            "What this costs, or what it does, has changed since it was shown.",
            "Look at it again, and confirm it.",
        )
        self.preview = preview
        self.details = {"preview": preview.as_json()}


def change_plan(
    context: Context, account_id: str, wish: Wish, asking: Asking, token: str | None = None
) -> Changed:
    """Make a change: now, and charged now, or at the renewal, as the rules say.

    With a preview's ``token`` nothing else is done than what it showed, at the price that it showed. Raises
    ``AmountMovedError``, and otherwise what ``preview_change`` and ``run_change`` raise.
    """
    at = _confirmed_at(context, account_id, wish, asking, token) if token is not None else None

    def plan(facts: Facts) -> Planned:
        change = change_for(wish, facts)
        require_possible(change, facts)
        held = facts.held
        steps = steps_for(change, facts, at or facts.at)
        if held is None:
            return Planned(change)
        return Planned(change, steps, undone_by(change, held), pay_url(facts), held.subscription.id)

    return run_change(context, account_id, asking, plan)


def _confirmed_at(
    context: Context, account_id: str, wish: Wish, asking: Asking, token: str
) -> datetime | None:
    """Return the instant to which a confirmed change is prorated. Raises ``AmountMovedError``.

    What has been begun, or is so already, is not asked about again.
    """
    if is_under_way(context, account_id, asking):
        return None
    at = shown_at(token, current_facts(context, account_id).at)
    preview = preview_change(context, account_id, wish, at)
    if preview.token == token or not preview.change.is_made:
        return at
    # In this order: a change that is no longer under way has been saved.
    if is_under_way(context, account_id, asking):
        return None
    if not change_for(wish, current_facts(context, account_id)).is_made:
        return None
    raise AmountMovedError(preview if at is None else preview_change(context, account_id, wish))
