"""Of two live subscriptions a superseded trial is cancelled, and a second paid one is told of, once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tiergate.services.access.resolve_duplicates import resolve_duplicates
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store.tables import operations, outbox
from tiergate.stripe_api.gateway import Answer, Gateway, StripeRefusedError

CANCEL_PAID = '[plans.team.policy]\non_duplicate = "cancel"\n'


def status_at_stripe(bench: Bench, subscription_id: str) -> str:
    """What Stripe says of a subscription."""
    return str(bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["status"])


def noted(bench: Bench, *kinds: str) -> list[str]:
    """What was journalled of these kinds."""
    return [entry.kind for entry in bench.explain().journal if entry.kind in kinds]


def buy_beside_a_trial(bench: Bench) -> tuple[str, str]:
    """Let an account try Starter and then buy Team, which Stripe allows; nothing of it is heard yet."""
    trial = bench.subscribe("starter", trial_period_days=14)
    bench.tick()
    return trial, bench.subscribe("team")


def pay_twice(bench: Bench) -> tuple[str, str]:
    """Let an account pay for Team two times; nothing of it is heard yet."""
    first = bench.subscribe("team")
    bench.tick()
    return first, bench.subscribe("team")


def test_a_trial_that_a_purchase_has_overtaken_is_cancelled(both: Bench) -> None:
    """As soon as both are known the trial ends at Stripe and here; access is that of what was bought."""
    trial, bought = buy_beside_a_trial(both)
    both.deliver(*both.webhooks())
    run_due(both.context)
    assert (status_at_stripe(both, trial), status_at_stripe(both, bought)) == ("canceled", "active")
    assert both.mirrored(trial).status == "canceled"
    assert (both.explain().phase.plan_key, both.reason()) == ("team", "active")
    both.deliver(*both.webhooks())
    run_due(both.context)
    assert noted(both, "duplicate_canceled", "duplicate_subscription") == ["duplicate_canceled"]


def test_a_second_paid_subscription_is_told_of_and_left(both: Bench) -> None:
    """By default both go on, and it is journalled and announced once, whatever comes after."""
    first, second = pay_twice(both)
    both.deliver(*both.webhooks())
    for _ in range(2):
        both.register(ACCOUNT, members=2)
        run_due(both.context)
    assert [status_at_stripe(both, each) for each in (first, second)] == ["active", "active"]
    assert noted(both, "duplicate_subscription") == ["duplicate_subscription"]
    (notice,) = [row for row in both.rows(outbox) if row.kind == "duplicate_subscription"]
    assert (notice.channel, notice.payload) == ("notice", {"subscription": second, "kept": first})
    assert notice.expires_at is not None


def test_nobody_is_told_of_what_a_late_event_makes_look_twice(both: Bench) -> None:
    """One of them is to end, which nobody has told yet: Stripe is asked, and nothing is announced."""
    first, second = pay_twice(both)
    told = both.webhooks()
    both.stripe.v1.subscriptions.update(first, {"cancel_at_period_end": True})
    both.webhooks()
    both.deliver(*told)
    run_due(both.context)
    assert both.mirrored(first).cancel_at_period_end is True
    assert both.mirrored(second).status == "active"
    assert noted(both, "duplicate_subscription") == []
    assert run_due(both.context) == 0


def test_a_second_paid_subscription_is_cancelled_where_the_policy_says_so(both: Bench) -> None:
    """With `on_duplicate = "cancel"` the newer one is told of and ended, the older one goes on."""
    push_plans(both.context, northwind() + CANCEL_PAID)
    first, second = pay_twice(both)
    both.deliver(*both.webhooks())
    run_due(both.context)
    assert [status_at_stripe(both, each) for each in (first, second)] == ["active", "canceled"]
    assert noted(both, "duplicate_subscription", "duplicate_canceled") == [
        "duplicate_subscription",
        "duplicate_canceled",
    ]


def test_while_stripe_is_down_the_account_stays_due(both: Bench) -> None:
    """What could not be cancelled is tried again by the worker, and then the account is not due any more."""
    trial, _ = buy_beside_a_trial(both)
    webhooks = both.webhooks()
    both.line.down = True
    both.deliver(*webhooks)
    assert [run_due(both.context) for _ in range(2)] == [1, 1]
    assert status_at_stripe(both, trial) == "trialing"
    both.line.down = False
    run_due(both.context)
    assert status_at_stripe(both, trial) == "canceled"
    assert run_due(both.context) == 0


def test_a_lost_answer_does_not_lose_the_cancellation(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe refuses to cancel what it has cancelled already; what it holds is the answer then."""
    ask, lost = both.line.request, [True]

    def lose(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        both.line.deaf = method == "delete" and lost.pop()
        try:
            return ask(method, url, *rest, **options)
        finally:
            both.line.deaf = False

    trial, _ = buy_beside_a_trial(both)
    monkeypatch.setattr(both.line, "request", lose)
    both.deliver(*both.webhooks())
    monkeypatch.undo()
    assert (status_at_stripe(both, trial), both.mirrored(trial).status) == ("canceled", "trialing")
    assert noted(both, "duplicate_canceled") == []
    run_due(both.context)
    assert both.mirrored(trial).status == "canceled"
    assert noted(both, "duplicate_canceled") == ["duplicate_canceled"]
    assert [row.state for row in both.rows(operations) if row.action.startswith("cancel")] == ["done"]
    assert run_due(both.context) == 0


def test_a_purchase_that_is_gone_saves_the_trial(both: Bench) -> None:
    """Stripe is asked before anything is cancelled: late news must not cost the subscription that stays."""
    trial, bought = buy_beside_a_trial(both)
    webhooks = both.webhooks()
    both.tick()
    both.stripe.v1.subscriptions.cancel(bought)
    both.deliver(*webhooks)
    run_due(both.context)
    assert (status_at_stripe(both, trial), status_at_stripe(both, bought)) == ("trialing", "canceled")
    assert both.reason() == "trialing"


def test_a_refusal_is_noted_once_and_left_to_people(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What Stripe will not cancel is journalled and not tried again; the account is not due for ever."""
    asked: list[str] = []

    def refuse(_gateway: Gateway, subscription_id: str) -> Answer:
        asked.append(subscription_id)
        raise StripeRefusedError("Managed by a platform.")

    monkeypatch.setattr(Gateway, "cancel_subscription", refuse)
    trial, _ = buy_beside_a_trial(bench)
    bench.deliver(*bench.webhooks())
    bench.clock.advance(seconds=30)
    run_due(bench.context)
    assert run_due(bench.context) == 0
    assert asked == [trial]
    assert noted(bench, "duplicate_not_canceled") == ["duplicate_not_canceled"]
    assert "Managed by a platform" in caplog.text


def test_workers_at_once_cancel_once(both: Bench) -> None:
    """Four that resolve the same account at the same time note one cancellation."""
    trial, _ = buy_beside_a_trial(both)
    webhooks = both.webhooks()
    both.line.down = True
    both.deliver(*webhooks)
    both.line.down = False
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: resolve_duplicates(both.context, ACCOUNT), range(4)))
    assert status_at_stripe(both, trial) == "canceled"
    assert noted(both, "duplicate_canceled") == ["duplicate_canceled"]
