"""A trial that gives only part of the plan: until the first money has come."""

from dataclasses import replace

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    TRIAL_INVOICE,
    Cards,
    account,
    after_trial,
    at,
    catalog,
    failed,
    grant,
    invoice,
    paid,
    trial,
)
from tests.rules.golden import until, verify_feature
from tiergate.rules.catalog import Catalog, Trial
from tiergate.rules.policy import Afterwards, OnPauseCollection, Policy
from tiergate.rules.state import PauseCollection
from tiergate.rules.timeline import build_timeline

NOTHING = until("2026-03-01T09:30:00", "not_included", "False", "no_subscription")
TRYING = until("2026-03-15T09:30:00", "included", "7", "trialing")
FREE_CALLS = until("2026-03-01T09:30:00", "included", "1000", "no_subscription")


def partial(policy: Policy | None = None) -> Catalog:
    """Build the usual catalogue where a trial of Team has less of it, and no custom domain."""
    usual = catalog(policy)
    given = Trial(14, features={"history": 7, "custom_domain": False, "api_calls": 10})
    return replace(usual, plans={**usual.plans, "team": replace(usual.plans["team"], trial=given)})


def test_a_partial_trial_gives_what_it_says_and_the_plan_once_it_is_paid() -> None:
    """What the trial names is as it says; the first payment opens the rest."""
    state = account(after_trial(), invoices=[TRIAL_INVOICE, paid("2026-03-15T09:30:00")])
    verify_feature(
        build_timeline(state, partial()),
        "history",
        NOTHING,
        TRYING,
        until("2026-04-15T09:30:00", "included", "90", "active"),
        until("2026-04-19T09:30:00", "included", "90", "unconfirmed"),
        until(FOR_EVER, "not_included", "False", "unknown"),
    )


def test_what_goes_on_unconfirmed_after_a_trial_is_the_trial() -> None:
    """The passing of time alone never gives more than the trial gave."""
    verify_feature(
        build_timeline(account(trial()), partial()),
        "history",
        NOTHING,
        TRYING,
        until("2026-03-19T09:30:00", "included", "7", "unconfirmed"),
        until(FOR_EVER, "not_included", "False", "unknown"),
    )


def test_until_the_first_charge_is_paid_the_trial_goes_on() -> None:
    """A subscription that is active and unpaid has what its trial had."""
    pending = [TRIAL_INVOICE, invoice("draft", "2026-03-15T09:30:00")]
    verify_feature(
        build_timeline(account(after_trial(), invoices=pending), partial()),
        "history",
        NOTHING,
        TRYING,
        until("2026-03-19T09:30:00", "included", "7", "first_charge_pending"),
        until(FOR_EVER, "not_included", "False", "unknown"),
    )


def test_a_first_charge_that_was_declined_leaves_the_trial_to_look_at() -> None:
    """Who never paid sees what the trial gave, not what the plan would have given."""
    declined = [TRIAL_INVOICE, failed("2026-03-15T10:30:00")]
    verify_feature(
        build_timeline(
            account(after_trial("past_due"), invoices=declined),
            partial(Policy(after_grace=Afterwards.READ_ONLY)),
        ),
        "history",
        NOTHING,
        TRYING,
        until("2026-03-15T10:30:00", "included", "7", "first_charge_pending"),
        until(FOR_EVER, "read_only", "7", "past_due"),
    )


def test_a_first_invoice_over_nothing_opens_the_plan() -> None:
    """A full discount settles the first charge, and the whole plan with it."""
    state = account(after_trial(), invoices=[TRIAL_INVOICE, paid("2026-03-15T09:30:00", amount=0)])
    verify_feature(
        build_timeline(state, partial()),
        "history",
        NOTHING,
        TRYING,
        until("2026-04-15T09:30:00", "included", "90", "active"),
        until("2026-04-19T09:30:00", "included", "90", "unconfirmed"),
        until(FOR_EVER, "not_included", "False", "unknown"),
    )


def test_a_feature_that_the_trial_leaves_out_is_refused_during_it() -> None:
    """``false`` in the trial takes a feature of the plan away for as long as it is tried."""
    verify_feature(
        build_timeline(account(trial(), cards=Cards.NONE), partial()),
        "custom_domain",
        NOTHING,
        until("2026-03-15T09:30:00", "not_included", "False", "trialing"),
        until(FOR_EVER, "not_included", "False", "trial_ended"),
    )


def test_nobody_who_tries_has_less_than_the_free_plan() -> None:
    """A trial that allows ten calls leaves the thousand that everybody has."""
    verify_feature(
        build_timeline(account(trial(), cards=Cards.NONE), partial()),
        "api_calls",
        FREE_CALLS,
        until("2026-03-15T09:30:00", "included", "1000", "trialing"),
        until(FOR_EVER, "included", "1000", "trial_ended"),
    )


def test_what_the_trial_does_not_mention_is_as_in_the_plan() -> None:
    """A partial trial names what differs; the rest is the plan's."""
    verify_feature(
        build_timeline(account(trial(), cards=Cards.NONE), partial()),
        "projects",
        until("2026-03-01T09:30:00", "included", "1", "no_subscription"),
        until("2026-03-15T09:30:00", "included", "unlimited", "trialing"),
        until(FOR_EVER, "included", "1", "trial_ended"),
    )


def test_who_paid_before_waits_for_a_first_charge_with_the_trial_too() -> None:
    """That another subscription was once paid does not open this one."""
    once = paid("2025-01-01T00:00:00", invoice_id="in_once", subscription_id="sub_0")
    timeline = build_timeline(account(after_trial(), invoices=[once, TRIAL_INVOICE]), partial())
    assert timeline.at(TRIAL_END).reason == "first_charge_pending"
    assert timeline.at(TRIAL_END).features["history"] == 7


def test_an_extension_extends_what_the_trial_gave() -> None:
    """More of a partial trial is as partial."""
    state = replace(account(trial(), cards=Cards.NONE), grants=(grant("extension", "2026-03-10T00:00:00"),))
    phase = build_timeline(state, partial()).at(TRIAL_END)
    assert (phase.reason, phase.features["history"]) == ("trial_extended", 7)


def test_a_plan_that_was_opened_by_a_discount_is_open_again_after_a_pause() -> None:
    """What a pause interrupts is the plan, where the first invoice was settled before it."""
    pause = PauseCollection("void", at("2026-03-20T00:00:00"))
    state = account(
        after_trial(pause_collection=pause), invoices=[TRIAL_INVOICE, paid("2026-03-15T09:30:00", amount=0)]
    )
    offer = partial(Policy(on_pause_collection=OnPauseCollection.PAUSE))
    phase = build_timeline(state, offer).at(at("2026-03-20T00:00:00"))
    assert (phase.reason, phase.features["history"]) == ("unconfirmed", 90)
