"""What follows a plan that no longer holds, as the policy says: the free plan, read-only, or nothing."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
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
from tests.rules.golden import BEFORE, Row, Situation, situation, until, verify
from tiergate.rules.catalog import Catalog
from tiergate.rules.policy import Afterwards, FirstCharge, Policy
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import build_timeline

READ_ONLY, BLOCKED, FREE = Afterwards.READ_ONLY, Afterwards.BLOCKED, Afterwards.FREE
TRIALING = until("2026-03-15T09:30:00", "full", "team", "trialing")
ACTIVE = until("2026-04-01T09:30:00", "full", "team", "active")
NOTHING_BEFORE = until("2026-03-01T09:30:00", "blocked", "-", "no_subscription")

NO_CARD = account(trial(), cards=Cards.NONE)
PAST_DUE = account(
    subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
    invoices=[paid("2026-03-01T09:30:00"), failed("2026-04-01T09:30:00")],
)
CANCELING = account(subscription(cancel_at=at("2026-04-01T09:30:00")))
SILENT = account(subscription())


def after_grace(access: str, plan: str) -> list[Row]:
    """Write the rows of a grace that is over."""
    grace = until("2026-04-04T09:30:00", "full", "team", "past_due_grace")
    return [BEFORE, ACTIVE, grace, until(FOR_EVER, access, plan, "past_due")]


SITUATIONS = [
    situation(
        "after_trial read_only",
        NO_CARD,
        BEFORE,
        TRIALING,
        until(FOR_EVER, "read_only", "team", "trial_ended"),
        policy=Policy(after_trial=READ_ONLY, after_cancel=BLOCKED, after_grace=BLOCKED),
    ),
    situation(
        "after_trial blocked",
        NO_CARD,
        BEFORE,
        TRIALING,
        until(FOR_EVER, "blocked", "-", "trial_ended"),
        policy=Policy(after_trial=BLOCKED),
    ),
    situation(
        "after_trial free, and no free plan: nothing",
        NO_CARD,
        NOTHING_BEFORE,
        TRIALING,
        until(FOR_EVER, "blocked", "-", "trial_ended"),
        free_plan=False,
    ),
    situation(
        "after_trial read_only, and no free plan",
        NO_CARD,
        NOTHING_BEFORE,
        TRIALING,
        until(FOR_EVER, "read_only", "team", "trial_ended"),
        policy=Policy(after_trial=READ_ONLY),
        free_plan=False,
    ),
    situation(
        "after_trial follows a trial that was cancelled",
        account(trial(cancel_at=TRIAL_END)),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "read_only", "team", "canceled"),
        policy=Policy(after_trial=READ_ONLY, after_cancel=BLOCKED),
    ),
    situation(
        "after_trial follows a trial that was cancelled at once",
        account(trial("canceled", ended_at=at("2026-03-10T00:00:00"))),
        BEFORE,
        until("2026-03-10T00:00:00", "full", "team", "trialing"),
        until(FOR_EVER, "read_only", "team", "canceled"),
        policy=Policy(after_trial=READ_ONLY, after_cancel=BLOCKED),
    ),
    situation(
        "after_trial holds while the first charge is waited for",
        account(after_trial()),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "read_only", "team", "first_charge_pending"),
        policy=Policy(first_charge=FirstCharge.WAIT, after_trial=READ_ONLY, after_grace=BLOCKED),
    ),
    situation(
        "after_trial holds where no card can be charged",
        account(after_trial(), cards=Cards.NONE),
        BEFORE,
        TRIALING,
        until(FOR_EVER, "read_only", "team", "trial_ended"),
        policy=Policy(after_trial=READ_ONLY, after_grace=BLOCKED),
    ),
    situation(
        "after_grace read_only",
        PAST_DUE,
        *after_grace("read_only", "team"),
        policy=Policy(after_grace=READ_ONLY, after_cancel=BLOCKED),
    ),
    situation(
        "after_grace blocked", PAST_DUE, *after_grace("blocked", "-"), policy=Policy(after_grace=BLOCKED)
    ),
    situation(
        "after_grace follows Stripe's silence",
        SILENT,
        BEFORE,
        ACTIVE,
        until("2026-04-05T09:30:00", "full", "team", "unconfirmed"),
        until(FOR_EVER, "read_only", "team", "unknown"),
        policy=Policy(after_grace=READ_ONLY, after_cancel=BLOCKED, after_trial=BLOCKED),
    ),
    situation(
        "after_grace follows unpaid",
        replace(
            PAST_DUE,
            subscriptions=(subscription("unpaid", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),),
        ),
        BEFORE,
        ACTIVE,
        until(FOR_EVER, "read_only", "team", "unpaid"),
        policy=Policy(after_grace=READ_ONLY, after_cancel=BLOCKED),
    ),
    situation(
        "after_cancel read_only, scheduled",
        CANCELING,
        BEFORE,
        until("2026-04-01T09:30:00", "full", "team", "canceling"),
        until(FOR_EVER, "read_only", "team", "canceled"),
        policy=Policy(after_cancel=READ_ONLY, after_grace=BLOCKED),
    ),
    situation(
        "after_cancel blocked, carried out",
        account(subscription("canceled", ended_at=at("2026-04-01T09:30:00"))),
        BEFORE,
        ACTIVE,
        until(FOR_EVER, "blocked", "-", "canceled"),
        policy=Policy(after_cancel=BLOCKED),
    ),
]


@pytest.mark.parametrize("case", SITUATIONS, ids=str)
def test_afterwards(case: Situation) -> None:
    """What follows a plan is what its policy says for the way in which it ended."""
    verify(case)


def with_policies(**policies: Policy) -> Catalog:
    """Build the usual catalogue with a policy of its own for each plan named."""
    plain = catalog()
    plans = {key: replace(plan, policy=policies.get(key, plan.policy)) for key, plan in plain.plans.items()}
    return replace(plain, plans=plans)


@pytest.mark.parametrize(("plan_key", "access"), [("team", "read_only"), ("starter", "blocked")])
def test_each_plan_follows_its_own_policy(plan_key: str, access: str) -> None:
    """The policy that counts is that of the plan that ended."""
    offer = with_policies(team=Policy(after_trial=READ_ONLY), starter=Policy(after_trial=BLOCKED))
    state: AccountState = account(trial(plan_key=plan_key), cards=Cards.NONE)
    assert build_timeline(state, offer).at(TRIAL_END).access == access
