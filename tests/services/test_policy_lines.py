"""The lines of the policy behind a phase are named where they stand, with the values that were in force."""

import pytest

from tests.services.bench import BEGIN, northwind
from tiergate.rules.access import Access, Cause, Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.state import AccountState, Invoice, InvoiceStatus, Subscription, SubscriptionStatus
from tiergate.rules.timeline import Phase
from tiergate.services.access.policy_lines import policy_lines

OLD = northwind()
NEW = (
    OLD.replace("grace_days = 3", "grace_days = 4\nmax_unconfirmed_days = 6")
    + """
[plans.team.policy]
after_trial = "read_only"
on_unknown = "last_known"
[plans.team.policy.features.roles]
grace_days = 1
[policy.features.roles]
grace_read_only_days = 2
"""
)


def catalog() -> Catalog:
    """Two versions of the catalogue, the newer one in force."""
    older = {1: parse_catalog(OLD, "old", 1)}
    newest = parse_catalog(NEW, "new", 2)
    return Catalog(newest.product, newest.features, newest.plans, newest.add_ons, version=2, older=older)


def lines(
    reason: Reason,
    *before: Reason,
    access: Access = Access.FULL,
    object_id: str = "sub_1",
    version: int | None = None,
    feature: str | None = None,
) -> tuple[str, ...]:
    """The lines behind a phase of a Team subscription, after phases with other reasons."""
    subscription = Subscription(
        "sub_1", "cus_1", SubscriptionStatus.ACTIVE, BEGIN, plan_key="team", catalog_version=version
    )
    invoice = Invoice("in_1", "cus_1", InvoiceStatus.OPEN, BEGIN, subscription_id="sub_1")
    state = AccountState("acme", subscriptions=(subscription,), invoices=(invoice,))
    *earlier, phase = (
        Phase(BEGIN, DISTANT_FUTURE, None, access, each, Cause(object_id, "fact"))
        for each in (*before, reason)
    )
    return policy_lines(phase, earlier, state, catalog(), {1: OLD, 2: NEW}, feature)


@pytest.mark.parametrize(
    ("reason", "before", "expected"),
    [
        (Reason.TRIALING, (), ()),
        (Reason.ACTIVE, (Reason.TRIALING,), ()),
        (Reason.TRIAL_ENDED, (Reason.TRIALING,), ('plans.team.policy.after_trial = "read_only"',)),
        (Reason.CANCELED, (Reason.TRIALING,), ('plans.team.policy.after_trial = "read_only"',)),
        (Reason.CANCELED, (Reason.ACTIVE,), ('plans.team.policy.after_cancel = "free" (the default)',)),
        (Reason.PAST_DUE_GRACE, (Reason.ACTIVE,), ("policy.grace_days = 4",)),
        (
            Reason.PAST_DUE_GRACE,
            (Reason.TRIALING, Reason.FIRST_CHARGE_PENDING),
            ("plans.team.policy.first_charge_grace_days = 0 (the default)",),
        ),
        (
            Reason.PAST_DUE,
            (Reason.FIRST_CHARGE_PENDING, Reason.PAST_DUE_GRACE),
            (
                "plans.team.policy.first_charge_grace_days = 0 (the default)",
                'plans.team.policy.after_grace = "free" (the default)',
            ),
        ),
        (Reason.UNCONFIRMED, (), ("policy.max_unconfirmed_days = 6",)),
        (
            Reason.UNKNOWN,
            (),
            (
                "policy.max_unconfirmed_days = 6",
                'plans.team.policy.on_unknown = "last_known"',
                "plans.team.policy.last_known_hours = 24 (the default)",
            ),
        ),
        (Reason.PAUSED, (), ('plans.team.policy.on_pause = "free" (the default)',)),
    ],
)
def test_each_reason_has_its_lines(
    reason: Reason, before: tuple[Reason, ...], expected: tuple[str, ...]
) -> None:
    """A line stands under the plan or under all plans, as in the file; what is in no file is a default."""
    assert lines(reason, *before) == expected


def test_a_subscription_has_the_policy_that_it_was_sold_under() -> None:
    """An older version's file is quoted for who bought under it."""
    assert lines(Reason.PAST_DUE_GRACE, Reason.ACTIVE, version=1) == ("policy.grace_days = 3",)
    assert lines(Reason.TRIAL_ENDED, Reason.TRIALING, version=1) == ('policy.after_trial = "free"',)


def test_an_invoice_leads_to_its_subscription() -> None:
    """A phase that an invoice caused has the policy of the subscription's plan; a stranger's has none."""
    assert lines(Reason.PAST_DUE_GRACE, object_id="in_1") == ("policy.grace_days = 4",)
    assert lines(Reason.PAST_DUE_GRACE, object_id="in_9") == ()


def test_a_features_own_lines_come_first() -> None:
    """Of a feature that is treated apart its own lines are named, under the plan or under all plans."""
    assert lines(Reason.PAST_DUE_GRACE, feature="roles") == (
        "plans.team.policy.features.roles.grace_days = 1",
    )
    assert lines(Reason.PAST_DUE_GRACE, access=Access.READ_ONLY, feature="roles") == (
        "policy.features.roles.grace_read_only_days = 2",
    )
    assert lines(Reason.PAST_DUE_GRACE, feature="sso") == ("policy.grace_days = 4",)
