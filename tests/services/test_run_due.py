"""What time has made due is done once, by however many workers, and one account's trouble is its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tiergate.rules.errors import TiergateError
from tiergate.services import run_due as module
from tiergate.services.context import Context
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due

TRIAL = timedelta(days=14)


def start_trial(bench: Bench, account_id: str = ACCOUNT) -> str:
    """Let an account try Team without a card, known from its webhooks."""
    if account_id != ACCOUNT:
        bench.register(account_id)
    customer = bench.customer_without_card(account_id)
    trial = bench.stripe.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": bench.price("team")}],
            "trial_period_days": TRIAL.days,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
    )
    bench.deliver(*bench.webhooks())
    return trial.id


def told(bench: Bench, account_id: str = ACCOUNT) -> list[str]:
    """What was journalled of an account: the steps of reminders, and the reasons of access."""
    return [
        entry.data["step"] if entry.kind == "trial_reminder" else entry.data["to"]["reason"]
        for entry in bench.explain(account_id).journal
    ]


def test_nothing_due_is_nothing_done(bench: Bench) -> None:
    """Before its instant an account is not looked at, and Stripe is not asked."""
    start_trial(bench)
    run_due(bench.context)
    bench.line.requests.clear()
    assert run_due(bench.context) == 0
    assert bench.line.requests == []


def test_reminders_come_once_each(both: Bench) -> None:
    """Reminders at three days, one day and the day itself are journalled once, however often workers run."""
    start_trial(both)
    for hours in (11 * 24, 1, 47, 1, 13, 1):
        both.clock.advance(hours=hours)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: run_due(both.context), range(3)))
    assert told(both) == ["no_subscription", "trialing", "3_days", "1_day", "same_day"]


def test_the_catalogue_says_when_reminders_come(bench: Bench) -> None:
    """A trial under way is reminded of on the days of the version in force, once that is published."""
    start_trial(bench)
    push_plans(bench.context, northwind() + "\n[prompts]\ntrial_ending_days = [7, 0]\n")
    for hours in (7 * 24, 4 * 24, 3 * 24 - 1):
        bench.clock.advance(hours=hours)
        run_due(bench.context)
    assert told(bench) == ["no_subscription", "trialing", "7_days", "same_day"]


def test_a_reminder_that_went_stale_is_not_told(bench: Bench) -> None:
    """After the worker was down, only what is still true is told: no `3 days left` with one day left."""
    start_trial(bench)
    bench.clock.advance(days=13, hours=1)
    run_due(bench.context)
    assert told(bench) == ["no_subscription", "trialing", "1_day"]
    bench.clock.advance(days=1)
    run_due(bench.context)
    assert told(bench) == ["no_subscription", "trialing", "1_day", "trial_ended"]


def test_the_end_of_a_trial_needs_no_webhook(both: Bench) -> None:
    """At the trial's end access is gone by the clock, before any worker or webhook came (fountain#244)."""
    start_trial(both)
    trial_end = both.clock.now + TRIAL
    both.clock.now = trial_end - timedelta(seconds=1)
    assert both.explain().phase.plan_key == "team"
    both.clock.now = trial_end
    assert both.explain().phase.plan_key == "free"
    both.line.down = True
    assert run_due(both.context) == 1
    entry = both.explain().journal[-1]
    assert (entry.kind, entry.happened_at, entry.cause) == ("access_changed", trial_end, "time")


def test_workers_side_by_side_announce_once(both: Bench) -> None:
    """Four workers at once announce the end of a trial one time."""
    start_trial(both)
    both.clock.advance(days=15)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_due(both.context), range(4)))
    assert told(both).count("trial_ended") == 1


def test_what_stripe_did_not_confirm_is_asked_for(bench: Bench) -> None:
    """A renewal that nobody reported is fetched at its instant, and then every few hours."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.webhooks())
    renews_at = bench.mirrored(subscription_id).current_period_end
    bench.clock.now = renews_at
    bench.line.down = True
    run_due(bench.context)
    assert bench.reason() == "unconfirmed"
    bench.line.down = False
    bench.clock.advance(hours=1, seconds=1)
    bench.sandbox.catch_up()
    run_due(bench.context)
    assert bench.reason() == "active"
    assert bench.mirrored(subscription_id).current_period_end > renews_at


def test_while_stripe_is_down_an_account_stays_due(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """What could not be asked is logged and asked again: the account is not forgotten."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.webhooks())
    bench.clock.now = bench.mirrored(subscription_id).current_period_end
    bench.line.down = True
    assert [run_due(bench.context) for _ in range(3)] == [1, 1, 1]
    assert "acme failed and stays due" in caplog.text


@pytest.mark.parametrize("error", [TiergateError("A word of ours."), RuntimeError("a defect")], ids=repr)
def test_one_accounts_trouble_does_not_hold_up_the_next(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever one account raises is logged with its name; the accounts after it are seen to."""
    for account_id in ("a", "b", "c"):
        start_trial(bench, account_id)
    run = module.run_account

    def fail_for_a(context: Context, account_id: str) -> None:
        if account_id == "a":
            raise error
        run(context, account_id)

    monkeypatch.setattr(module, "run_account", fail_for_a)
    bench.clock.advance(days=15)
    assert run_due(bench.context) == 3
    assert [told(bench, name)[-1] for name in ("a", "b", "c")] == ["trialing", "trial_ended", "trial_ended"]
    assert "subscription work on a failed and stays due" in caplog.text
    monkeypatch.undo()
    assert run_due(bench.context) == 1
    assert told(bench, "a")[-1] == "trial_ended"


def test_a_clock_moved_by_others_is_noticed(bench: Bench) -> None:
    """A test clock that others advanced, without webhooks, is read by the worker (cashier#1470)."""
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": int(bench.clock.now.timestamp())})
    bench.use_test_clock(clock.id)
    bench.register("traveller")
    start_trial(bench, "traveller")
    until = int((bench.clock.now + TRIAL).timestamp())
    bench.stripe.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": until})
    bench.sandbox.catch_up()
    run_due(bench.context)
    assert (bench.reason("traveller"), bench.reason()) == ("trial_ended", "no_subscription")
