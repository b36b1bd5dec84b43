"""What holds between the end of a trial and its first payment: a trial that is active has not converted."""

from datetime import timedelta

import pytest

from tests.rules.builders import (
    BEGAN,
    FOR_EVER,
    TRIAL_END,
    TRIAL_INVOICE,
    Cards,
    account,
    after_trial,
    at,
    failed,
    invoice,
    paid,
    subscription,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import FirstCharge, OnUnknown, Policy
from tiergate.rules.state import Invoice
from tiergate.rules.unpaid_invoice import converted_at

TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")
DRAFT = invoice("draft", "2026-03-15T09:30:00")
OPEN = invoice("open", "2026-03-15T09:30:00", finalized_at=at("2026-03-15T10:30:00"))
DECLINED = failed("2026-03-15T10:30:00")
FIRST_PAYMENT = paid("2026-03-15T09:30:00")
FULL_DISCOUNT = paid("2026-03-15T09:30:00", amount=0)
RENEWED_LATE = [
    until("2026-04-15T09:30:00", "full", "team", "active"),
    until("2026-04-19T09:30:00", "full", "team", "unconfirmed"),
    until(FOR_EVER, "full", "free", "unknown"),
]

PENDING_SITUATIONS = [
    situation(
        "allow: access goes on while the first invoice is a draft, for as long as silence is borne",
        account(after_trial(), invoices=[TRIAL_INVOICE, DRAFT]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "allow: likewise while it is open and was not attempted",
        account(after_trial(), invoices=[TRIAL_INVOICE, OPEN]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "allow: likewise while nobody has heard of it; the invoice over nothing never counts",
        account(after_trial(), invoices=[TRIAL_INVOICE]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "allow: likewise when the cards are unknown",
        account(after_trial(), cards=Cards.UNKNOWN, invoices=[TRIAL_INVOICE]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
    situation(
        "allow, on_unknown allow: silence takes nothing away",
        account(after_trial(), invoices=[TRIAL_INVOICE, DRAFT]),
        BEFORE,
        TRIALING,
        until("2026-03-19T09:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "team", "unknown"),
        policy=Policy(on_unknown=OnUnknown.ALLOW),
    ),
    situation(
        "wait: access stops at the end of the trial, until the invoice is paid",
        account(after_trial(), invoices=[TRIAL_INVOICE, DRAFT]),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "first_charge_pending"),
        policy=Policy(first_charge=FirstCharge.WAIT, on_unknown=OnUnknown.ALLOW),
    ),
    situation(
        "an invoice that is sent has no charge to wait for: access until the period's end",
        account(
            after_trial(collection_method="send_invoice"), cards=Cards.NONE, invoices=[TRIAL_INVOICE, DRAFT]
        ),
        BEFORE,
        TRIALING,
        *RENEWED_LATE,
    ),
    situation(
        "no card to charge: over at trial_end, as the clock said before Stripe did",
        account(after_trial(), cards=Cards.NONE, invoices=[TRIAL_INVOICE, DRAFT]),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
    ),
    situation(
        "a cancellation scheduled for the end of the first period still ends what is pending",
        account(after_trial(cancel_at=at("2026-03-17T00:00:00")), invoices=[TRIAL_INVOICE, DRAFT]),
        BEFORE,
        TRIALING,
        until("2026-03-17T00:00:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
]

SETTLED_SITUATIONS = [
    situation(
        "paid: confirmed",
        account(after_trial(), invoices=[TRIAL_INVOICE, FIRST_PAYMENT]),
        BEFORE,
        TRIALING,
        *RENEWED_LATE,
    ),
    situation(
        "wait, paid: confirmed without a gap",
        account(after_trial(), invoices=[TRIAL_INVOICE, FIRST_PAYMENT]),
        BEFORE,
        TRIALING,
        *RENEWED_LATE,
        policy=Policy(first_charge=FirstCharge.WAIT),
    ),
    situation(
        "a discount of 100 % leaves nothing to pay and confirms access",
        account(after_trial(), invoices=[TRIAL_INVOICE, FULL_DISCOUNT]),
        BEFORE,
        TRIALING,
        *RENEWED_LATE,
    ),
    situation(
        "a later period was paid for, or Stripe would not have begun it",
        account(
            subscription(
                trial_end=TRIAL_END,
                period=("2026-04-15T09:30:00", "2026-05-15T09:30:00"),
            )
        ),
        BEFORE,
        TRIALING,
        until("2026-05-15T09:30:00", "full", "team", "active"),
        until("2026-05-19T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
]

DECLINED_SITUATIONS = [
    situation(
        "no grace for who never paid: over when the charge failed",
        account(after_trial("past_due"), invoices=[TRIAL_INVOICE, DECLINED]),
        BEFORE,
        TRIALING,
        until("2026-03-15T10:30:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "past_due"),
    ),
    situation(
        "past due for want of a card: over since trial_end, as the clock said, and no grace reopens it",
        account(after_trial("past_due"), cards=Cards.NONE, invoices=[TRIAL_INVOICE, DECLINED]),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
        policy=Policy(first_charge_grace=timedelta(days=2)),
    ),
    situation(
        "first_charge_grace gives days",
        account(after_trial("past_due"), invoices=[TRIAL_INVOICE, DECLINED]),
        BEFORE,
        TRIALING,
        until("2026-03-15T10:30:00", "full", "team", "first_charge_pending"),
        until("2026-03-17T10:30:00", "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
        policy=Policy(first_charge_grace=timedelta(days=2)),
    ),
    situation(
        "an account that paid before has the ordinary grace",
        account(
            after_trial("past_due"),
            invoices=[
                paid("2025-11-01T00:00:00", subscription_id="sub_0"),
                TRIAL_INVOICE,
                DECLINED,
            ],
        ),
        BEFORE,
        TRIALING,
        until("2026-03-15T10:30:00", "full", "team", "active"),
        until("2026-03-18T10:30:00", "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
    ),
    situation(
        "given up by Stripe: unpaid, restricted since the charge failed",
        account(after_trial("unpaid"), invoices=[TRIAL_INVOICE, DECLINED]),
        BEFORE,
        TRIALING,
        until("2026-03-15T10:30:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "unpaid"),
    ),
    situation(
        "given up by Stripe and cancelled: restricted since the charge failed, then cancelled",
        account(
            after_trial(
                "canceled", canceled_at=at("2026-03-29T10:30:00"), ended_at=at("2026-03-29T10:30:00")
            ),
            invoices=[TRIAL_INVOICE, DECLINED],
        ),
        BEFORE,
        TRIALING,
        until("2026-03-15T10:30:00", "full", "team", "first_charge_pending"),
        until("2026-03-29T10:30:00", "full", "free", "past_due"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
]


@pytest.mark.parametrize("case", PENDING_SITUATIONS, ids=str)
def test_first_charge_pending(case: Situation) -> None:
    """Between trial and first payment the policy ``first_charge`` decides, for a bounded time."""
    verify(case)


@pytest.mark.parametrize("case", SETTLED_SITUATIONS, ids=str)
def test_first_charge_settled(case: Situation) -> None:
    """A settled first invoice confirms the plan up to the end of the period."""
    verify(case)


@pytest.mark.parametrize("case", DECLINED_SITUATIONS, ids=str)
def test_first_charge_declined(case: Situation) -> None:
    """A declined first charge ends access, after the grace that the policy gives to it."""
    verify(case)


@pytest.mark.parametrize(
    ("invoices", "converted"),
    [
        pytest.param([], None, id="nothing known"),
        pytest.param([TRIAL_INVOICE], None, id="the invoice over nothing of the trial"),
        pytest.param([TRIAL_INVOICE, DRAFT], None, id="active, and the charge is to come (inbox-zero#3709)"),
        pytest.param([TRIAL_INVOICE, DECLINED], None, id="declined"),
        pytest.param([TRIAL_INVOICE, FULL_DISCOUNT], None, id="a discount of 100 %"),
        pytest.param([paid("2026-03-15T09:30:00", subscription_id=None)], None, id="a one-off"),
        pytest.param(
            [paid("2026-03-15T09:30:00", subscription_id="sub_2")], None, id="another subscription's"
        ),
        pytest.param([TRIAL_INVOICE, FIRST_PAYMENT], TRIAL_END, id="paid"),
        pytest.param(
            [
                paid("2026-04-15T09:30:00", invoice_id="in_2"),
                paid("2026-03-15T09:30:00", paid_at=at("2026-03-15T10:30:07")),
            ],
            at("2026-03-15T10:30:07"),
            id="paid twice: the first payment",
        ),
        pytest.param([paid("2026-03-15T09:30:00", paid_at=None)], TRIAL_END, id="paid at an unknown instant"),
    ],
)
def test_converted_at(invoices: list[Invoice], converted: object) -> None:
    """A trial converts with its first invoice over more than nothing that is paid, and not before."""
    assert converted_at(after_trial(), invoices) == converted


def test_a_trial_ended_early_is_settled_by_the_invoice_of_the_same_second() -> None:
    """Ending a trial now charges in the same second, and that invoice is the first charge."""
    now = "2026-03-08T12:00:00"
    ended_early = subscription(trial_start=BEGAN, trial_end=at(now), period=(now, "2026-04-08T12:00:00"))
    verify(
        situation(
            "trial ended early",
            account(ended_early, invoices=[TRIAL_INVOICE, paid(now)]),
            BEFORE,
            until(now, "full", "team", "trialing"),
            until("2026-04-08T12:00:00", "full", "team", "active"),
            until("2026-04-12T12:00:00", "full", "team", "unconfirmed"),
            until(FOR_EVER, "full", "free", "unknown"),
        )
    )
