"""What a subscription leaves that has ended: nothing, or the period that was paid."""

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    TRIAL_INVOICE,
    SubscriptionFields,
    account,
    after_trial,
    at,
    failed,
    invoice,
    paid,
    subscription,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import OnCancelNow, Policy

NOW = "2026-03-20T12:00:00"
PERIOD_END = "2026-04-01T09:30:00"
PAID = paid("2026-03-01T09:30:00")
KEEP_PAID = Policy(on_cancel_now=OnCancelNow.KEEP_PAID)
CANCELED_NOW: SubscriptionFields = {"canceled_at": at(NOW), "ended_at": at(NOW)}
ENDED_NOW = [
    BEFORE,
    until(NOW, "full", "team", "active"),
    until(FOR_EVER, "full", "free", "canceled"),
]

SITUATIONS = [
    situation(
        "at the end of its period",
        account(
            subscription("canceled", canceled_at=at("2026-03-10T00:00:00"), ended_at=at(PERIOD_END)),
            invoices=[PAID],
        ),
        BEFORE,
        until(PERIOD_END, "full", "team", "active"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "at the end of its period, keep_paid: nothing is left to keep",
        account(subscription("canceled", ended_at=at(PERIOD_END)), invoices=[PAID]),
        BEFORE,
        until(PERIOD_END, "full", "team", "active"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=KEEP_PAID,
    ),
    situation("at once, end", account(subscription("canceled", **CANCELED_NOW), invoices=[PAID]), *ENDED_NOW),
    situation(
        "at once, keep_paid: the paid period is kept",
        account(subscription("canceled", **CANCELED_NOW), invoices=[PAID]),
        BEFORE,
        until(NOW, "full", "team", "active"),
        until(PERIOD_END, "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=KEEP_PAID,
    ),
    situation(
        "at once, keep_paid, invoice made moments before the period began: paid for all the same",
        account(subscription("canceled", **CANCELED_NOW), invoices=[paid("2026-03-01T09:29:58")]),
        BEFORE,
        until(NOW, "full", "team", "active"),
        until(PERIOD_END, "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=KEEP_PAID,
    ),
    situation(
        "at once, keep_paid, no payment known: ended",
        account(subscription("canceled", **CANCELED_NOW)),
        *ENDED_NOW,
        policy=KEEP_PAID,
    ),
    situation(
        "at once, keep_paid, only the period before was paid: ended",
        account(
            subscription("canceled", **CANCELED_NOW),
            invoices=[paid("2026-02-01T09:30:00"), invoice("draft", "2026-03-01T09:30:00")],
        ),
        *ENDED_NOW,
        policy=KEEP_PAID,
    ),
    situation(
        "at once, keep_paid, only another subscription was paid: ended",
        account(
            subscription("canceled", **CANCELED_NOW),
            invoices=[paid("2026-03-01T09:30:00", subscription_id="sub_2")],
        ),
        *ENDED_NOW,
        policy=KEEP_PAID,
    ),
    situation(
        "at once, keep_paid, no period known: ended",
        account(subscription("canceled", period=None, **CANCELED_NOW), invoices=[PAID]),
        *ENDED_NOW,
        policy=KEEP_PAID,
    ),
    situation(
        "after failed payments: the grace was what it was, and keep_paid keeps nothing",
        account(
            subscription(
                "canceled",
                period=(PERIOD_END, "2026-05-01T09:30:00"),
                canceled_at=at("2026-04-10T00:00:00"),
                ended_at=at("2026-04-10T00:00:00"),
            ),
            invoices=[
                PAID,
                failed("2026-04-01T10:30:00"),
                paid("2026-04-02T00:00:00", invoice_id="in_extra"),
            ],
        ),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until("2026-04-04T10:30:00", "full", "team", "past_due_grace"),
        until("2026-04-10T00:00:00", "full", "free", "past_due"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=KEEP_PAID,
    ),
    situation(
        "within the grace: cancelled means no more grace",
        account(
            subscription(
                "canceled", period=(PERIOD_END, "2026-05-01T09:30:00"), ended_at=at("2026-04-02T00:00:00")
            ),
            invoices=[PAID, failed("2026-04-01T10:30:00")],
        ),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until("2026-04-02T00:00:00", "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "before the invoice failed that is still open: ended when it ended",
        account(subscription("canceled", **CANCELED_NOW), invoices=[PAID, failed("2026-03-25T00:00:00")]),
        *ENDED_NOW,
    ),
    situation(
        "in the first period after a trial",
        account(
            after_trial("canceled", **CANCELED_NOW), invoices=[TRIAL_INVOICE, paid("2026-03-15T09:30:00")]
        ),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until(NOW, "full", "team", "active"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "in the first period after a trial, keep_paid: the period is kept once it is paid",
        account(
            after_trial("canceled", **CANCELED_NOW), invoices=[TRIAL_INVOICE, paid("2026-03-15T09:30:00")]
        ),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until(NOW, "full", "team", "active"),
        until("2026-04-15T09:30:00", "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=KEEP_PAID,
    ),
    situation(
        "Stripe keeps canceled_at at the first request: it ended at ended_at",
        account(subscription("canceled", canceled_at=at("2026-03-03T00:00:00"), ended_at=at(NOW))),
        *ENDED_NOW,
    ),
    situation(
        "without ended_at, canceled_at says when",
        account(subscription("canceled", canceled_at=at(NOW))),
        *ENDED_NOW,
    ),
    situation(
        "without either it gave nothing for certain",
        account(subscription("canceled")),
        BEFORE,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "a trial with no period known ended with the trial",
        account(subscription("canceled", period=None, trial_end=TRIAL_END, ended_at=at(NOW))),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_canceled(case: Situation) -> None:
    """A cancelled subscription gives nothing more, save a paid period where the policy keeps it."""
    verify(case)
