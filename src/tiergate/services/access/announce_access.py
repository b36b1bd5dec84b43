"""Announces that an account's access is different: in the journal, to people, and to the host's code."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tiergate.rules.access import Reason
from tiergate.rules.catalog import FeatureValue
from tiergate.rules.decision import Verdict
from tiergate.rules.instants import isoformat
from tiergate.rules.timeline import Timeline
from tiergate.services.access.access_change import AccessChange, Standing
from tiergate.services.access.forecast_access import forecast_access, was_foreseen
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.outbox_rows import Message, enqueue
from tiergate.store.phase_rows import RecordedFeature, RecordedPhase, append_forecast, newest_forecast

log = logging.getLogger("tiergate")

_REPORTED = frozenset([Reason.UNKNOWN_STATUS, Reason.UNMAPPED_PRICE])
"""What a human has to look at: this code refused it because it does not know it."""

_NOTICE_LASTS = timedelta(days=7)
"""How long people may be told of a change that goes on: after that they know."""

_NOTHING = Standing(None, None, None, {})
"""What an account has of which nothing was announced yet."""

Features = Mapping[str, RecordedFeature]


def announce_access(
    context: Context, tx: Transaction, account: Account, timeline: Timeline, at: datetime, cause: str
) -> Account:
    """Record what holds at ``at`` and what is foreseen, where that is news, and tell of access that became
    different. Returns the account with what is announced of it now.

    That Stripe has not spoken yet changes nothing for anybody: nobody is told as long as access stays.
    """
    phase = timeline.at(at)
    last = newest_forecast(tx, account.account_id)
    now, *ahead = forecast_access(context, account, timeline, at, cause)
    announced = replace(account, plan_key=now.plan_key, access=now.access, reason=now.reason)
    changed = _changed_features(last[0].features, now.features) if last else {}
    stays = _has(announced) == _has(account) and not changed
    if phase.reason is Reason.UNCONFIRMED and stays:
        announced = account
    is_different = announced != account or bool(changed)
    if not is_different and was_foreseen(last, (now, *ahead)):
        return account
    if last and not stays and _goes_on(last[0], now):
        now = replace(now, starts_at=at)
    number = append_forecast(tx, (now, *ahead))
    if is_different:
        before = _before(account, last[0] if last else None)
        after = Standing(now.plan_key, now.access, now.reason, _usable(now.features))
        key = f"access_changed:{number:012d}"
        change = AccessChange(key, account.account_id, before, after, now.starts_at, cause)
        _tell(context, tx, change, now, changed)
    return announced


def _goes_on(last: RecordedPhase, now: RecordedPhase) -> bool:
    """Whether a phase is the one that was recorded last, and gives something else from now on."""
    is_same = (last.reason, last.because) == (now.reason, now.because)
    return is_same and now.starts_at <= last.account_at


def _tell(
    context: Context, tx: Transaction, change: AccessChange, phase: RecordedPhase, changed: dict[str, Any]
) -> None:
    before, after = change.before or _NOTHING, change.after
    data = {
        "from": {"plan": before.plan, "access": before.access, "reason": before.reason},
        "to": {"plan": after.plan, "access": after.access, "reason": after.reason},
        "because": phase.because,
        "until": isoformat(phase.ends_at) if phase.ends_at else None,
        **({"features": changed} if changed else {}),
    }
    now = context.now()
    append(tx, Entry(change.account_id, "access_changed", change.at, now, change.cause, data))
    enqueue(tx, Message(change.account_id, change.key, "callback", "access_changed", change.as_json()), now)
    if change.before is not None:
        goes_stale_at = phase.account_at + _NOTICE_LASTS
        expires_at = min(phase.ends_at, goes_stale_at) if phase.ends_at else goes_stale_at
        key = f"notice:{change.key}"
        enqueue(tx, Message(change.account_id, key, "notice", "access_changed", data, expires_at), now)
    log.log(
        logging.WARNING if after.reason in _REPORTED else logging.INFO,
        "subscription access of account %s is now %s on plan %s (%s)",
        change.account_id, after.access, after.plan, after.reason,
    )  # fmt: skip


def _before(account: Account, last: RecordedPhase | None) -> Standing | None:
    if account.access is None or account.reason is None:
        return None
    features = _usable(last.features) if last else {}
    return Standing(account.plan_key, account.access, account.reason, features)


def _changed_features(before: Features, after: Features) -> dict[str, Any]:
    """Return what became different, by feature; one that cannot be used is the same as none."""
    had, has = _usable(before), _usable(after)
    pairs = {key: [had.get(key, False), has.get(key, False)] for key in {**had, **has}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _usable(features: Features) -> dict[str, FeatureValue]:
    return {key: feature.value for key, feature in features.items() if feature.reason == Verdict.INCLUDED}


def _has(account: Account) -> tuple[str | None, str | None]:
    return account.plan_key, account.access
