"""What is answered where nobody can tell: the policy ``on_unknown`` of the plan that was known last."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.rules.builders import at, catalog
from tiergate.rules.access import Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, Verdict
from tiergate.rules.errors import UnknownFeatureError
from tiergate.rules.policy import FeaturePolicy, OnUnknown, Policy
from tiergate.rules.unknown_answer import answer_unknown

KNOWN_AT = at("2026-03-01T12:00:00")
A_MOMENT = timedelta(seconds=1)
LAST_KNOWN = Policy(on_unknown=OnUnknown.LAST_KNOWN, last_known_for=timedelta(hours=6))
FEATURE = "sso"


def known(allowed: bool = True, **differing: Any) -> Decision:
    """What was known last of an account on the plan team."""
    reason = Verdict.INCLUDED if allowed else Verdict.NOT_INCLUDED
    decision = Decision(FEATURE, allowed, reason, Reason.ACTIVE, "team", allowed, None, None, None, None)
    return replace(decision, **differing)


def answer(sold: Catalog, last: Decision | None, after: timedelta = A_MOMENT) -> Decision:
    """Answer so long after the last time that it was known."""
    return answer_unknown(sold, FEATURE, last, KNOWN_AT, KNOWN_AT + after)


@pytest.mark.parametrize("was_allowed", [True, False])
@pytest.mark.parametrize(("on_unknown", "allowed"), [(OnUnknown.ALLOW, True), (OnUnknown.DENY, False)])
def test_the_policy_allows_or_denies(on_unknown: OnUnknown, allowed: bool, was_allowed: bool) -> None:
    """Allow lets everybody in and deny nobody, whatever was known; the reason says that it is not known."""
    found = answer(catalog(Policy(on_unknown=on_unknown)), known(was_allowed))
    assert (found.allowed, found.reason, found.valid_until) == (allowed, Verdict.UNKNOWN, None)
    assert (found.plan, found.value, found.offer) == ("team", was_allowed, None)


@pytest.mark.parametrize("was_allowed", [True, False])
def test_what_was_known_last_holds_for_a_while(was_allowed: bool) -> None:
    """For some hours after it was known the last answer holds, and then nobody is let in."""
    sold, until = catalog(LAST_KNOWN), KNOWN_AT + LAST_KNOWN.last_known_for
    soon = answer(sold, known(was_allowed), LAST_KNOWN.last_known_for - A_MOMENT)
    assert (soon.allowed, soon.reason, soon.valid_until) == (was_allowed, Verdict.UNKNOWN, until)
    late = answer(sold, known(was_allowed), LAST_KNOWN.last_known_for)
    assert (late.allowed, late.reason, late.valid_until) == (False, Verdict.UNKNOWN, None)


def test_an_answer_does_not_outlive_the_boundary_that_it_named() -> None:
    """What was known to change at an instant holds until then, and nobody is let in from then on."""
    sold, boundary = catalog(LAST_KNOWN), KNOWN_AT + 2 * A_MOMENT
    before = answer(sold, known(valid_until=boundary), A_MOMENT)
    assert (before.allowed, before.valid_until) == (True, boundary)
    over = answer(sold, known(valid_until=boundary), 2 * A_MOMENT)
    assert (over.allowed, over.valid_until) == (False, None)
    assert not answer(sold, known(valid_until=KNOWN_AT)).allowed
    later = KNOWN_AT + LAST_KNOWN.last_known_for
    assert answer(sold, known(valid_until=later + A_MOMENT)).valid_until == later


def test_a_feature_may_have_a_policy_of_its_own() -> None:
    """What is said of one feature counts for it, whatever the plan says."""
    own = {FEATURE: FeaturePolicy(on_unknown=OnUnknown.ALLOW)}
    assert answer(catalog(Policy(features=own)), known()).allowed


def test_without_a_plan_the_default_holds() -> None:
    """An account that had no plan, or one that is not sold any more, is refused."""
    sold = catalog(Policy(on_unknown=OnUnknown.ALLOW))
    assert not answer(sold, known(plan=None)).allowed
    assert not answer(sold, known(plan="gone")).allowed


@pytest.mark.parametrize(("on_unknown", "allowed"), [(OnUnknown.ALLOW, True), (OnUnknown.LAST_KNOWN, False)])
def test_a_stranger_is_let_in_only_where_everybody_is(on_unknown: OnUnknown, allowed: bool) -> None:
    """Of an account that was never seen nothing is known, its plan neither."""
    sold = catalog(Policy(on_unknown=on_unknown))
    everywhere = {
        key: replace(plan, policy=Policy(on_unknown=on_unknown)) for key, plan in sold.plans.items()
    }
    found = answer(replace(sold, plans=everywhere), None)
    assert (found.allowed, found.reason, found.phase) == (allowed, Verdict.UNKNOWN, Reason.UNKNOWN)
    assert found.plan is None
    most = {
        key: everywhere[key] if key != "team" else replace(sold.plans[key], policy=Policy())
        for key in everywhere
    }
    assert not answer(replace(sold, plans=most), None).allowed


def test_a_feature_that_nobody_sells_is_an_error() -> None:
    """A misspelt feature is no question of policy."""
    with pytest.raises(UnknownFeatureError):
        answer_unknown(catalog(LAST_KNOWN), "flying", None, KNOWN_AT, KNOWN_AT)
