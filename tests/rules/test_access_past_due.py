"""What a failed payment leaves: grace from the subscription's oldest failed invoice, then the policy."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import FOR_EVER, account, at, failed, invoice, item, paid, subscription
from tests.rules.golden import BEFORE, Row, Situation, situation, until, verify
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.state import Invoice, Subscription

PAID = paid("2026-03-01T09:30:00")
FAILED = failed("2026-04-01T10:30:00")
PERIOD = ("2026-04-01T09:30:00", "2026-05-01T09:30:00")
"""The period that was not paid for: Stripe has moved on to it before it charged (matrix-os#1301)."""


def past_due(status: str = "past_due", cancel_at: str | None = None) -> Subscription:
    """Build a subscription whose renewal on 1 April failed."""
    return subscription(status, period=PERIOD, cancel_at=None if cancel_at is None else at(cancel_at))


def graced(since: str, until_: str) -> list[Row]:
    """Write the rows of a grace that outlasts nothing."""
    return [
        BEFORE,
        until(since, "full", "team", "active"),
        until(until_, "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
    ]


THREE_DAYS = graced("2026-04-01T10:30:00", "2026-04-04T10:30:00")


def other(status: str, invoice_id: str = "in_other") -> Invoice:
    """Build an invoice from long before the failed one."""
    return invoice(
        status,
        "2026-03-10T00:00:00",
        invoice_id=invoice_id,
        attempted=True,
        finalized_at=at("2026-03-10T01:00:00"),
    )


SITUATIONS = [
    situation(
        "three days from when the failed invoice was finalized",
        account(past_due(), invoices=[PAID, FAILED]),
        *THREE_DAYS,
    ),
    situation(
        "grace is what the policy says",
        account(past_due(), invoices=[PAID, FAILED]),
        *graced("2026-04-01T10:30:00", "2026-04-15T10:30:00"),
        policy=Policy(grace=timedelta(days=14)),
    ),
    situation(
        "no grace: over when the charge failed",
        account(past_due(), invoices=[PAID, FAILED]),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "past_due"),
        policy=Policy(grace=timedelta(0)),
    ),
    situation(
        "the oldest of several failed invoices is the anchor: a second failure starts no second grace",
        account(past_due(), invoices=[failed("2026-05-01T10:30:00", invoice_id="in_younger"), FAILED, PAID]),
        *THREE_DAYS,
    ),
    situation(
        "the age of an invoice is when it was finalized, not when it was created",
        account(
            past_due(),
            invoices=[
                failed(
                    "2026-04-02T00:00:00",
                    invoice_id="in_long_a_draft",
                    created_at="2026-03-02T00:00:00",
                ),
                FAILED,
            ],
        ),
        *THREE_DAYS,
    ),
    situation(
        "an invoice that does not say when it was finalized counts from its creation",
        account(past_due(), invoices=[invoice("open", "2026-04-01T09:30:00", attempted=True)]),
        *graced("2026-04-01T09:30:00", "2026-04-04T09:30:00"),
    ),
    situation(
        "drafts, void, uncollectible, paid and unheard-of invoices do not count",
        account(
            past_due(),
            invoices=[
                *(
                    other(status, f"in_{status}")
                    for status in ("draft", "void", "uncollectible", "paid", "new")
                ),
                FAILED,
            ],
        ),
        *THREE_DAYS,
    ),
    situation(
        "an open invoice that was never attempted does not count",
        account(
            past_due(),
            invoices=[invoice("open", "2026-03-10T00:00:00", finalized_at=at("2026-03-10T01:00:00")), FAILED],
        ),
        *THREE_DAYS,
    ),
    situation(
        "one-off invoices do not count (fxa#10828)",
        account(
            past_due(),
            invoices=[failed("2026-03-10T00:00:00", invoice_id="in_one_off", subscription_id=None), FAILED],
        ),
        *THREE_DAYS,
    ),
    situation(
        "another subscription's invoices do not count",
        account(
            past_due(),
            invoices=[failed("2026-03-10T00:00:00", invoice_id="in_2", subscription_id="sub_2"), FAILED],
        ),
        *THREE_DAYS,
    ),
    situation(
        "an invoice that was sent counts from its due_date, attempted or not",
        account(
            subscription("past_due", period=PERIOD, collection_method="send_invoice"),
            invoices=[
                invoice(
                    "open",
                    "2026-04-01T09:30:00",
                    finalized_at=at("2026-04-01T10:30:00"),
                    due_date=at("2026-04-15T10:30:00"),
                )
            ],
        ),
        *graced("2026-04-15T10:30:00", "2026-04-18T10:30:00"),
    ),
    situation(
        "with no failed invoice known, grace counts from the start of the unpaid period, not its end",
        account(past_due(), invoices=[PAID]),
        *graced("2026-04-01T09:30:00", "2026-04-04T09:30:00"),
    ),
    situation(
        "of items with different periods the one that began last is unpaid",
        account(
            replace(
                past_due(),
                items=(
                    item("2026-04-01T09:30:00", "2026-05-01T09:30:00", "si_month"),
                    item("2026-03-01T09:30:00", "2027-03-01T09:30:00", "si_year"),
                ),
            )
        ),
        *graced("2026-04-01T09:30:00", "2026-04-04T09:30:00"),
    ),
    situation(
        "with nothing known at all, from the beginning",
        account(subscription("past_due", period=None)),
        BEFORE,
        until("2026-03-04T09:30:00", "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "past_due"),
    ),
    situation(
        "a scheduled cancellation ends the grace too",
        account(past_due(cancel_at="2026-04-03T00:00:00"), invoices=[PAID, FAILED]),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until("2026-04-03T00:00:00", "full", "team", "past_due_grace"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "a scheduled cancellation after the grace",
        account(past_due(cancel_at="2026-05-01T09:30:00"), invoices=[PAID, FAILED]),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until("2026-04-04T10:30:00", "full", "team", "past_due_grace"),
        until("2026-05-01T09:30:00", "full", "free", "past_due"),
        until(FOR_EVER, "full", "free", "canceled"),
    ),
    situation(
        "unpaid: Stripe has given up, restricted",
        account(past_due("unpaid"), invoices=[PAID, FAILED]),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "unpaid"),
    ),
    situation(
        "unpaid with no failed invoice known: since the start of the unpaid period",
        account(past_due("unpaid"), invoices=[PAID]),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "unpaid"),
    ),
    situation(
        "unpaid, and the only open invoice falls due next month: the status has spoken",
        account(
            subscription("unpaid", period=PERIOD, collection_method="send_invoice"),
            invoices=[PAID, invoice("open", "2026-04-01T09:30:00", due_date=at("2026-05-01T00:00:00"))],
        ),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "unpaid"),
    ),
    situation(
        "unpaid, and a cancellation that was scheduled: after_cancel from then on",
        account(past_due("unpaid", cancel_at="2026-05-01T09:30:00"), invoices=[PAID, FAILED]),
        BEFORE,
        until("2026-04-01T10:30:00", "full", "team", "active"),
        until("2026-05-01T09:30:00", "read_only", "team", "unpaid"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=Policy(after_grace=Afterwards.READ_ONLY),
    ),
    situation(
        "recovered: active again, and no trace is left",
        account(past_due("active"), invoices=[PAID, paid("2026-04-01T09:30:00", invoice_id="in_failed")]),
        BEFORE,
        until("2026-05-01T09:30:00", "full", "team", "active"),
        until("2026-05-05T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_past_due(case: Situation) -> None:
    """A failed payment leaves access for the grace, counted from the oldest failed invoice."""
    verify(case)
