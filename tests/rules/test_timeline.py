"""The timeline itself: how it is asked, what each phase names as its cause, where it changes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.rules.builders import (
    TRIAL_END,
    TRIAL_INVOICE,
    Cards,
    account,
    after_trial,
    at,
    catalog,
    failed,
    paid,
    subscription,
    trial,
)
from tiergate.rules.access import Cause
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.policy import OnCancelNow, Policy
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import build_timeline


def test_an_account_without_subscriptions_has_one_phase_for_ever() -> None:
    """Where nothing is known there is one phase, and it covers all of time."""
    timeline = build_timeline(account(), catalog())
    assert [(phase.starts_at, phase.ends_at) for phase in timeline.phases] == [(DISTANT_PAST, DISTANT_FUTURE)]
    assert timeline.at(DISTANT_PAST) is timeline.at(DISTANT_FUTURE) is timeline.phases[0]
    assert timeline.account_id == "acme"


def test_an_instant_of_any_zone_is_understood() -> None:
    """The same moment gives the same answer in every time zone (pinax#573)."""
    timeline = build_timeline(account(trial(), cards=Cards.NONE), catalog())
    auckland = timezone(timedelta(hours=13))
    assert timeline.at(TRIAL_END.astimezone(auckland)).reason == "trial_ended"
    assert timeline.at((TRIAL_END - timedelta(seconds=1)).astimezone(auckland)).reason == "trialing"


def test_a_naive_instant_is_refused() -> None:
    """An instant without a time zone is an error, and the message says what to pass."""
    timeline = build_timeline(account(), catalog())
    with pytest.raises(ValueError, match=r"has no time zone: pass datetime\.now\(UTC\)"):
        timeline.at(datetime.fromisoformat("2026-03-01T00:00:00"))


def test_boundaries_after_an_instant_leave_out_the_instant_itself() -> None:
    """The boundaries to come are those after the instant, in order."""
    timeline = build_timeline(account(trial(), cards=Cards.NONE), catalog())
    assert timeline.boundaries_after(at("2026-03-01T09:29:59")) == (at("2026-03-01T09:30:00"), TRIAL_END)
    assert timeline.boundaries_after(at("2026-03-01T09:30:00")) == (TRIAL_END,)
    assert timeline.boundaries_after(TRIAL_END) == ()


CAUSES = [
    pytest.param(account(), "2026-03-05", "no subscription", id="nothing bought"),
    pytest.param(account(trial()), "2026-03-05", "sub_1 trial_end", id="trialing"),
    pytest.param(account(trial()), "2026-03-16", "sub_1 trial_end", id="unconfirmed after a trial"),
    pytest.param(account(trial()), "2026-04-16", "sub_1 policy on_unknown", id="silence"),
    pytest.param(account(trial(cancel_at=TRIAL_END)), "2026-03-16", "sub_1 cancel_at", id="trial cancelled"),
    pytest.param(account(subscription()), "2026-03-05", "sub_1 current_period_end", id="active"),
    pytest.param(account(subscription()), "2026-04-02", "sub_1 current_period_end", id="renewal late"),
    pytest.param(
        account(subscription(cancel_at_period_end=True)), "2026-03-05", "sub_1 cancel_at", id="canceling"
    ),
    pytest.param(
        account(subscription(cancel_at_period_end=True)),
        "2026-04-05",
        "sub_1 cancel_at",
        id="cancel_at passed",
    ),
    pytest.param(
        account(after_trial(), invoices=[TRIAL_INVOICE]), "2026-03-16", "sub_1 trial_end", id="first charge"
    ),
    pytest.param(
        account(subscription("past_due"), invoices=[failed("2026-03-01T10:30:00")]),
        "2026-03-02",
        "in_failed unpaid since",
        id="grace",
    ),
    pytest.param(
        account(subscription("past_due"), invoices=[failed("2026-03-01T10:30:00")]),
        "2026-03-20",
        "in_failed unpaid since",
        id="grace over",
    ),
    pytest.param(
        account(subscription("unpaid"), invoices=[failed("2026-03-01T10:30:00")]),
        "2026-03-20",
        "sub_1 status",
        id="unpaid",
    ),
    pytest.param(
        account(subscription("canceled", ended_at=at("2026-03-10T00:00:00"))),
        "2026-03-20",
        "sub_1 ended_at",
        id="canceled",
    ),
    pytest.param(account(subscription("paused")), "2026-03-20", "sub_1 status", id="paused"),
    pytest.param(account(subscription(plan_key=None)), "2026-03-20", "sub_1 price", id="unmapped price"),
]


@pytest.mark.parametrize(("state", "day", "cause"), CAUSES)
def test_each_phase_names_the_fact_that_caused_it(state: AccountState, day: str, cause: str) -> None:
    """A phase says which object it comes from and which of its facts."""
    phase = build_timeline(state, catalog()).at(datetime.fromisoformat(day).replace(tzinfo=UTC))
    assert str(phase.cause) == cause


def test_a_kept_period_names_the_period_as_its_cause() -> None:
    """A cancelled subscription whose paid period is kept names the end of that period."""
    state = account(
        subscription("canceled", ended_at=at("2026-03-10T00:00:00")), invoices=[paid("2026-03-01T09:30:00")]
    )
    timeline = build_timeline(state, catalog(Policy(on_cancel_now=OnCancelNow.KEEP_PAID)))
    assert timeline.at(at("2026-03-20T00:00:00")).cause == Cause("sub_1", "current_period_end")
