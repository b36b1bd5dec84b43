"""What a trial gives: while it runs, when it ends, and when it is cancelled."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import (
    BEGAN,
    FOR_EVER,
    TRIAL_END,
    TRIAL_INVOICE,
    Cards,
    account,
    at,
    catalog,
    paid,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import OnUnknown, Policy
from tiergate.rules.timeline import build_timeline

TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")

SITUATIONS = [
    situation(
        "without a card it ends at trial_end, by the clock alone",
        account(trial(), cards=Cards.NONE, invoices=[TRIAL_INVOICE]),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "with a card it goes on unconfirmed for four days, then Stripe's silence ends it",
        account(trial(), invoices=[TRIAL_INVOICE]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "a card on the subscription counts although the customer has none",
        account(trial(default_payment_method="pm_2"), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "whose invoices are sent needs no card to go on",
        account(trial(collection_method="send_invoice"), cards=Cards.NONE, invoices=[TRIAL_INVOICE]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "cards that nobody has looked at are not taken for none",
        account(trial(), cards=Cards.UNKNOWN),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "max_unconfirmed says how long silence is borne",
        account(trial()),
        BEFORE,
        TRIALING,
        until("2026-03-16T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
        policy=Policy(max_unconfirmed=timedelta(days=1)),
    ),
    situation(
        "on_unknown allow: silence takes nothing away",
        account(trial()),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "team", "unknown"),
        policy=Policy(on_unknown=OnUnknown.ALLOW),
    ),
    situation(
        "a scheduled cancellation ends it at its end, card or not (the portal sets cancel_at alone)",
        account(trial(cancel_at=TRIAL_END, canceled_at=at("2026-03-05T12:00:00"))),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at_period_end alone means the end of the trial (dj-stripe#2101)",
        account(trial(cancel_at_period_end=True, canceled_at=at("2026-03-05T12:00:00"))),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at within the trial cuts it short",
        account(trial(cancel_at=at("2026-03-10T00:00:00"))),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "trialing"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at after the trial ends what goes on unconfirmed",
        account(trial(cancel_at=at("2026-03-17T00:00:00"))),
        BEFORE,
        TRIALING,
        until("2026-03-17T00:00:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "a cancellation that was undone leaves no trace (dust#20964)",
        account(trial(cancel_at=None, cancel_at_period_end=False, canceled_at=None)),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "cancelled at once it gives nothing more, although trial_end lies in the future (pay#601)",
        account(
            trial("canceled", canceled_at=at("2026-03-05T12:00:00"), ended_at=at("2026-03-05T12:00:00")),
            invoices=[TRIAL_INVOICE],
        ),
        BEFORE,
        until("2026-03-05T12:00:00", "full", "team", "trialing"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancelled by Stripe at its end for want of a card",
        account(trial("canceled", canceled_at=TRIAL_END, ended_at=TRIAL_END), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "paused at its end, and cancelled a month later: it ended when it ended",
        account(trial("canceled", ended_at=at("2026-04-20T00:00:00")), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "paused at its end, and ended later by a cancellation that was scheduled: over with the trial",
        account(
            trial("canceled", cancel_at=at("2026-04-10T00:00:00"), ended_at=at("2026-04-10T00:00:00")),
            cards=Cards.NONE,
        ),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "a backdated subscription begins at its start_date",
        account(trial(start_date=at("2026-02-27T00:00:00")), cards=Cards.NONE),
        until("2026-02-27T00:00:00", "full", "free", "no_subscription"),
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "a trial that does not say when it ends lasts for its period",
        account(
            subscription("trialing", period=("2026-03-01T09:30:00", "2026-03-15T09:30:00")), cards=Cards.NONE
        ),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "a trial without any date gives nothing for certain",
        account(subscription("trialing", period=None), cards=Cards.NONE),
        BEFORE,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_trial(case: Situation) -> None:
    """A trial gives what the table says, to the second."""
    verify(case)


@pytest.mark.parametrize("seconds_late", [0, 1, 90])
def test_the_end_is_the_same_before_and_after_its_deletion_is_known(seconds_late: int) -> None:
    """Learning that Stripe cancelled a trial at its end changes nothing of what was answered before."""
    ended_at = TRIAL_END + timedelta(seconds=seconds_late)
    before = account(trial(), cards=Cards.NONE, invoices=[TRIAL_INVOICE])
    deleted = trial("canceled", canceled_at=ended_at, ended_at=ended_at)
    after = replace(before, subscriptions=(deleted,))
    assert build_timeline(after, catalog()).phases == build_timeline(before, catalog()).phases


def test_a_cancelled_trial_ends_alike_before_and_after_its_deletion_is_known() -> None:
    """A trial cancelled for its end gives the same access and plan when Stripe has carried that out."""
    scheduled = trial(cancel_at=TRIAL_END, canceled_at=BEGAN)
    ended = trial("canceled", canceled_at=BEGAN, ended_at=TRIAL_END)
    invoices = [TRIAL_INVOICE, paid("2026-01-01T00:00:00", subscription_id="sub_0")]
    before = build_timeline(account(scheduled, invoices=invoices), catalog())
    after = build_timeline(account(ended, invoices=invoices), catalog())
    assert [(phase.ends_at, phase.access, phase.plan_key, phase.reason) for phase in after.phases] == [
        (phase.ends_at, phase.access, phase.plan_key, phase.reason) for phase in before.phases
    ]
