"""When time leaps over boundaries, nothing is announced that Stripe would have denied had it been asked."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.run_due import run_due
from tiergate.stripe_api.needed_events import NEEDED_EVENTS

TRAVELLER = "traveller"
LEAPS = [timedelta(weeks=6), timedelta(weeks=8)]
"""The first goes past the trial's end and a renewal, the second past two renewals."""


def start_trial_with_card(bench: Bench, account_id: str) -> None:
    """Let an account try Team for 14 days, with a card, and hear of it."""
    bench.subscribe(account_id=account_id, trial_period_days=14)
    bench.deliver(*bench.webhooks(*NEEDED_EVENTS))
    run_due(bench.context)


def start_on_clock(bench: Bench) -> str:
    """Start a trial with a card on a test clock, and return the clock."""
    frozen_time = int(bench.clock.now.timestamp())
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": frozen_time}).id
    bench.use_test_clock(clock)
    bench.register(TRAVELLER)
    start_trial_with_card(bench, TRAVELLER)
    return clock


def leap(bench: Bench, clock: str, by: timedelta) -> None:
    """Move the clock at Stripe, as the dashboard does, until it has arrived."""
    shown = bench.at_stripe(f"/v1/test_helpers/test_clocks/{clock}")["frozen_time"]
    target = shown + int(by.total_seconds())
    bench.stripe.v1.test_helpers.test_clocks.advance(clock, {"frozen_time": target})
    for _ in range(100):
        bench.tick()
        bench.sandbox.catch_up()
        if bench.at_stripe(f"/v1/test_helpers/test_clocks/{clock}")["status"] == "ready":
            return
    raise AssertionError("The clock did not arrive.")


def changes(bench: Bench, account_id: str = TRAVELLER) -> list[dict[str, Any]]:
    """What was announced of an account's access, from the trial on."""
    told = [e.data["to"] for e in bench.explain(account_id).journal if e.kind == "access_changed"]
    return told[[change["reason"] for change in told].index("trialing") :]


def require_no_scare(bench: Bench) -> None:
    """Require that it had Team in full all the time, and that nobody was told otherwise."""
    told = changes(bench)
    assert {(change["plan"], change["access"]) for change in told} == {("team", "full")}, told
    assert "unknown" not in [change["reason"] for change in told]
    assert (told[-1]["reason"], bench.reason(TRAVELLER)) == ("active", "active")


def test_webhooks_before_the_worker(both: Bench) -> None:
    """Webhooks that tell of a leap one by one announce no loss of access on the way."""
    clock = start_on_clock(both)
    for by in LEAPS:
        leap(both, clock, by)
        for webhook in both.webhooks(*NEEDED_EVENTS):
            both.deliver(webhook)
            assert {change["access"] for change in changes(both)} == {"full"}, webhook.type
        run_due(both.context)
        require_no_scare(both)


def test_the_clocks_own_webhook_first(bench: Bench) -> None:
    """The word that the clock has arrived, before all that happened on its way, announces nothing."""
    clock = start_on_clock(bench)
    for by in LEAPS:
        leap(bench, clock, by)
        sent = bench.webhooks()
        bench.deliver(*[webhook for webhook in sent if webhook.type == "test_helpers.test_clock.ready"])
        bench.register(TRAVELLER, members=3)
        bench.deliver(*[webhook for webhook in sent if webhook.type in NEEDED_EVENTS])
        run_due(bench.context)
        require_no_scare(bench)


def test_the_worker_before_the_webhooks(both: Bench) -> None:
    """A worker that sees the clock first asks Stripe first; the late webhooks then change nothing."""
    clock = start_on_clock(both)
    for by in LEAPS:
        leap(both, clock, by)
        run_due(both.context)
        require_no_scare(both)
        before = changes(both)
        both.deliver(*both.webhooks(*NEEDED_EVENTS))
        run_due(both.context)
        assert changes(both) == before


def test_unknown_is_announced_after_asking_and_once(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Stripe silent for too long, whoever asked in vain announces `unknown`; nobody else, and once."""
    start_trial_with_card(both, ACCOUNT)
    both.clock.advance(weeks=6)
    both.line.down = True
    both.register(ACCOUNT, members=3)
    assert both.reason() == "unknown"
    assert [change["reason"] for change in changes(both, ACCOUNT)] == ["trialing"]
    announced_when_asked: list[bool] = []
    ask = both.line.request

    def watched(*arguments: Any, **options: Any) -> tuple[str, int, Any]:
        announced_when_asked.append(changes(both, ACCOUNT)[-1]["reason"] == "unknown")
        return ask(*arguments, **options)

    monkeypatch.setattr(both.line, "request", watched)
    for _ in range(3):
        run_due(both.context)
        both.clock.advance(hours=5)
    assert announced_when_asked[0] is False
    assert [change["reason"] for change in changes(both, ACCOUNT)] == ["trialing", "unknown"]
    both.line.down = False
    both.sandbox.catch_up()
    run_due(both.context)
    assert [change["reason"] for change in changes(both, ACCOUNT)] == ["trialing", "unknown", "active"]
