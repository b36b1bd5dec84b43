"""What gives nothing: paused, incomplete, unheard-of statuses, prices of no plan."""

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    Cards,
    account,
    at,
    catalog,
    paid,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, Row, Situation, situation, until, verify
from tiergate.rules.access import Access
from tiergate.rules.decision import decide
from tiergate.rules.state import ENDED, InvoiceStatus, SubscriptionStatus
from tiergate.rules.timeline import build_timeline

PAID = paid("2026-03-01T09:30:00")


def refused(reason: str) -> list[Row]:
    """Write the rows of a subscription that never gives anything."""
    return [BEFORE, until(FOR_EVER, "full", "free", reason)]


SITUATIONS = [
    situation("incomplete", account(subscription("incomplete")), *refused("incomplete")),
    situation(
        "incomplete with a trial",
        account(subscription("incomplete", trial_end=TRIAL_END)),
        *refused("incomplete"),
    ),
    situation(
        "incomplete_expired", account(subscription("incomplete_expired")), *refused("incomplete_expired")
    ),
    situation("paused", account(subscription("paused"), invoices=[PAID]), *refused("paused")),
    situation(
        "paused at the end of a trial for want of a card: the trial was given",
        account(trial("paused"), cards=Cards.NONE),
        BEFORE,
        until("2026-03-15T09:30:00", "full", "team", "trialing"),
        until(FOR_EVER, "full", "free", "paused"),
    ),
    situation(
        "a status that Stripe adds tomorrow",
        account(subscription("frozen", trial_end=TRIAL_END), invoices=[PAID]),
        *refused("unknown_status"),
    ),
    situation(
        "active at a price that belongs to no plan",
        account(subscription(plan_key=None), invoices=[PAID]),
        *refused("unmapped_price"),
    ),
    situation(
        "active at the price of a plan that the catalogue has no longer",
        account(subscription(plan_key="legacy"), invoices=[PAID]),
        *refused("unmapped_price"),
    ),
    situation("no subscription at all", account(), until(FOR_EVER, "full", "free", "no_subscription")),
    situation(
        "no subscription, and a catalogue without a free plan",
        account(),
        until(FOR_EVER, "blocked", "-", "no_subscription"),
        free_plan=False,
    ),
    situation(
        "refused, and a catalogue without a free plan",
        account(subscription("incomplete")),
        until("2026-03-01T09:30:00", "blocked", "-", "no_subscription"),
        until(FOR_EVER, "blocked", "-", "incomplete"),
        free_plan=False,
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_refused(case: Situation) -> None:
    """What is not on the allow-list gives nothing, and the reason says why."""
    verify(case)


def test_every_status_of_stripe_is_known() -> None:
    """The code knows Stripe's eight statuses and one word for any other."""
    assert {str(status) for status in SubscriptionStatus} - {"unknown"} == {
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "canceled",
        "unpaid",
        "paused",
    }
    assert SubscriptionStatus("Active") is SubscriptionStatus.UNKNOWN


def test_the_statuses_that_stripe_never_leaves() -> None:
    """Cancelled and expired subscriptions have ended, no others."""
    assert {str(status) for status in ENDED} == {"canceled", "incomplete_expired"}


def test_an_unheard_of_invoice_status_is_unknown() -> None:
    """An invoice status that Stripe adds tomorrow is neither open nor paid."""
    assert InvoiceStatus("overdue") is InvoiceStatus.UNKNOWN


@pytest.mark.parametrize(
    "status", ["incomplete", "incomplete_expired", "unpaid", "canceled", "paused", "frozen"]
)
def test_what_premium_is_refused_for(status: str) -> None:
    """A status that restricts refuses a paid feature now and for ever."""
    timeline = build_timeline(account(subscription(status), cards=Cards.DEFAULT), catalog())
    decision = decide(timeline, "history", at("2026-03-20T00:00:00"))
    assert (decision.allowed, decision.plan, decision.valid_until) == (False, "free", None)
    assert timeline.at(at("2026-03-20T00:00:00")).access is Access.FULL
