"""What a subscription schedule says of the future: another plan from a boundary on, or an end."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    Cards,
    account,
    at,
    catalog,
    failed,
    paid,
    sold,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import OnCancelNow, Policy
from tiergate.rules.state import AccountState, Schedule, SchedulePhase, Subscription
from tiergate.rules.timeline import build_timeline

HEARD = at("2026-03-05T00:00:00")
TEAM = SchedulePhase(at("2026-03-01T09:30:00"), at("2026-04-01T09:30:00"), (sold("team"),))
STARTER = SchedulePhase(at("2026-04-01T09:30:00"), at("2026-05-01T09:30:00"), (sold("starter"),))
DOWNGRADE = Schedule("sub_sched_1", "cus_1", "active", "sub_1", phases=(TEAM, STARTER))


def planned(schedule: Schedule, bought: Subscription | None = None) -> AccountState:
    """Build an account whose subscription has a schedule."""
    bought = bought or subscription(observed_at=HEARD)
    return replace(account(bought, invoices=[paid("2026-03-01T09:30:00")]), schedules=(schedule,))


ACTIVE = until("2026-04-01T09:30:00", "full", "team", "active")
SILENCE = until(FOR_EVER, "full", "free", "unknown")
CHANGED = [BEFORE, ACTIVE, until("2026-04-05T09:30:00", "full", "starter", "unconfirmed"), SILENCE]
UNCHANGED = [BEFORE, ACTIVE, until("2026-04-05T09:30:00", "full", "team", "unconfirmed"), SILENCE]

SITUATIONS = [
    situation(
        "a downgrade at the end of the period: the new plan from then on, unconfirmed until Stripe speaks",
        planned(DOWNGRADE),
        *CHANGED,
    ),
    situation(
        "a schedule that only the subscription names",
        planned(
            replace(DOWNGRADE, subscription_id=None),
            subscription(observed_at=HEARD, schedule_id="sub_sched_1"),
        ),
        *CHANGED,
    ),
    situation(
        "nobody has said when it was heard of: the start of the period counts",
        planned(DOWNGRADE, subscription()),
        *CHANGED,
    ),
    situation("phases in any order", planned(replace(DOWNGRADE, phases=(STARTER, TEAM))), *CHANGED),
    situation("released: nothing is planned", planned(replace(DOWNGRADE, status="released")), *UNCHANGED),
    situation("canceled: nothing is planned", planned(replace(DOWNGRADE, status="canceled")), *UNCHANGED),
    situation("another's schedule", planned(replace(DOWNGRADE, subscription_id="sub_2")), *UNCHANGED),
    situation(
        "a phase whose prices nobody has read changes nothing",
        planned(replace(DOWNGRADE, phases=(TEAM, replace(STARTER, items=())))),
        *UNCHANGED,
    ),
    situation(
        "a phase at a price of no plan",
        planned(replace(DOWNGRADE, phases=(TEAM, replace(STARTER, items=(sold("legacy"),))))),
        BEFORE,
        ACTIVE,
        until(FOR_EVER, "full", "free", "unmapped_price"),
    ),
    situation(
        "a change in the middle of the period",
        planned(replace(DOWNGRADE, phases=(TEAM, replace(STARTER, starts_at=at("2026-03-20T00:00:00"))))),
        BEFORE,
        until("2026-03-20T00:00:00", "full", "team", "active"),
        until("2026-03-24T00:00:00", "full", "starter", "unconfirmed"),
        SILENCE,
    ),
    situation(
        "two changes soon after each other",
        planned(
            replace(
                DOWNGRADE,
                phases=(
                    TEAM,
                    STARTER,
                    SchedulePhase(at("2026-04-03T00:00:00"), at("2026-06-01T00:00:00"), (sold("team"),)),
                ),
            )
        ),
        BEFORE,
        ACTIVE,
        until("2026-04-03T00:00:00", "full", "starter", "unconfirmed"),
        until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
        SILENCE,
    ),
    situation(
        "once Stripe has carried it out it is a fact",
        planned(
            DOWNGRADE,
            subscription(
                plan_key="starter",
                period=("2026-04-01T09:30:00", "2026-05-01T09:30:00"),
                observed_at=at("2026-04-01T09:30:00"),
            ),
        ),
        BEFORE,
        until("2026-05-01T09:30:00", "full", "starter", "active"),
        until("2026-05-05T09:30:00", "full", "starter", "unconfirmed"),
        SILENCE,
    ),
    situation(
        "carried out, and nobody has said when it was heard of: the period that it began says so",
        planned(
            DOWNGRADE, subscription(plan_key="starter", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00"))
        ),
        BEFORE,
        until("2026-05-01T09:30:00", "full", "starter", "active"),
        until("2026-05-05T09:30:00", "full", "starter", "unconfirmed"),
        SILENCE,
    ),
    situation(
        "end_behavior cancel ends it after the last phase",
        planned(replace(DOWNGRADE, end_behavior="cancel", phases=(TEAM,))),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "end_behavior cancel, and a change before it",
        planned(replace(DOWNGRADE, end_behavior="cancel")),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "canceling"),
        until("2026-04-05T09:30:00", "full", "starter", "unconfirmed"),
        until("2026-05-01T09:30:00", "full", "free", "unknown"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "end_behavior cancel without phases says nothing",
        planned(replace(DOWNGRADE, end_behavior="cancel", phases=())),
        *UNCHANGED,
    ),
    situation(
        "a cancellation before the schedule's end counts",
        planned(
            replace(DOWNGRADE, end_behavior="cancel"),
            subscription(observed_at=HEARD, cancel_at=at("2026-03-25T00:00:00")),
        ),
        BEFORE,
        until("2026-03-25T00:00:00", "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "a change while payment is owed: the grace goes on with the new plan",
        replace(
            planned(DOWNGRADE, subscription("past_due", observed_at=HEARD)),
            invoices=(paid("2026-02-01T09:30:00"), failed("2026-03-30T09:30:00")),
        ),
        BEFORE,
        until("2026-03-30T09:30:00", "full", "team", "active"),
        until("2026-04-01T09:30:00", "full", "team", "past_due_grace"),
        until("2026-04-02T09:30:00", "full", "starter", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
    ),
    situation(
        "a trial that is followed by another plan",
        planned(
            replace(
                DOWNGRADE,
                phases=(
                    replace(TEAM, ends_at=TRIAL_END),
                    replace(STARTER, starts_at=TRIAL_END),
                ),
            ),
            trial(observed_at=HEARD),
        ),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until("2026-03-19T09:30:00", "full", "starter", "unconfirmed"),
        SILENCE,
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_schedule(case: Situation) -> None:
    """A scheduled change or end holds from its boundary on, by the clock alone."""
    verify(case)


CARRIED_OUT = [
    pytest.param(subscription(cancel_at=at("2026-04-01T09:30:00")), id="cancel_at"),
    pytest.param(subscription(cancel_at_period_end=True), id="cancel_at_period_end"),
    pytest.param(subscription(cancel_at=at("2026-03-25T00:00:00")), id="within the period"),
    pytest.param(trial(cancel_at=TRIAL_END), id="at the end of a trial"),
    pytest.param(trial(cancel_at=at("2026-03-10T00:00:00")), id="within a trial"),
]


@pytest.mark.parametrize("scheduled", CARRIED_OUT)
@pytest.mark.parametrize("seconds_late", [0, 1, 3600])
@pytest.mark.parametrize("on_cancel_now", list(OnCancelNow))
def test_a_scheduled_end_reads_alike_before_and_after_it_is_carried_out(
    scheduled: Subscription, seconds_late: int, on_cancel_now: OnCancelNow
) -> None:
    """That Stripe reports a cancellation which was announced changes nothing, and is no news."""
    ends_at = scheduled.cancels_at
    assert ends_at is not None
    ended_at = ends_at.fromtimestamp(ends_at.timestamp() + seconds_late, ends_at.tzinfo)
    ended = replace(
        scheduled,
        status=subscription("canceled").status,
        canceled_at=at("2026-03-02T00:00:00"),
        ended_at=ended_at,
    )
    offer = catalog(Policy(on_cancel_now=on_cancel_now))
    invoices = [paid("2026-03-01T09:30:00")]
    before = build_timeline(account(scheduled, cards=Cards.NONE, invoices=invoices), offer)
    after = build_timeline(account(ended, cards=Cards.NONE, invoices=invoices), offer)
    assert after.phases == before.phases
