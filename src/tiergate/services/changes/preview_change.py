"""Says before the click what a change costs, when it holds, and what it means for the features."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.rules.held import Held
from tiergate.rules.instants import from_unix_seconds, isoformat, to_unix_seconds
from tiergate.rules.planned_items import drops_planned
from tiergate.services.accounts.require_account import require_account
from tiergate.services.changes.change_errors import require_possible
from tiergate.services.changes.change_facts import Facts, load_facts
from tiergate.services.changes.change_parameters import (
    preview_parameters,
    renewal_parameters,
    steps_for,
    with_reductions,
)
from tiergate.services.changes.compare_features import Compared, features_of
from tiergate.services.changes.wish import Wish, change_for
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import read_clock

_HOLDS_FOR = timedelta(hours=1)
"""How long what a preview said is still offered to the second; after that it is worked out anew."""


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A line of the invoice that a change leads to. ``amount`` is in minor units, a credit is negative."""

    description: str
    amount: int
    is_proration: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change means: amounts in minor units, instants in the account's time.

    ``total`` is what the change is invoiced with now, and ``due_now`` what is charged of it: a negative total
    is credited to later invoices. ``renewal_total`` is what the first renewal afterwards is invoiced with, at
    ``renews_at``, as far as it is known today; both are ``None`` where it ends before. ``token`` is handed in
    with the confirmation: what was shown is then charged, or asked about again. ``undone`` names what is
    taken back on the way.
    """

    change: Change
    currency: str | None
    total: int
    due_now: int
    lines: tuple[PreviewLine, ...]
    renews_at: datetime | None
    renewal_total: int | None
    features: Compared
    undone: tuple[str, ...]
    token: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        change = self.change
        return {
            "kind": str(change.kind),
            "plan": change.plan.key if change.plan else None,
            "interval": change.interval,
            "quantity": change.quantity,
            "holds": str(change.holds),
            "effective_at": change.effective_at and isoformat(change.effective_at),
            "currency": self.currency,
            "total": self.total,
            "due_now": self.due_now,
            "lines": [
                {"description": line.description, "amount": line.amount, "is_proration": line.is_proration}
                for line in self.lines
            ],
            "renews_at": self.renews_at and isoformat(self.renews_at),
            "renewal_total": self.renewal_total,
            "features": {key: list(pair) for key, pair in self.features.items()},
            "undone": list(self.undone),
            "token": self.token,
        }


def preview_change(context: Context, account_id: str, wish: Wish, at: datetime | None = None) -> Preview:
    """Work out what a wish comes to, with the parameters that the change itself is made with.

    ``at`` is the instant, in the account's time, to which it is prorated: now, where none is given. Raises
    ``ChangeRefusedError``, ``CheckoutRequiredError``, ``CardRequiredError``, ``UnknownAccountError``,
    ``UnknownPlanError``, ``UnknownAddOnError``, ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    facts = current_facts(context, account_id)
    change = change_for(wish, facts)
    require_possible(change, facts)
    held, at = facts.held, at or facts.at
    if held is None or not change.is_made or change.kind is ChangeKind.CANCEL:
        return _without_charge(change, facts, at)
    now: dict[str, Any] = {}
    then: Mapping[str, Any] = {}
    if change.takes_back_cancellation or not held.is_ending:
        then = _renewal(context, change, facts, held)
    if change.holds is Holds.NOW and change.kind is not ChangeKind.STAY and _is_charged(change, held):
        now = context.gateway.preview_invoice(preview_parameters(change, facts, held, at)).body
    total = int(now.get("total") or 0)
    return Preview(
        change,
        then.get("currency") or now.get("currency"),
        total,
        int(now.get("amount_due") or 0),
        tuple([_line(line) for line in (now.get("lines") or {}).get("data") or ()]),
        _renews_at(change, held, now, then) if then else None,
        int(then["total"]) if then else None,
        features_of(change, facts),
        undone_by(change, held),
        _token(change, facts, at, total),
    )


def current_facts(context: Context, account_id: str) -> Facts:
    """Load an account, with its test clock as it is now. Raises ``UnknownAccountError``."""
    with context.database.read() as tx:
        test_clock = require_account(tx, account_id).test_clock
    read_clock(context, test_clock)
    with context.database.read() as tx:
        return load_facts(context, tx, account_id)


def shown_at(token: str, now: datetime) -> datetime | None:
    """Return the instant that a preview was prorated to; ``None`` for one that is too old, or not ours.

    It is never later than now: nobody can move it to where there is less to pay.
    """
    seconds = token.partition(".")[0]
    if not seconds.isdecimal():
        return None
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError):
        return None
    return at if timedelta(0) <= now - at <= _HOLDS_FOR else None


def undone_by(change: Change, held: Held) -> tuple[str, ...]:
    """Return what a change takes back on its way."""
    replaces = held.subscription.pending_update is not None and change.holds is Holds.NOW
    found = {
        "cancellation": change.takes_back_cancellation,
        "schedule": drops_planned(change, held),
        "pending_update": replaces and change.is_made,
    }
    return tuple(name for name, is_undone in found.items() if is_undone)


def _is_charged(change: Change, held: Held) -> bool:
    return not held.is_in_trial or change.trial_end == "now"


def _without_charge(change: Change, facts: Facts, at: datetime) -> Preview:
    undone = undone_by(change, facts.held) if facts.held and change.is_made else ()
    token, features = _token(change, facts, at, 0), features_of(change, facts)
    return Preview(change, None, 0, 0, (), None, None, features, undone, token)


def _renewal(context: Context, change: Change, facts: Facts, held: Held) -> Mapping[str, Any]:
    """Ask what the renewal comes to; of one that begins anew, with the discounts and taxes that go on."""
    wanted = renewal_parameters(change, facts, held)
    if "subscription" not in wanted:
        answer = context.gateway.fetch_subscription(held.subscription.id)
        wanted = with_reductions(wanted, answer.body if answer else {})
    return context.gateway.preview_invoice(wanted).body


def _renews_at(
    change: Change, held: Held, now: Mapping[str, Any], then: Mapping[str, Any]
) -> datetime | None:
    if change.holds is Holds.AT_RENEWAL:
        return change.effective_at
    if change.trial_end == "now":
        return from_unix_seconds(max(line["period"]["end"] for line in now["lines"]["data"]))
    if held.is_in_trial:
        return held.subscription.trial_end
    lines = (now.get("lines") or {}).get("data") or ()
    if lines and change.interval not in (None, held.interval):
        # Whether the old period goes on or a new one begins is for Stripe's billing mode to say.
        return from_unix_seconds(max(line["period"]["end"] for line in lines))
    return held.renews_at if held.schedule_id else from_unix_seconds(then.get("period_end"))


def _line(line: Mapping[str, Any]) -> PreviewLine:
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    is_proration = bool(details.get("proration", line.get("proration")))
    return PreviewLine(str(line.get("description") or ""), int(line["amount"]), is_proration)


def _token(change: Change, facts: Facts, at: datetime, total: int) -> str:
    """Name what a preview showed: the instant, the amount, and all that would be sent to Stripe."""
    steps = json.dumps([steps_for(change, facts, at), total], sort_keys=True)
    return f"{to_unix_seconds(at)}.{total}.{hashlib.sha256(steps.encode()).hexdigest()[:16]}"
