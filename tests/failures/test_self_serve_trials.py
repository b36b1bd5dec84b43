"""Trials that customers start, buy and end by themselves: the failures of others on the same way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.failures.doings import entries, has, reasons, travel_to, work
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, BEGIN, Bench
from tests.services.changing import FAILS_LATER, at_stripe, desk, hear, held, paid, sell, use_card
from tests.services.trials import sell_with_reverse_trial, sign_up, trials_at_stripe
from tiergate.services.checkout.lead_to_checkout import lead_to_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.services.run_due import run_due
from tiergate.services.trials.extend_trial import end_trial
from tiergate.services.trials.start_trial import TrialRefusedError, start_trial
from tiergate.store.tables import subscriptions

VISA = "4242 4242 4242 4242"
DECLINES_LATER = "4000 0000 0000 0341"
DAYS = timedelta(days=14)


def try_team(bench: Bench) -> str:
    """Start the trial with our own button, and hear of it."""
    trial = start_trial(bench.context, ACCOUNT, "team").subscription_id
    hear(bench)
    bench.tick()
    return trial


@failure(9, "managoat/fountain#349")
def test_a_checkout_in_a_trial_without_a_card_is_no_second_subscription(both: Bench) -> None:
    """managoat/fountain#349: bought mid-trial, nobody is locked out at its end, or billed twice."""
    trial = try_team(both)
    both.clock.advance(days=5)
    both.pay(lead_to_checkout(both.context, ACCOUNT, Order("scale")), VISA)
    hear(both)
    assert (has(both), paid(both)) == (("scale", "active"), [14900])
    travel_to(both, BEGIN + DAYS + timedelta(hours=2))
    hear(both)
    work(both)
    assert (both.mirrored_ids(), paid(both), has(both)) == ({trial}, [14900], ("scale", "active"))


@failure(17, "appstrate#1325")
def test_two_tabs_start_one_trial(both: Bench) -> None:
    """appstrate#1325: two tabs press at once: one customer, one trial."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: start_trial(both.context, ACCOUNT, "team"), range(2)))
    hear(both)
    assert len({each.subscription_id for each in found}) == 1
    assert len(both.at_stripe("/v1/customers")["data"]) == len(trials_at_stripe(both)) == 1


@failure(17, "traceroot#2219")
def test_a_trial_closes_a_checkout_that_is_open(both: Bench) -> None:
    """traceroot#2219: the checkout of one tab cannot be paid any more once another tab tries."""
    lead_to_checkout(both.context, ACCOUNT, Order("scale"))
    try_team(both)
    assert [each["status"] for each in both.at_stripe("/v1/checkout/sessions")["data"]] == ["expired"]


@failure(22, "cashier#1824")
def test_a_trial_that_we_end_is_over(both: Bench) -> None:
    """cashier#1824: a trial that is ended early is no trial here either, and can be cancelled and resumed."""
    sell(both, "team", trial_period_days=14)
    end_trial(both.context, ACCOUNT)
    assert has(both) == ("team", "active")
    hear(both)
    assert (has(both), paid(both)) == (("team", "active"), [4900])
    both.tick()
    assert [desk(both).cancel(ACCOUNT).outcome, desk(both).resume(ACCOUNT).outcome] == ["scheduled", "done"]


@failure(23, "cashier#1470")
def test_a_reverse_trial_ends_by_its_clock(bench: Bench) -> None:
    """cashier#1470: a trial from the sign-up ends by its clock, whatever the wall clock says."""
    sell_with_reverse_trial(bench)
    shown = int(bench.clock.now.timestamp())
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": shown}).id
    bench.use_test_clock(clock)
    sign_up(bench, "traveller")
    assert has(bench, "traveller") == ("team", "trialing")
    bench.stripe.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": shown + 14 * 86400})
    bench.sandbox.catch_up()
    work(bench)
    assert has(bench, "traveller") == ("free", "trial_ended")


@failure(24, "pay#601")
def test_a_trial_that_we_cancel_at_once_gives_nothing(both: Bench) -> None:
    """pay#601: cancelled now, with `trial_end` still to come: no access, and none comes back."""
    trial = try_team(both)
    assert desk(both).cancel(ACCOUNT, when="now").outcome == "done"
    assert at_stripe(both, trial)["trial_end"] > both.clock.now.timestamp()
    for days in (0, 1, 20):
        both.clock.advance(days=days)
        assert has(both)[0] == "free"
    hear(both)
    assert has(both) == ("free", "canceled")


@failure(25, "better-auth#4539")
@pytest.mark.parametrize("rows_are_lost", [False, True], ids=["cancelled", "cancelled and deleted here"])
def test_the_button_gives_a_trial_once(both: Bench, rows_are_lost: bool) -> None:
    """better-auth#4539: who tried and cancelled is refused another trial, and told the price."""
    try_team(both)
    desk(both).cancel(ACCOUNT, when="now")
    hear(both)
    if rows_are_lost:
        with both.context.database.write() as tx:
            tx.execute(subscriptions.delete())
    with pytest.raises(TrialRefusedError) as refused:
        start_trial(both.context, ACCOUNT, "team")
    assert (str(refused.value.why), "$49" in refused.value.remedy) == ("tried_before", True)
    reconcile(both.context, ACCOUNT)
    with pytest.raises(TrialRefusedError):
        start_trial(both.context, ACCOUNT, "starter")
    assert len(trials_at_stripe(both)) == 1


@failure(28, "inbox-zero#3709")
def test_a_purchase_in_a_trial_that_is_declined_converts_nobody(both: Bench) -> None:
    """inbox-zero#3709: the card is saved, its first charge declined: no conversion, the trial goes on."""
    try_team(both)
    both.clock.advance(days=5)
    both.pay(lead_to_checkout(both.context, ACCOUNT, Order("team")), DECLINES_LATER)
    hear(both)
    assert (has(both), entries(both, "converted"), paid(both)) == (("team", "trialing"), [], [])
    assert held(both).subscription.trial_end == BEGIN + DAYS


@failure(28, "inbox-zero#3709")
def test_ending_a_trial_with_a_card_that_declines_converts_nobody(both: Bench) -> None:
    """inbox-zero#3709: ended early, and the card declines: nobody has converted, or is let in."""
    sell(both, "team", trial_period_days=14)
    use_card(both, FAILS_LATER)
    end_trial(both.context, ACCOUNT)
    hear(both)
    assert (entries(both, "converted"), paid(both)) == ([], [])
    assert has(both) == ("free", "past_due")


@failure(30, "managoat/fountain#244")
@pytest.mark.parametrize("reaches_stripe", [True, False], ids=["at Stripe", "never at Stripe"])
def test_reverse_trials_end_without_any_webhook(bench: Bench, reaches_stripe: bool) -> None:
    """managoat/fountain#244: nobody was ever told anything: trials from the sign-up end all the same."""
    sell_with_reverse_trial(bench)
    bench.line.down = not reaches_stripe
    names = [f"account_{number}" for number in range(3)]
    for name in names:
        sign_up(bench, name)
    assert {has(bench, name) for name in names} == {("team", "trialing")}
    bench.clock.now = BEGIN + DAYS
    assert {has(bench, name)[0] for name in names} == {"free"}
    bench.sandbox.catch_up()
    bench.line.down = False
    run_due(bench.context)
    assert {has(bench, name)[0] for name in names} == {"free"}
    assert {reasons(bench, name)[-1] for name in names} <= {"trial_ended", "canceled"}
