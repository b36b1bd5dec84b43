"""Everybody tries from the sign-up on, without a card: once, whether Stripe answers or not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tests.services.trials import (
    DAYS,
    has,
    kinds,
    sell_with_reverse_trial,
    sign_up,
    trials_at_stripe,
)
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.access.answer_check import answer_check
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.services.trials.start_trial import TrialRefusedError, start_trial
from tiergate.store.tables import grants, operations, prices

END = BEGIN + timedelta(days=DAYS)
NEW = "newcomer"


def work(bench: Bench) -> None:
    """Let the worker do what is due."""
    bench.sandbox.catch_up()
    run_due(bench.context)


def test_a_sign_up_begins_a_trial(both: Bench) -> None:
    """A new account has the whole plan at once, and soon a trial at Stripe that ends by itself."""
    sell_with_reverse_trial(both)
    sign_up(both, NEW)
    (trial,) = trials_at_stripe(both)
    assert (trial["status"], trial["trial_end"]) == ("trialing", int(END.timestamp()))
    assert trial["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel"
    assert trial["metadata"]["account_id"] == NEW
    assert has(both, NEW) == ("team", "trialing")
    assert both.explain(NEW).phase.cause.object_id == trial["id"]
    assert kinds(both, NEW) == ["reverse_trial", "access_changed"]
    both.clock.now = END
    assert has(both, NEW) == ("free", "trial_ended")


def test_access_is_there_before_stripe_is_asked(both: Bench) -> None:
    """The sign-up cannot fail because of Stripe, and gives the plan while Stripe is down."""
    sell_with_reverse_trial(both)
    both.line.down = True
    sign_up(both, NEW)
    assert has(both, NEW) == ("team", "trialing")
    assert answer_check(both.context, NEW, "roles").allowed
    assert trials_at_stripe(both) == []


def test_the_worker_begins_it_later_with_all_its_days(both: Bench) -> None:
    """Three days later Stripe answers: the trial has its full days from then, and there is no gap."""
    sell_with_reverse_trial(both)
    both.line.down = True
    sign_up(both, NEW)
    work(both)
    both.clock.advance(days=3)
    both.line.down = False
    assert has(both, NEW) == ("team", "trialing")
    work(both)
    work(both)
    (trial,) = trials_at_stripe(both)
    assert trial["trial_end"] == int((END + timedelta(days=3)).timestamp())
    assert has(both, NEW) == ("team", "trialing")
    assert kinds(both, NEW).count("access_changed") == 1


def test_without_stripe_it_is_as_long_as_with_it(both: Bench) -> None:
    """A trial that never reaches Stripe ends after its days; afterwards none is begun."""
    sell_with_reverse_trial(both)
    both.line.down = True
    sign_up(both, NEW)
    both.clock.now = END - timedelta(seconds=1)
    assert has(both, NEW) == ("team", "trialing")
    both.clock.now = END
    assert has(both, NEW) == ("free", "trial_ended")
    both.line.down = False
    work(both)
    assert trials_at_stripe(both) == []
    assert kinds(both, NEW) == ["reverse_trial", "access_changed", "access_changed"]
    with pytest.raises(TrialRefusedError, match="used before"):
        start_trial(both.context, NEW, "starter")


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
@pytest.mark.parametrize("fault", ["calls_left", "deaf"])
def test_stripe_failing_at_each_step(bench: Bench, calls: int, fault: str) -> None:
    """Wherever it fails, the worker finishes it: one customer and one trial."""
    sell_with_reverse_trial(bench)
    if fault == "deaf":
        bench.line.deaf = True
        sign_up(bench, NEW)
        for _ in range(calls):
            work(bench)
        bench.line.deaf = False
    else:
        bench.line.calls_left = calls
        sign_up(bench, NEW)
        bench.line.calls_left = None
    work(bench)
    assert len(trials_at_stripe(bench)) == len(bench.at_stripe("/v1/customers")["data"]) == 1
    assert [row.state for row in bench.rows(operations) if row.state == "open"] == []
    assert has(bench, NEW) == ("team", "trialing")


def test_eight_sign_ups_at_once_are_one_trial(both: Bench) -> None:
    """Eight parallel calls for a new account promise one trial and begin one."""
    sell_with_reverse_trial(both)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: both.register(NEW, email="n@example.test"), range(8)))
    assert both.context.starting.wait_until_done(20)
    work(both)
    assert len(trials_at_stripe(both)) == 1
    assert kinds(both, NEW).count("reverse_trial") == 1


def test_two_processes_begin_one_trial(both: Bench) -> None:
    """The worker and the thread of the sign-up may be at it at the same moment."""
    sell_with_reverse_trial(both)
    both.line.down = True
    sign_up(both, NEW)
    both.line.down = False
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_due(both.context), range(4)))
    assert len(trials_at_stripe(both)) == 1


def test_an_account_that_is_known_gets_none(bench: Bench) -> None:
    """Who was here before the catalogue had a reverse trial has not signed up anew."""
    sell_with_reverse_trial(bench)
    sign_up(bench, ACCOUNT)
    assert has(bench, ACCOUNT) == ("free", "no_subscription")
    assert trials_at_stripe(bench) == []


def test_a_customer_of_long_ago_gets_none(bench: Bench) -> None:
    """Who signed up so long ago that the trial would be over is new to us only."""
    sell_with_reverse_trial(bench)
    bench.register("old", signed_up_at=BEGIN - timedelta(days=DAYS))
    bench.register("recent", signed_up_at=BEGIN - timedelta(days=DAYS - 1))
    assert bench.context.starting.wait_until_done(20)
    assert has(bench, "old") == ("free", "no_subscription")
    assert has(bench, "recent") == ("team", "trialing")


@pytest.mark.parametrize(
    ("email", "why"),
    [("x@mailinator.com", "throwaway_mail"), ("NEW.comer+2@googlemail.com", "mail_known")],
)
def test_a_refused_one_has_the_free_plan_and_says_why(bench: Bench, email: str, why: str) -> None:
    """Also while the first one is not at Stripe yet: a mailbox is promised one trial."""
    sell_with_reverse_trial(bench)
    bench.line.down = True
    sign_up(bench, NEW, "newcomer@gmail.com")
    sign_up(bench, "second", email)
    assert has(bench, "second") == ("free", "no_subscription")
    (entry,) = [entry for entry in bench.explain("second").journal if entry.kind == "trial_refused"]
    assert entry.data["why"] == why
    assert entry.data["words"].endswith(".")


def test_what_stripe_refuses_is_not_asked_again(both: Bench) -> None:
    """A refusal is final and journalled; the account keeps its trial, to its end."""
    sell_with_reverse_trial(both)
    both.stripe.v1.prices.update(both.price("team"), {"active": False})
    sign_up(both, NEW)
    assert kinds(both, NEW) == ["reverse_trial", "access_changed", "reverse_trial_not_begun"]
    both.line.requests.clear()
    work(both)
    assert [one for one in both.line.requests if "subscriptions" in one] == []
    assert has(both, NEW) == ("team", "trialing")
    both.clock.now = END
    assert has(both, NEW) == ("free", "trial_ended")


def test_a_price_that_is_pushed_later_is_used(bench: Bench) -> None:
    """While a price is not at Stripe the trial waits, with access; then it begins."""
    sell_with_reverse_trial(bench)
    known = bench.rows(prices)
    with bench.context.database.write() as tx:
        tx.execute(prices.delete())
    sign_up(bench, NEW)
    assert has(bench, NEW) == ("team", "trialing")
    with bench.context.database.write() as tx:
        tx.execute(prices.insert(), [dict(row._mapping) for row in known])
    work(bench)
    assert len(trials_at_stripe(bench)) == 1


def test_the_button_begins_it_too(bench: Bench) -> None:
    """Who asks for the trial that waits gets it, and not a second one; another plan is refused."""
    sell_with_reverse_trial(bench)
    bench.line.down = True
    sign_up(bench, NEW)
    bench.line.down = False
    started = start_trial(bench.context, NEW)
    assert (started.plan, len(trials_at_stripe(bench))) == ("team", 1)
    with pytest.raises(TrialRefusedError) as refused:
        start_trial(bench.context, NEW, "starter")
    assert refused.value.why is Eligibility.ALREADY_SUBSCRIBED


def test_no_plans_no_trial(bench: Bench) -> None:
    """Without a reverse trial in the catalogue a sign-up asks nothing of Stripe."""
    push_plans(bench.context, northwind())
    bench.line.requests.clear()
    sign_up(bench, NEW)
    assert has(bench, NEW) == ("free", "no_subscription")
    assert bench.line.requests == []
    assert bench.rows(grants) == []


def test_what_exceeds_the_free_limits_stays_readable(bench: Bench) -> None:
    """After the trial the account has the free plan; what it made beyond that can be looked at."""
    from tiergate.services.access.consume_usage import consume

    sell_with_reverse_trial(bench)
    sign_up(bench, NEW)
    for number in range(3):
        consume(bench.context, NEW, "projects", 1, key=f"p{number}")
    bench.clock.now = END
    decision = answer_check(bench.context, NEW, "projects")
    assert (decision.allowed, decision.reason, decision.limit, decision.used) == (
        False,
        "limit_reached",
        1,
        3,
    )
    assert (decision.is_over_limit, decision.is_readable) == (True, True)
    assert not consume(bench.context, NEW, "projects", 1, key="p9").allowed


def test_it_lives_on_the_accounts_clock(bench: Bench) -> None:
    """On a test clock sign-up, trial and end are at the clock's time."""
    sell_with_reverse_trial(bench)
    frozen_at = BEGIN + timedelta(days=100)
    clock = bench.post("/v1/test_helpers/test_clocks", frozen_time=int(frozen_at.timestamp()))["id"]
    bench.use_test_clock(clock)
    sign_up(bench, NEW)
    (trial,) = bench.explain(NEW).state.subscriptions
    assert trial.trial_end == frozen_at + timedelta(days=DAYS)
    assert has(bench, NEW) == ("team", "trialing")
