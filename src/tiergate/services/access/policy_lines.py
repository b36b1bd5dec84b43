"""Names the lines of ``billing.toml`` behind a phase, such as ``plans.team.policy.grace_days = 3``."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.policy import OnUnknown, Policy
from tiergate.rules.state import AccountState, Subscription
from tiergate.rules.timeline import Phase

_HOUR = timedelta(hours=1)
_IN_TRIAL = frozenset([Reason.TRIALING, Reason.TRIAL_EXTENDED, Reason.FIRST_CHARGE_PENDING])

_VALUES: Mapping[str, Callable[[Policy], str | int]] = {
    "after_trial": lambda policy: str(policy.after_trial),
    "after_grace": lambda policy: str(policy.after_grace),
    "after_cancel": lambda policy: str(policy.after_cancel),
    "grace_days": lambda policy: policy.grace.days,
    "grace_read_only_days": lambda policy: policy.grace_read_only.days,
    "first_charge": lambda policy: str(policy.first_charge),
    "first_charge_grace_days": lambda policy: policy.first_charge_grace.days,
    "max_unconfirmed_days": lambda policy: policy.max_unconfirmed.days,
    "on_unknown": lambda policy: str(policy.on_unknown),
    "last_known_hours": lambda policy: policy.last_known_for // _HOUR,
    "on_cancel_now": lambda policy: str(policy.on_cancel_now),
    "on_pause": lambda policy: str(policy.on_pause),
    "on_pause_collection": lambda policy: str(policy.on_pause_collection),
}


def policy_lines(
    phase: Phase,
    earlier: Sequence[Phase],
    state: AccountState,
    catalog: Catalog,
    texts: Mapping[int, str],
    feature: str | None = None,
) -> tuple[str, ...]:
    """Return the lines that a phase rests on, from the version that its subscription was sold under.

    ``earlier`` are the phases before it, ``texts`` the published files by version. A value that no file sets
    is marked as the default.
    """
    subscription = subscription_behind(phase, state)
    plan = _plan_of(subscription, catalog)
    if subscription is None or plan is None:
        return ()
    version = catalog.as_sold(subscription.catalog_version).version
    document = _parsed(texts.get(version, ""))
    policy = plan.policy.of_feature(feature) if feature else plan.policy
    keys = _keys(phase, _is_first_charge(earlier), policy)
    return tuple(_line(document, plan.key, key, _VALUES[key](policy), feature) for key in keys)


def subscription_behind(phase: Phase, state: AccountState) -> Subscription | None:
    """Return the subscription that a phase speaks of, be it by one of its invoices."""
    cause_id = phase.cause.object_id
    invoices = {invoice.id: invoice.subscription_id for invoice in state.invoices}
    wanted = invoices.get(cause_id or "", cause_id)
    return next((each for each in state.subscriptions if each.id == wanted), None)


def _plan_of(subscription: Subscription | None, catalog: Catalog) -> Plan | None:
    if subscription is None:
        return None
    offer = catalog.as_sold(subscription.catalog_version)
    sold = {item.plan_key for item in subscription.items} | {subscription.plan_key}
    plans = [offer.plans[key] for key in sold if key is not None and key in offer.plans]
    return max(plans, key=lambda plan: plan.rank, default=None)


def _is_first_charge(earlier: Sequence[Phase]) -> bool:
    """Whether a trial is the last that was in order before a phase: then its first charge is at stake."""
    in_order = (phase.reason for phase in reversed(earlier) if phase.reason is not Reason.PAST_DUE_GRACE)
    return next(in_order, None) in _IN_TRIAL


def _keys(phase: Phase, is_first_charge: bool, policy: Policy) -> Iterator[str]:
    grace = "first_charge_grace_days" if is_first_charge else "grace_days"
    if phase.reason is Reason.CANCELED:
        yield "after_trial" if is_first_charge else "after_cancel"
    elif phase.reason is Reason.PAST_DUE_GRACE:
        yield "grace_read_only_days" if phase.access is Access.READ_ONLY else grace
    elif phase.reason is Reason.PAST_DUE:
        yield from [grace, "after_grace"]
    elif phase.reason is Reason.UNKNOWN:
        yield from ["max_unconfirmed_days", "on_unknown"]
        if policy.on_unknown is OnUnknown.LAST_KNOWN:
            yield "last_known_hours"
    elif phase.reason is Reason.PAUSED:
        yield from ["on_pause", *(["on_pause_collection"] if phase.cause.fact == "pause_collection" else [])]
    else:
        yield from _PLAIN.get(phase.reason, ())


_PLAIN: Mapping[Reason, tuple[str, ...]] = {
    Reason.UNCONFIRMED: ("max_unconfirmed_days",),
    Reason.FIRST_CHARGE_PENDING: ("first_charge",),
    Reason.TRIAL_ENDED: ("after_trial",),
    Reason.UNPAID: ("after_grace",),
}


def _line(document: Mapping[str, Any], plan: str, key: str, value: str | int, feature: str | None) -> str:
    tables = [f"plans.{plan}.policy", "policy"]
    if feature is not None:
        tables = [*(f"{table}.features.{feature}" for table in tables), *tables]
    where = next((table for table in tables if key in _table(document, table)), None)
    line = f"{where or tables[-2]}.{key} = {json.dumps(value)}"
    return line if where else f"{line} (the default)"


def _table(document: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    table: Any = document
    for name in path.split("."):
        table = table.get(name) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else {}


@lru_cache(maxsize=16)
def _parsed(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)
