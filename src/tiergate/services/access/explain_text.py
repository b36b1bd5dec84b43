"""Renders an explanation as text for a terminal: one screen for a plain account."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tiergate.rules.catalog import FeatureValue
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, isoformat
from tiergate.store.journal_rows import Entry
from tiergate.store.phase_rows import RecordedPhase

if TYPE_CHECKING:
    from tiergate.services.access.explain import Explanation, Ground

_MOST_ENTRIES = 12
_CARD = {True: "card", False: "no card", None: "card unknown"}


def explanation_text(told: "Explanation") -> str:
    """Return the whole explanation, section by section."""
    sections = [
        _past(told) if told.recalled else _present(told),
        _phases(told),
        _mirror(told),
        _journal(told),
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def _present(told: "Explanation") -> Iterator[str]:
    phase = told.phase
    will = "has" if told.at == told.now_at else "will have"
    plan = phase.plan.name if phase.plan else "no plan"
    yield _where(told)
    until = _until(phase.ends_at)
    yield f"{will} {plan}: {phase.access} access, because {phase.reason} ({phase.cause}), {until}."
    following = next((each for each in told.phases if each.starts_at == phase.ends_at), None)
    if following is not None:
        then = following.plan.name if following.plan else "no plan"
        yield f"After that: {then}, {following.access} access, because {following.reason}."
    yield from _feature(told)


def _past(told: "Explanation") -> Iterator[str]:
    held, later = (told.recalled.held, told.recalled.learned_later) if told.recalled else (None, ())
    yield _where(told)
    if held is None:
        yield "had nothing that was recorded: it is older than the record."
    else:
        yield f"had {_recorded(told, held)}, to last {_until(held.ends_at)}."
        how = "foreseen at" if held.is_foreseen else "known since"
        yield f"This was {how} {isoformat(held.known_at)}, by {held.cause}."
        if told.feature:
            yield f"{told.feature} {_recorded_feature(held, told.feature)}."
    for phase in later:
        yield f"But from {isoformat(phase.starts_at)} on it had {_recorded(told, phase)}:"
        yield f"this became known at {isoformat(phase.known_at)}, by {phase.cause}."
    plan = told.phase.plan.name if told.phase.plan else "no plan"
    yield f"By today's facts it had {plan}: {told.phase.access} access, because {told.phase.reason}."
    if told.decision:
        verdict = _verdict(told.decision.allowed, told.decision.reason)
        yield f"By today's facts {told.feature} was {verdict}{_value(told.decision.value)}."


def _where(told: "Explanation") -> str:
    clock = f" (test clock {told.account.test_clock})" if told.account.test_clock else ""
    now = "" if told.at == told.now_at else f" (it is now {isoformat(told.now_at)})"
    return f"Account {told.account.account_id}, at {isoformat(told.at)}{clock}{now}"


def _recorded(told: "Explanation", phase: RecordedPhase) -> str:
    plan = told.catalog.plans.get(phase.plan_key or "")
    name = plan.name if plan else phase.plan_key or "no plan"
    return f"{name}: {phase.access} access, because {phase.reason} ({phase.because})"


def _recorded_feature(phase: RecordedPhase, feature: str) -> str:
    recorded = phase.features.get(feature)
    if recorded is None:
        return "was not a feature then"
    return f"was {_verdict(recorded.reason == 'included', recorded.reason)}{_value(recorded.value)}"


def _feature(told: "Explanation") -> Iterator[str]:
    decision = told.decision
    if decision is None:
        return
    counted = "" if decision.used is None else f", {decision.used} used"
    verdict = _verdict(decision.allowed, decision.reason)
    yield f"{decision.feature} is {verdict}{_value(decision.value)}{counted}, {_until(decision.valid_until)}."
    if decision.offer:
        yield f"{decision.offer.name} would allow it."


def _verdict(allowed: bool, reason: str) -> str:
    return "allowed" if allowed else f"refused ({reason})"


def _value(value: FeatureValue) -> str:
    return "" if isinstance(value, bool) else f": {value}"


def _until(at: datetime | None) -> str:
    if at is None or at == DISTANT_FUTURE:
        return "until something changes"
    return f"until {isoformat(at)}"


def _phases(told: "Explanation") -> Iterator[str]:
    yield "What today's facts imply:"
    for ground in told.grounds:
        yield from _phase(ground, ">" if ground.phase is told.phase else " ")


def _phase(ground: "Ground", mark: str) -> Iterator[str]:
    phase = ground.phase
    begin = "always" if phase.starts_at == DISTANT_PAST else str(isoformat(phase.starts_at))
    has = f"{phase.plan_key or '-':<10} {phase.access:<10} {phase.reason}"
    on_top = "".join(f" + {grant_id}" for grant_id in phase.grant_ids)
    yield f" {mark} {begin:<20}  {has}  [{phase.cause}{on_top}]"
    for line in ground.policy:
        yield f"{'':<25}{line}"


def _mirror(told: "Explanation") -> Iterator[str]:
    yield "What Stripe said last, and what was given by hand:"
    if not told.state.subscriptions and not told.state.invoices and not told.state.grants:
        yield "   nothing: it has never bought anything"
    for subscription in told.state.subscriptions:
        facts: dict[str, datetime | None] = {
            "trial_end": subscription.trial_end,
            "period_end": subscription.current_period_end,
            "cancels_at": subscription.cancels_at,
            "ended_at": subscription.ended_at,
            "heard_at": subscription.observed_at,
        }
        card = _CARD[told.state.has_card(subscription)]
        said = f"{subscription.status}, {card}, {_facts(facts)}"
        yield f"   {subscription.id}  {said}{_origin(told, subscription.id)}"
    for invoice in told.state.invoices:
        amount = f"{invoice.amount_paid} of {invoice.total} {invoice.currency} paid"
        created = f"created {isoformat(invoice.created_at)}"
        yield f"   {invoice.id}  {invoice.status}, {amount}, {created}{_origin(told, invoice.id)}"
    for grant in told.state.grants:
        period = _facts({"from": grant.starts_at, "until": grant.ends_at})
        note = f", {grant.note}" if grant.note else ""
        yield f"   {grant.id}  {grant.kind}, {period}{note}{_origin(told, grant.id)}"


def _facts(facts: dict[str, datetime | None]) -> str:
    return ", ".join(f"{name} {isoformat(at)}" for name, at in facts.items() if at)


def _origin(told: "Explanation", object_id: str) -> str:
    origin = told.origins.get(object_id)
    return f"  ({origin.cause})" if origin else ""


def _journal(told: "Explanation") -> Iterator[str]:
    yield "What was done about it:"
    if not told.journal:
        yield "   nothing yet"
    if len(told.journal) > _MOST_ENTRIES:
        yield f"   ... {len(told.journal) - _MOST_ENTRIES} earlier entries"
    for entry in told.journal[-_MOST_ENTRIES:]:
        yield f"   {isoformat(entry.happened_at)}  {entry.kind}  {_told(entry)}  ({entry.cause})"


def _told(entry: Entry) -> str:
    if entry.kind != "access_changed":
        return " ".join(str(value) for value in entry.data.values())
    before, after = entry.data["from"], entry.data["to"]
    changed: dict[str, Any] = entry.data.get("features", {}) if before == after else {}
    became = ", ".join(f"{key} {pair[0]} -> {pair[1]}" for key, pair in changed.items())
    access = f"{before['plan']}/{before['reason']} -> {after['plan']}/{after['reason']}, {after['access']}"
    return became or access
