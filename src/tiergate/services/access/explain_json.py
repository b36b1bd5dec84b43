"""Renders an explanation as values that JSON can hold."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST, isoformat
from tiergate.store.phase_rows import RecordedPhase

if TYPE_CHECKING:
    from tiergate.services.access.explain import Explanation, Ground

Json = dict[str, Any]


def explanation_json(told: "Explanation") -> Json:
    """Return the whole explanation; instants are ISO 8601 in UTC, and ``null`` for always and for ever."""
    following = next((each for each in told.grounds if each.phase.starts_at == told.phase.ends_at), None)
    answer: Json = {
        "account": told.account.account_id,
        "stripe_customer_id": told.account.stripe_customer_id,
        "test_clock": told.account.test_clock,
        "at": told.at,
        "now": told.now_at,
        "feature": told.feature,
        "decision": asdict(told.decision) if told.decision else None,
        "phase": _phase(next(each for each in told.grounds if each.phase is told.phase)),
        "next": _phase(following) if following else None,
        "phases": [_phase(each) for each in told.grounds],
        "recalled": _recalled(told),
        "recorded": [asdict(each) for each in told.recorded],
        "subscriptions": [asdict(each) for each in told.state.subscriptions],
        "invoices": [asdict(each) for each in told.state.invoices],
        "grants": [asdict(each) for each in told.state.grants],
        "origins": {name: asdict(origin) for name, origin in told.origins.items()},
        "journal": [asdict(each) for each in told.journal],
    }
    plain: Json = _plain(answer)
    return plain


def _phase(ground: "Ground") -> Json:
    phase = ground.phase
    return {
        "starts_at": phase.starts_at,
        "ends_at": phase.ends_at,
        "plan": phase.plan_key,
        "access": phase.access,
        "reason": phase.reason,
        "cause": asdict(phase.cause),
        "origins": [asdict(origin) for origin in ground.origins],
        "policy": list(ground.policy),
        "grants": list(phase.grant_ids),
        "features": dict(phase.features),
    }


def _recalled(told: "Explanation") -> Json | None:
    if told.recalled is None:
        return None
    later: list[RecordedPhase] = list(told.recalled.learned_later)
    return {
        "held": asdict(told.recalled.held) if told.recalled.held else None,
        "learned_later": [asdict(each) for each in later],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if value in (DISTANT_PAST, DISTANT_FUTURE) else isoformat(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
