"""Announces that an account's access is different: in the journal, to people, and to the host's code."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tiergate.rules.access import Reason
from tiergate.rules.catalog import FeatureValue
from tiergate.rules.decision import Verdict, decide
from tiergate.rules.instants import DISTANT_FUTURE, isoformat
from tiergate.rules.timeline import Timeline
from tiergate.rules.usage import UNCOUNTED
from tiergate.services.access_change import AccessChange, Standing
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.outbox_rows import Message, enqueue
from tiergate.store.phase_rows import RecordedFeature, RecordedPhase, append_phase, newest_phase

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
    """Record the phase that holds at ``at``, tell of it if access became different, and return the account
    with what is announced of it now.

    That Stripe has not spoken yet changes nothing for anybody: it is no news as long as access stays.
    """
    phase = timeline.at(at)
    last = newest_phase(tx, account.account_id)
    now = _recorded(context, account, timeline, at, cause)
    announced = replace(account, plan_key=now.plan_key, access=now.access, reason=now.reason)
    changed = _changed_features(last.features, now.features) if last else {}
    if last and changed and announced == account and now.because == last.because:
        # The phase goes on, and gives something else from a later instant on.
        now = replace(now, starts_at=_changed_at(timeline, at, since=last.account_at))
    is_waiting = phase.reason is Reason.UNCONFIRMED and _has(announced) == _has(account)
    if is_waiting and not changed:
        return account
    is_news = announced != account or bool(changed)
    if not is_news and last is not None and last.says_the_same(now):
        return account
    number = append_phase(tx, now)
    if is_news:
        before = _before(account, last)
        after = Standing(now.plan_key, now.access, now.reason, _usable(now.features))
        key = f"access_changed:{number:012d}"
        change = AccessChange(key, account.account_id, before, after, now.starts_at, cause)
        _tell(context, tx, change, now, changed)
    return announced


def features_at(timeline: Timeline, at: datetime) -> dict[str, RecordedFeature]:
    """Return what every feature is worth at an instant, whatever has been used of it."""
    decisions = (decide(timeline, key, at, UNCOUNTED) for key in timeline.catalog.features)
    return {d.feature: RecordedFeature(d.value, str(d.reason)) for d in decisions}


def _recorded(
    context: Context, account: Account, timeline: Timeline, at: datetime, cause: str
) -> RecordedPhase:
    phase = timeline.at(at)
    return RecordedPhase(
        account_id=account.account_id,
        known_at=context.now(),
        account_at=at,
        starts_at=min(max(phase.starts_at, account.signed_up_at), at),
        ends_at=None if phase.ends_at == DISTANT_FUTURE else phase.ends_at,
        plan_key=phase.plan_key,
        access=str(phase.access),
        reason=str(phase.reason),
        because=str(phase.cause),
        cause=cause,
        features=features_at(timeline, at),
    )


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


def _changed_at(timeline: Timeline, at: datetime, since: datetime) -> datetime:
    """Return the boundary that has passed since an instant, of the account or of a feature; else ``at``."""
    timelines = (timeline, *map(timeline.of_feature, timeline.by_feature))
    boundary = max(each.at(at).starts_at for each in timelines)
    return boundary if boundary > since else at


def _changed_features(before: Features, after: Features) -> dict[str, Any]:
    """Return what became different, by feature; one that cannot be used is the same as none."""
    had, has = _usable(before), _usable(after)
    pairs = {key: [had.get(key, False), has.get(key, False)] for key in {**had, **has}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _usable(features: Features) -> dict[str, FeatureValue]:
    return {key: feature.value for key, feature in features.items() if feature.reason == Verdict.INCLUDED}


def _has(account: Account) -> tuple[str | None, str | None]:
    return account.plan_key, account.access
