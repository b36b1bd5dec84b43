"""Trials: they end when they end, by every clock, with and without a word from Stripe."""

from datetime import timedelta

import pytest

from tests.failures.doings import (
    CREATED,
    DELETED,
    TRIAL_WILL_END,
    UPDATED,
    entries,
    has,
    of,
    only,
    reasons,
    row_of,
    sell,
    travel_to,
    try_without_card,
    use_bad_card,
    work,
)
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, BEGIN, Bench
from tiergate.services.access.answer_check import answer_check
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.tables import subscriptions

VISA = "4242 4242 4242 4242"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def put_on_clock(bench: Bench, account_id: str) -> str:
    """Make an account known that lives on a test clock, and return the clock."""
    frozen_time = int(bench.clock.now.timestamp())
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": frozen_time}).id
    bench.use_test_clock(clock)
    bench.register(account_id)
    return clock


def move(bench: Bench, clock: str, by: timedelta) -> None:
    """Move a test clock at Stripe."""
    shown = bench.at_stripe(f"/v1/test_helpers/test_clocks/{clock}")["frozen_time"]
    target = shown + int(by.total_seconds())
    bench.stripe.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": target})
    bench.sandbox.catch_up()


@failure(22, "cashier#1824")
def test_a_trial_that_is_taken_back(bench: Bench) -> None:
    """cashier#1824: `"trial_end": null` clears the trial that was to come; nothing is left to remind of."""
    trial = sell(bench, trial_period_days=14)
    paying = bench.at_stripe(f"/v1/subscriptions/{trial}")
    paying |= {"status": "active", "trial_end": None, "trial_start": None}
    bench.ingest(bench.event(UPDATED, paying))
    assert (row_of(bench, trial).trial_end, row_of(bench, trial).trial_start) == (None, None)
    assert has(bench) == ("team", "active")
    bench.clock.now = BEGIN + timedelta(days=13)
    work(bench)
    assert entries(bench, "trial_reminder") == []


@failure(22, "cashier#1824")
def test_a_trial_that_is_ended_now(bench: Bench) -> None:
    """cashier#1824: a trial that Stripe ends now is over here too, and can be cancelled and resumed."""
    trial = sell(bench, trial_period_days=14)
    bench.post(f"/v1/subscriptions/{trial}", trial_end="now")
    bench.deliver(*bench.webhooks())
    assert has(bench) == ("team", "active")
    for wish, reason in [(True, "canceling"), (False, "active")]:
        bench.tick()
        bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=wish)
        bench.deliver(*bench.webhooks())
        assert has(bench) == ("team", reason)


@failure(23, "cashier#1470")
@pytest.mark.parametrize("is_told", [True, False], ids=["by webhooks", "by the worker"])
def test_a_clock_that_passes_the_trial(bench: Bench, is_told: bool) -> None:
    """cashier#1470: past the trial on its test clock an account is past it, whatever the wall clock says."""
    clock = put_on_clock(bench, "traveller")
    try_without_card(bench, account_id="traveller")
    assert has(bench, "traveller") == ("team", "trialing")
    move(bench, clock, timedelta(days=14))
    bench.deliver(*(bench.webhooks() if is_told else []))
    work(bench)
    assert has(bench, "traveller") == ("free", "trial_ended")
    assert not answer_check(bench.context, "traveller", "roles").allowed


@failure(24, "pay#601")
def test_a_trial_that_is_cancelled_at_once(bench: Bench) -> None:
    """pay#601: cancelled at once, with `trial_end` still to come: no access, and none comes back."""
    trial = sell(bench, trial_period_days=14)
    bench.stripe.v1.subscriptions.cancel(trial)
    (ended,) = bench.webhooks(DELETED)
    bench.deliver(ended)
    row = row_of(bench, trial)
    assert (row.status, row.ended_at) == ("canceled", bench.clock.now)
    assert row.trial_end > bench.clock.now
    assert has(bench) == ("free", "canceled")
    assert {phase.plan_key for phase in bench.explain().timeline.phases if phase.ends_at > row.ended_at} == {
        "free"
    }


@failure(25, "better-auth#4539")
@pytest.mark.parametrize("plan", ["team", "starter"])
def test_a_trial_is_given_once(bench: Bench, plan: str) -> None:
    """better-auth#4539: who tried and cancelled, of whatever plan, buys without a second trial."""
    trial = try_without_card(bench)
    bench.stripe.v1.subscriptions.cancel(trial)
    bench.deliver(*bench.webhooks())
    bench.pay(start_checkout(bench.context, ACCOUNT, Order(plan)), VISA)
    bench.deliver(*bench.webhooks())
    assert has(bench) == (plan, "active")
    assert [s.trial_end for s in bench.explain().state.subscriptions if s.id != trial] == [None]


@failure(25, "better-auth#4539")
def test_a_trial_is_given_once_also_after_rows_were_lost(bench: Bench) -> None:
    """better-auth#4539: a row that somebody deleted comes back with a look at Stripe."""
    trial = try_without_card(bench)
    bench.stripe.v1.subscriptions.cancel(trial)
    bench.deliver(*bench.webhooks())
    with bench.context.database.write() as tx:
        tx.execute(subscriptions.delete())
    reconcile(bench.context, ACCOUNT)
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")), VISA)
    bench.deliver(*bench.webhooks())
    assert has(bench) == ("team", "active")


@failure(26, "dj-stripe#2101")
@pytest.mark.parametrize("has_card", [True, False], ids=["with a card", "without a card"])
def test_a_trial_cancelled_for_its_end(bench: Bench, has_card: bool) -> None:
    """dj-stripe#2101: a trial that is cancelled for its end runs to its end, to the second."""
    trial = sell(bench, trial_period_days=14) if has_card else try_without_card(bench)
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    bench.deliver(*bench.webhooks())
    trial_end = row_of(bench, trial).trial_end
    assert (has(bench)[0], of(bench, trial).cancels_at) == ("team", trial_end)
    assert bench.at_stripe(f"/v1/subscriptions/{trial}")["status"] == "trialing"
    bench.clock.now = trial_end - SECOND
    assert has(bench)[0] == "team"
    bench.clock.now = trial_end
    assert has(bench)[0] == "free"


@failure(27, "dust#20964")
@pytest.mark.parametrize("how", ["cancel_at_period_end", "cancel_at"])
def test_a_cancellation_that_is_taken_back(bench: Bench, how: str) -> None:
    """dust#20964: cancelled and taken back during the trial: no end is left, here as at Stripe."""
    trial = sell(bench, trial_period_days=14)
    trial_end = row_of(bench, trial).trial_end
    wish, back = (True, False) if how == "cancel_at_period_end" else (int(trial_end.timestamp()), "")
    bench.post(f"/v1/subscriptions/{trial}", **{how: wish})
    bench.deliver(*bench.webhooks())
    assert of(bench, trial).cancels_at == trial_end
    bench.tick()
    bench.post(f"/v1/subscriptions/{trial}", **{how: back})
    bench.deliver(*bench.webhooks())
    row = row_of(bench, trial)
    assert (row.cancel_at, row.cancel_at_period_end, row.canceled_at) == (None, False, None)
    assert of(bench, trial).cancels_at is None
    bench.deliver(*travel_to(bench, trial_end + timedelta(hours=2)))
    assert has(bench) == ("team", "active")


@failure(28, "inbox-zero#3709")
def test_active_before_the_charge_is_no_conversion(bench: Bench) -> None:
    """inbox-zero#3709: a trial is `active` before it is charged; a declined card converts nobody."""
    trial = sell(bench, trial_period_days=14)
    use_bad_card(bench, trial)
    bench.deliver(*bench.webhooks())
    trial_end = row_of(bench, trial).trial_end
    bench.deliver(*travel_to(bench, trial_end))
    work(bench)
    assert row_of(bench, trial).status == "active"
    assert (has(bench), entries(bench, "converted")) == (("team", "first_charge_pending"), [])
    bench.deliver(*travel_to(bench, trial_end + timedelta(hours=1, seconds=1)))
    work(bench)
    assert row_of(bench, trial).status == "past_due"
    assert (has(bench), entries(bench, "converted")) == (("free", "past_due"), [])


@failure(28, "inbox-zero#3709")
def test_a_conversion_is_the_first_money(bench: Bench) -> None:
    """inbox-zero#3709: the invoice over nothing converts nobody; the first that is paid does, once."""
    trial = sell(bench, trial_period_days=14)
    assert [(invoice.total, str(invoice.status)) for invoice in bench.explain().state.invoices] == [
        (0, "paid")
    ]
    assert entries(bench, "converted") == []
    trial_end = row_of(bench, trial).trial_end
    bench.deliver(*travel_to(bench, trial_end + timedelta(hours=1, seconds=1)))
    work(bench)
    assert (has(bench), len(entries(bench, "converted"))) == (("team", "active"), 1)


@failure(29, "dub#4006")
@pytest.mark.parametrize(
    ("seconds", "plan", "allowed"), [(-1, "team", True), (0, "free", False), (1, "free", False)]
)
def test_the_second_of_the_end(bench: Bench, seconds: int, plan: str, allowed: bool) -> None:
    """dub#4006: seconds are seconds: access holds one second before the end, and not at it."""
    trial = try_without_card(bench)
    at_stripe = bench.at_stripe(f"/v1/subscriptions/{trial}")["trial_end"]
    assert row_of(bench, trial).trial_end == BEGIN + 14 * DAY
    assert int(row_of(bench, trial).trial_end.timestamp()) == at_stripe
    bench.clock.now = BEGIN + 14 * DAY + seconds * SECOND
    assert (has(bench)[0], answer_check(bench.context, ACCOUNT, "roles").allowed) == (plan, allowed)


@failure(30, "managoat/fountain#244")
def test_trials_end_without_any_webhook(bench: Bench) -> None:
    """managoat/fountain#244: not one webhook ever came: trials end all the same, and their end is told."""
    names = [f"account_{number}" for number in range(5)]
    for name in names:
        bench.register(name)
        bench.pay(start_checkout(bench.context, name, Order("team")))
    bench.webhooks()
    bench.clock.advance(minutes=11)
    work(bench)
    assert {has(bench, name) for name in names} == {("team", "trialing")}
    bench.clock.now = BEGIN + 14 * DAY
    assert {has(bench, name)[0] for name in names} == {"free"}
    work(bench)
    assert {reasons(bench, name)[-1] for name in names} <= {"trial_ended", "canceled"}
    assert bench.webhooks() != []


@failure(30, "managoat/fountain#244")
def test_a_trial_on_a_clock_is_told_in_three_words(bench: Bench) -> None:
    """managoat/fountain#244: where no card means cancel, created, trial_will_end and deleted come."""
    clock = put_on_clock(bench, "traveller")
    bench.pay(start_checkout(bench.context, "traveller", Order("team")))
    told = only(bench.webhooks(), CREATED)
    move(bench, clock, 14 * DAY)
    about = (CREATED, UPDATED, DELETED, TRIAL_WILL_END)
    told += [webhook for webhook in bench.webhooks() if webhook.type in about]
    assert [webhook.type for webhook in told] == [CREATED, TRIAL_WILL_END, DELETED]
    bench.deliver(*told)
    work(bench)
    assert has(bench, "traveller") == ("free", "trial_ended")
    assert reasons(bench, "traveller")[-2:] == ["trialing", "trial_ended"]
