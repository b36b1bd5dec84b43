"""What a paid subscription gives: within its period, past it without news, and up to a scheduled end."""

from dataclasses import replace

import pytest

from tests.rules.builders import FOR_EVER, Cards, account, at, failed, invoice, item, paid, subscription
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import OnUnknown, Policy

ACTIVE = until("2026-04-01T09:30:00", "full", "team", "active")
LATE = until("2026-04-05T09:30:00", "full", "team", "unconfirmed")
SILENCE = until(FOR_EVER, "full", "free", "unknown")
CANCELING = until("2026-04-01T09:30:00", "full", "team", "canceling")
PERIOD_END = at("2026-04-01T09:30:00")

RENEWALS = [
    situation(
        "a renewal that nobody has heard of goes on unconfirmed for four days",
        account(subscription(), invoices=[paid("2026-03-01T09:30:00")]),
        BEFORE,
        ACTIVE,
        LATE,
        SILENCE,
    ),
    situation(
        "on_unknown allow: silence takes nothing away",
        account(subscription()),
        BEFORE,
        ACTIVE,
        LATE,
        until(FOR_EVER, "full", "team", "unknown"),
        policy=Policy(on_unknown=OnUnknown.ALLOW),
    ),
    situation(
        "no card is no reason to end what is paid, or sent as an invoice",
        account(subscription(), cards=Cards.NONE),
        BEFORE,
        ACTIVE,
        LATE,
        SILENCE,
    ),
    situation(
        "active with the renewal's draft: Stripe has moved the period, and that is news enough",
        account(
            subscription(period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
            invoices=[invoice("draft", "2026-04-01T09:30:00")],
        ),
        BEFORE,
        until("2026-05-01T09:30:00", "full", "team", "active"),
        until("2026-05-05T09:30:00", "full", "team", "unconfirmed"),
        SILENCE,
    ),
    situation(
        "active with a failed invoice: Stripe says active, and active it is",
        account(subscription(), invoices=[failed("2026-03-10T00:00:00")]),
        BEFORE,
        ACTIVE,
        LATE,
        SILENCE,
    ),
    situation(
        "of items with different periods the first to end is the boundary",
        account(
            replace(
                subscription(),
                items=(
                    item("2026-03-01T09:30:00", "2027-03-01T09:30:00", "si_year"),
                    item("2026-03-01T09:30:00", "2026-04-01T09:30:00", "si_month"),
                    item(None, None, "si_unknown"),
                ),
            )
        ),
        BEFORE,
        ACTIVE,
        LATE,
        SILENCE,
    ),
    situation(
        "no period at all is unconfirmed from the beginning",
        account(subscription(period=None)),
        BEFORE,
        until("2026-03-05T09:30:00", "full", "team", "unconfirmed"),
        SILENCE,
    ),
]

CANCELLATIONS = [
    situation(
        "cancel_at without cancel_at_period_end (better-auth#5780)",
        account(subscription(cancel_at=PERIOD_END)),
        BEFORE,
        CANCELING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at_period_end alone",
        account(subscription(cancel_at_period_end=True)),
        BEFORE,
        CANCELING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "both",
        account(subscription(cancel_at=PERIOD_END, cancel_at_period_end=True)),
        BEFORE,
        CANCELING,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "undone (dust#20964)",
        account(subscription(cancel_at=None, cancel_at_period_end=False, canceled_at=None)),
        BEFORE,
        ACTIVE,
        LATE,
        SILENCE,
    ),
    situation(
        "cancel_at in the middle of the period",
        account(subscription(cancel_at=at("2026-03-20T00:00:00"))),
        BEFORE,
        until("2026-03-20T00:00:00", "full", "team", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at in a later period: the renewal before it may be late like any other",
        account(subscription(cancel_at=at("2026-04-20T00:00:00"))),
        BEFORE,
        CANCELING,
        LATE,
        until("2026-04-20T00:00:00", "full", "free", "unknown"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at while the renewal is late",
        account(subscription(cancel_at=at("2026-04-03T00:00:00"))),
        BEFORE,
        CANCELING,
        until("2026-04-03T00:00:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at before the subscription began gives nothing",
        account(subscription(cancel_at=at("2026-02-01T00:00:00"))),
        BEFORE,
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "cancel_at_period_end without a known period cannot say when",
        account(subscription(period=None, cancel_at_period_end=True)),
        BEFORE,
        until("2026-03-05T09:30:00", "full", "team", "unconfirmed"),
        SILENCE,
    ),
]


@pytest.mark.parametrize("case", RENEWALS, ids=str)
def test_renewal(case: Situation) -> None:
    """A subscription gives its plan to the end of the period, and a late renewal takes nothing at once."""
    verify(case)


@pytest.mark.parametrize("case", CANCELLATIONS, ids=str)
def test_scheduled_cancellation(case: Situation) -> None:
    """A scheduled cancellation, however it is written, ends the subscription then and not before."""
    verify(case)
