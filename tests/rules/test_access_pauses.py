"""What a pause means: of the subscription, or of the collection of its payments."""

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_INVOICE,
    Cards,
    account,
    after_trial,
    at,
    failed,
    invoice,
    paid,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, Situation, situation, until, verify
from tiergate.rules.policy import Afterwards, OnPauseCollection, Policy
from tiergate.rules.state import PauseCollection

PAID = paid("2026-03-01T09:30:00")
PAUSING = Policy(on_pause_collection=OnPauseCollection.PAUSE, on_pause=Afterwards.READ_ONLY)
RESUMES = PauseCollection("void", at("2026-03-20T00:00:00"))
FOR_NOW = PauseCollection("keep_as_draft")
TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")
RUNS_ON = [
    BEFORE,
    until("2026-04-01T09:30:00", "full", "team", "active"),
    until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
    until(FOR_EVER, "full", "free", "unknown"),
]

SITUATIONS = [
    situation(
        "paused, on_pause read_only",
        account(subscription("paused"), invoices=[PAID]),
        BEFORE,
        until(FOR_EVER, "read_only", "team", "paused"),
        policy=Policy(on_pause=Afterwards.READ_ONLY),
    ),
    situation(
        "paused, on_pause blocked",
        account(trial("paused"), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "blocked", "-", "paused"),
        policy=Policy(on_pause=Afterwards.BLOCKED),
    ),
    situation(
        "collection paused, keep: access goes on",
        account(subscription(pause_collection=RESUMES), invoices=[PAID]),
        *RUNS_ON,
    ),
    situation(
        "collection paused, pause: rests until it resumes, then live again and unconfirmed",
        account(subscription(pause_collection=RESUMES), invoices=[PAID]),
        BEFORE,
        until("2026-03-20T00:00:00", "read_only", "team", "paused"),
        until("2026-03-24T00:00:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
        policy=PAUSING,
    ),
    situation(
        "collection paused until somebody says so",
        account(subscription(pause_collection=FOR_NOW), invoices=[PAID]),
        BEFORE,
        until(FOR_EVER, "read_only", "team", "paused"),
        policy=PAUSING,
    ),
    situation(
        "the periods before the present one were not paused",
        account(
            subscription(period=("2026-04-01T09:30:00", "2026-05-01T09:30:00"), pause_collection=FOR_NOW),
            invoices=[PAID],
        ),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until(FOR_EVER, "read_only", "team", "paused"),
        policy=PAUSING,
    ),
    situation(
        "a pause that should be over since before the period: unconfirmed from its start",
        account(
            subscription(
                period=("2026-04-01T09:30:00", "2026-05-01T09:30:00"),
                pause_collection=PauseCollection("void", at("2026-03-20T00:00:00")),
            ),
            invoices=[PAID],
        ),
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "active"),
        until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "full", "free", "unknown"),
        policy=PAUSING,
    ),
    situation(
        "a paused collection that owes rests like one that does not",
        account(
            subscription("past_due", pause_collection=FOR_NOW, period=None),
            invoices=[PAID, failed("2026-04-01T10:30:00")],
        ),
        BEFORE,
        until(FOR_EVER, "read_only", "team", "paused"),
        policy=PAUSING,
    ),
    situation(
        "a trial collects nothing, and runs on",
        account(trial(pause_collection=FOR_NOW), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "full", "free", "trial_ended"),
        policy=PAUSING,
    ),
    situation(
        "a scheduled end ends the pause",
        account(subscription(pause_collection=FOR_NOW, cancel_at=at("2026-03-25T00:00:00"))),
        BEFORE,
        until("2026-03-25T00:00:00", "read_only", "team", "paused"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=PAUSING,
    ),
    situation(
        "a scheduled end ends what Stripe itself has paused",
        account(subscription("paused", cancel_at=at("2026-03-25T00:00:00")), invoices=[PAID]),
        BEFORE,
        until("2026-03-25T00:00:00", "read_only", "team", "paused"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=PAUSING,
    ),
    situation(
        "a pause before the first charge: it is waited for once the pause is over",
        account(
            after_trial(pause_collection=RESUMES),
            invoices=[TRIAL_INVOICE, invoice("draft", "2026-03-15T09:30:00")],
        ),
        BEFORE,
        TRIALING,
        until("2026-03-20T00:00:00", "read_only", "team", "paused"),
        until("2026-03-24T00:00:00", "full", "team", "first_charge_pending"),
        until(FOR_EVER, "full", "free", "unknown"),
        policy=PAUSING,
    ),
    situation(
        "what has ended is not paused",
        account(subscription("canceled", pause_collection=FOR_NOW, ended_at=at("2026-03-10T00:00:00"))),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "active"),
        until(FOR_EVER, "full", "free", "canceled"),
        policy=PAUSING,
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_pause(case: Situation) -> None:
    """A pause rests access as the policy says, for as long as it lasts."""
    verify(case)
