"""What is done when a wake-up comes, by the name under which it was wished for."""

from collections.abc import Callable
from typing import Any

from tiergate_sandbox.world.billing import (
    collect,
    cycle,
    discounts,
    disputes,
    ending,
    invoices,
    pausing,
    pending_update,
    refunds,
    schedules,
    standing,
)
from tiergate_sandbox.world.billing.collect import Attempt
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.indexes import subscription_of

Obj = dict[str, Any]


def play(draft: Draft, name: str, object_id: str, now: int) -> None:
    """Do what is due."""
    kind, rule = _RULES[name]
    rule(draft, draft.the(kind, object_id), now)


def _finalize(draft: Draft, invoice: Obj, now: int) -> None:
    invoices.finalize(draft, invoice, now)
    if invoice["collection_method"] == "charge_automatically" or invoice["amount_remaining"] == 0:
        collect.collect(draft, invoice, now, Attempt.AUTOMATIC)


def _retry(draft: Draft, invoice: Obj, now: int) -> None:
    collect.collect(draft, invoice, now, Attempt.AUTOMATIC)


def _overdue(draft: Draft, invoice: Obj, now: int) -> None:
    invoice["_"]["overdue"] = True
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is not None:
        standing.after_refusal(draft, invoice, now, exhausted=False)


def _long_overdue(draft: Draft, invoice: Obj, now: int) -> None:
    invoice["_"]["given_up"] = True
    sub = draft.get("subscription", subscription_of(invoice))
    if sub is not None and sub["status"] == "past_due":
        standing.give_up(draft, sub, now, draft.settings.after_overdue)


def _trial_notice(draft: Draft, sub: Obj, _now: int) -> None:
    cycle.announce_trial_end(draft, sub)


def _upcoming(draft: Draft, sub: Obj, _now: int) -> None:
    cycle.announce_renewal(draft, sub)


def _expire_session(draft: Draft, session: Obj, _now: int) -> None:
    session["status"] = "expired"
    session["url"] = None
    draft.emit("checkout.session.expired", session)


_RULES: dict[str, tuple[str, Callable[[Draft, Obj, int], None]]] = {
    "subscription.boundary": ("subscription", cycle.turn),
    "subscription.expire": ("subscription", ending.expire),
    "subscription.expire_update": ("subscription", pending_update.expire),
    "subscription.collect_again": ("subscription", pausing.collect_again),
    "subscription.trial_notice": ("subscription", _trial_notice),
    "subscription.upcoming": ("subscription", _upcoming),
    "schedule.start": ("subscription_schedule", schedules.start),
    "schedule.switch": ("subscription_schedule", schedules.switch),
    "schedule.expiring": ("subscription_schedule", schedules.announce_expiry),
    "invoice.finalize": ("invoice", _finalize),
    "invoice.retry": ("invoice", _retry),
    "invoice.overdue": ("invoice", _overdue),
    "charge.dispute": ("charge", disputes.open_dispute),
    "refund.settle": ("refund", refunds.settle),
    "invoice.long_overdue": ("invoice", _long_overdue),
    "discount.end": ("discount", discounts.run_out),
    "checkout.expire": ("checkout.session", _expire_session),
}
