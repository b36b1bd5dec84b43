"""The answer where nobody can tell: neither the database nor the feed of changes can be read."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tiergate.rules.access import Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, Verdict
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import OnUnknown, Policy


def answer_unknown(
    catalog: Catalog, feature: str, known: Decision | None, known_at: datetime, at: datetime
) -> Decision:
    """Answer by the policy ``on_unknown`` of the plan that was known last.

    ``known`` is the last answer, true until ``known_at`` at least, and never past its ``valid_until``. All
    instants are real time. An account of which nothing is known is let in only where every plan would let it
    in. Raises ``UnknownFeatureError``.
    """
    catalog.feature(feature)
    if known is None:
        lenient = all(plan.policy.of_feature(feature).on_unknown is OnUnknown.ALLOW for plan in catalog)
        return _answer(_nothing_known(feature), allowed=lenient)
    plan = catalog.plans.get(known.plan or "")
    policy = (plan.policy if plan else Policy()).of_feature(feature)
    allowed, until = _by_policy(policy, known, known_at, at)
    return _answer(known, allowed, until)


def _by_policy(
    policy: Policy, known: Decision, known_at: datetime, at: datetime
) -> tuple[bool, datetime | None]:
    match policy.on_unknown:
        case OnUnknown.ALLOW:
            return True, None
        case OnUnknown.DENY:
            return False, None
        case OnUnknown.LAST_KNOWN:
            until = min(known_at + policy.last_known_for, known.valid_until or DISTANT_FUTURE)
            return (False, None) if at >= until else (known.allowed, until)
        case _:
            assert_never(policy.on_unknown)


def _nothing_known(feature: str) -> Decision:
    return Decision(feature, False, Verdict.UNKNOWN, Reason.UNKNOWN, None, False, None, None, None, None)


def _answer(known: Decision, allowed: bool, until: datetime | None = None) -> Decision:
    return replace(known, allowed=allowed, reason=Verdict.UNKNOWN, valid_until=until, offer=None)
