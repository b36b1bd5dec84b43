"""Explains an account: what it has, since when, why, what comes next, and what was done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, isoformat
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Phase, Timeline, build_timeline
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.load_catalog import load_catalog
from tiergate.services.require_account import require_account
from tiergate.store.account_rows import Account, load_state
from tiergate.store.journal_rows import Entry, entries_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind an account's access at ``at``, its own time."""

    account: Account
    at: datetime
    state: AccountState
    catalog: Catalog
    timeline: Timeline
    journal: tuple[Entry, ...]

    @property
    def phase(self) -> Phase:
        """The phase that holds now."""
        return self.timeline.at(self.at)

    def __str__(self) -> str:
        """Render as text for a terminal."""
        return "\n".join([*_headline(self), "", *_phases(self), "", *_mirror(self), "", *_journal(self)])


def explain(context: Context, account_id: str) -> Explanation:
    """Gather what an account's access rests on. Raises ``UnknownAccountError``."""
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state = load_state(tx, account)
        catalog = load_catalog(tx)
        at = account_now(context, tx, account)
        journal = tuple(entries_of(tx, account_id))
    return Explanation(account, at, state, catalog, build_timeline(state, catalog), journal)


def _headline(told: Explanation) -> list[str]:
    phase = told.phase
    plan = phase.plan.name if phase.plan else "no plan"
    clock = f" (test clock {told.account.test_clock})" if told.account.test_clock else ""
    until = (
        "until something changes" if phase.ends_at == DISTANT_FUTURE else f"until {isoformat(phase.ends_at)}"
    )
    return [
        f"Account {told.account.account_id}, at {isoformat(told.at)}{clock}",
        f"has {plan}: {phase.access} access, because {phase.reason} ({phase.cause}), {until}.",
    ]


def _phases(told: Explanation) -> list[str]:
    lines = ["What today's facts imply:"]
    for phase in told.timeline.phases:
        mark = ">" if phase is told.phase else " "
        begin = "always" if phase.starts_at == DISTANT_PAST else str(isoformat(phase.starts_at))
        has = f"{phase.plan_key or '-':<10} {phase.access:<10} {phase.reason}"
        lines.append(f" {mark} {begin:<20}  {has}  [{phase.cause}]")
    return lines


def _mirror(told: Explanation) -> list[str]:
    lines = ["What Stripe said last:"]
    for subscription in told.state.subscriptions:
        facts: dict[str, Any] = {
            "trial_end": subscription.trial_end,
            "period_end": subscription.current_period_end,
            "cancels_at": subscription.cancels_at,
            "ended_at": subscription.ended_at,
            "heard_at": subscription.observed_at,
        }
        said = ", ".join(f"{name} {isoformat(at)}" for name, at in facts.items() if at)
        card = {True: "card", False: "no card", None: "card unknown"}[told.state.has_card(subscription)]
        lines.append(f"   {subscription.id}  {subscription.status}, {card}, {said}")
    for invoice in told.state.invoices:
        amount = f"{invoice.amount_paid} of {invoice.total} {invoice.currency} paid"
        lines.append(f"   {invoice.id}  {invoice.status}, {amount}, created {isoformat(invoice.created_at)}")
    return lines if len(lines) > 1 else [lines[0], "   nothing: it has never bought anything"]


def _journal(told: Explanation) -> list[str]:
    lines = ["What was done about it:"]
    for entry in told.journal:
        lines.append(f"   {isoformat(entry.happened_at)}  {entry.kind}  {_told(entry)}  ({entry.cause})")
    return lines if len(lines) > 1 else [lines[0], "   nothing yet"]


def _told(entry: Entry) -> str:
    if entry.kind == "access_changed":
        before, after = entry.data["from"], entry.data["to"]
        return f"{before['plan']}/{before['reason']} -> {after['plan']}/{after['reason']}, {after['access']}"
    return " ".join(str(value) for value in entry.data.values())
