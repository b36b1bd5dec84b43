"""However the line breaks and whoever else presses, one wish is one change."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, lost, open_bench
from tests.services.changing import (
    ASKS_THE_BANK,
    Desk,
    Killed,
    at_stripe,
    break_line,
    desk,
    hear,
    held,
    noted,
    paid,
    prices,
    sell,
    states,
)
from tiergate.services.changes import run_change
from tiergate.services.changes.changed import Changed
from tiergate.services.keyed_wish import KeyReusedError
from tiergate.services.run_due import run_due
from tiergate.store.migrate import upgrade as migrate
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import Answer, Gateway, StripeRefusedError, StripeUnavailableError
from tiergate_sandbox.faults import AnswerFault, Faults


def upgrade(of: Desk) -> Changed:
    """A bigger plan, now."""
    return of.change_plan(ACCOUNT, "scale")


def downgrade(of: Desk) -> Changed:
    """A smaller plan, at the renewal."""
    return of.change_plan(ACCOUNT, "starter")


def replan(of: Desk) -> Changed:
    """A smaller plan by the year: the planned one has to go first."""
    return of.change_plan(ACCOUNT, "starter", "year")


def cancel(of: Desk) -> Changed:
    """The end, with the period."""
    return of.cancel(ACCOUNT, reason="unused")


def end(of: Desk) -> Changed:
    """The end, at once."""
    return of.cancel(ACCOUNT, when="now")


def outcome(bench: Bench, subscription_id: str) -> Any:
    """What has come of it, at Stripe and here; numbers that Stripe draws are left out."""
    at = at_stripe(bench, subscription_id)
    schedules = bench.at_stripe("/v1/subscription_schedules")["data"]
    active = [schedule for schedule in schedules if schedule["status"] == "active"]
    planned = [
        [item["price"] for item in phase["items"]] for schedule in active for phase in schedule["phases"]
    ]
    has = bench.explain().phase
    state = bench.explain().state.subscriptions[0]
    return (
        prices(bench, subscription_id),
        (at["status"], at["cancel_at"], at["cancellation_details"]["feedback"]),
        planned,
        paid(bench),
        (has.plan_key, str(has.reason), state.cancels_at, state.status),
        len(noted(bench)),
    )


WISHES = [upgrade, downgrade, replan, cancel, end]
CALLS = range(1, 8)
"""More than any of these makes: a break that is never reached must change nothing either."""


def prepared(bench: Bench) -> str:
    """A subscription with a planned change, so that the way to anything else has more steps."""
    subscription_id = sell(bench, "team")
    downgrade(desk(bench))
    bench.tick()
    hear(bench)
    bench.tick()
    return subscription_id


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of each wish when nothing breaks."""
    found = {}
    for wish in WISHES:
        url = f"sqlite:///{tmp_path_factory.mktemp('whole')}/tiergate.db"
        migrate(url)
        with open_bench(url) as bench:
            subscription_id = prepared(bench)
            wish(desk(bench))
            found[wish.__name__] = outcome(bench, subscription_id)
    return found


@pytest.mark.parametrize("minutes", [0, 6, 25 * 60], ids=["at once", "minutes later", "a day later"])
@pytest.mark.parametrize("executed", [False, True], ids=["not heard", "answer lost"])
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.__name__)
def test_broken_between_any_two_calls(
    bench: Bench, expected: dict[str, Any], wish: Any, executed: bool, minutes: int
) -> None:
    """Stripe fails at each call in turn; the same wish again has the one result, sooner or later."""
    subscription_id = prepared(bench)
    for number in CALLS:
        repair = break_line(bench, number, lost, executed=executed)
        with suppress(StripeUnavailableError):
            wish(desk(bench))
        repair()
    bench.clock.advance(minutes=minutes)
    wish(desk(bench))
    found, whole = outcome(bench, subscription_id), expected[wish.__name__]
    if minutes and wish is upgrade:
        assert found[0] == whole[0]
        assert len(found[3]) == len(whole[3])
    else:
        assert found == whole
    bench.tick()
    hear(bench)
    assert outcome(bench, subscription_id)[0] == whole[0]
    assert "open" not in states(bench)


@pytest.mark.parametrize("number", CALLS)
@pytest.mark.parametrize("executed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("wish", [replan], ids=["replan"])
def test_killed_between_any_two_calls(
    both: Bench, expected: dict[str, Any], wish: Any, executed: bool, number: int
) -> None:
    """The process dies at a call; webhooks arrive, and the next click of anybody finishes it, once."""
    subscription_id = prepared(both)
    repair = break_line(both, number, Killed, executed=executed)
    with suppress(Killed):
        wish(desk(both))
    repair()
    both.deliver(*both.webhooks())
    run_due(both.context)
    wish(desk(both))
    assert outcome(both, subscription_id) == expected[wish.__name__]


def test_a_repeated_call_bears_the_same_key(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys are the operation's, one for each call: Stripe knows a repetition, and no call is another."""
    sell(both)
    keys: list[str] = []
    gateway = type(both.context.gateway)

    def update(self: Gateway, name: str, params: dict[str, Any], key: str) -> Answer:
        keys.append(key)
        return Gateway.update_subscription(self, name, params, key)

    monkeypatch.setattr(gateway, "update_subscription", update)
    repair = break_line(both, 2, lost, executed=True)
    with pytest.raises(StripeUnavailableError):
        desk(both).change_plan(ACCOUNT, "team")
    repair()
    desk(both).change_plan(ACCOUNT, "team")
    assert keys[:2] == keys[2:]
    assert len(set(keys)) == 2
    (row,) = [row for row in both.rows(operations) if row.action == "change"]
    assert all(key.startswith(row.operation_id) for key in keys)


def test_killed_before_it_is_written_down(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe has done it all, and the process dies before the commit: the next click notes it, once."""
    subscription_id = sell(both)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(run_change, "_settle", die)
        with pytest.raises(Killed):
            desk(both).change_plan(ACCOUNT, "team")
    assert (states(both), both.explain().phase.plan_key) == (["open"], "starter")
    assert desk(both).change_plan(ACCOUNT, "team").outcome == "done"
    assert (states(both), paid(both), len(noted(both))) == (["done"], [1900, 2032], 1)
    assert prices(both, subscription_id) == {"team_monthly": 1}


def test_five_clicks_at_once_are_one_change(both: Bench) -> None:
    """Five clicks in parallel charge once, and all of them are told that it is so."""
    sell(both)
    shown = desk(both).preview_change(ACCOUNT, "team")
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: desk(both).change_plan(ACCOUNT, "team", token=shown.token), range(5)))
    assert {changed.outcome for changed in found} <= {"done", "nothing"}
    assert "done" in {changed.outcome for changed in found}
    assert (paid(both), len(noted(both)), both.explain().phase.plan_key) == ([1900, 2032], 1, "team")


def test_five_clicks_at_once_wait_for_one_payment(both: Bench) -> None:
    """With a card that has to be confirmed there is one invoice, and all lead to it."""
    sell(both, "starter", ASKS_THE_BANK)
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: desk(both).change_plan(ACCOUNT, "team"), range(5)))
    assert {changed.outcome for changed in found} == {"payment_pending"}
    assert len({changed.pay_url for changed in found}) == 1


def test_different_clicks_at_once_leave_one_truth(both: Bench) -> None:
    """Up and away at the same moment: each happens once, one after the other, and mirror and Stripe agree."""
    subscription_id = sell(both)
    clicks = [upgrade, cancel] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda click: click(desk(both)), clicks))
    assert states(both).count("open") == 0
    assert prices(both, subscription_id) == {"scale_monthly": 1}
    assert len(paid(both)) == 2
    at = at_stripe(both, subscription_id)
    assert held(both).is_ending is at["cancel_at_period_end"]


def test_webhooks_that_cross(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that Stripe tells arrives while the change is on its way; the mirror ends where it is."""
    sell(both)
    request = both.line.request

    def crossing(method: str, url: str, *rest: Any, **options: Any) -> Any:
        answer = request(method, url, *rest, **options)
        if method == "post" and "create_preview" not in url:
            monkeypatch.setattr(both.line, "request", request)
            both.deliver(*both.webhooks())
            monkeypatch.setattr(both.line, "request", crossing)
        return answer

    monkeypatch.setattr(both.line, "request", crossing)
    assert desk(both).change_plan(ACCOUNT, "team").outcome == "done"
    monkeypatch.setattr(both.line, "request", request)
    assert both.explain().phase.plan_key == "team"
    both.tick()
    hear(both)
    assert (both.explain().phase.plan_key, len(noted(both))) == ("team", 1)


def test_what_was_wished_long_ago_is_not_charged_now(both: Bench) -> None:
    """An upgrade that never reached Stripe is given up when something else is wished minutes later."""
    subscription_id = sell(both)
    repair = break_line(both, 1, lost, executed=False)
    with pytest.raises(StripeUnavailableError):
        desk(both).change_plan(ACCOUNT, "team", key="click-1")
    repair()
    both.clock.advance(minutes=6)
    assert desk(both).cancel(ACCOUNT).outcome == "scheduled"
    assert (states(both), paid(both)) == (["lapsed", "done"], [1900])
    assert prices(both, subscription_id) == {"starter_monthly": 1}
    assert desk(both).change_plan(ACCOUNT, "team", key="click-1").outcome == "done"


def test_a_failure_that_stripe_remembers(both: Bench) -> None:
    """Stripe keeps its own failures under the key: minutes later the wish is made under a new one."""
    sell(both)
    broken = AnswerFault("error", method="POST", path="/v1/subscriptions/*", times=1)
    both.sandbox.service.courier.faults = Faults(answers=(broken,))
    with pytest.raises(StripeUnavailableError):
        desk(both).change_plan(ACCOUNT, "team")
    both.clock.advance(minutes=6)
    assert desk(both).change_plan(ACCOUNT, "team").outcome == "done"
    assert len(paid(both)) == 2


def test_a_clients_key(both: Bench) -> None:
    """The same key and wish have the same result for ever; with another wish the key is refused."""
    sell(both)
    first = desk(both).change_plan(ACCOUNT, "team", key="k1")
    both.tick()
    desk(both).change_plan(ACCOUNT, "scale", key="k2")
    both.clock.advance(days=3)
    assert desk(both).change_plan(ACCOUNT, "team", key="k1") == first
    assert both.explain().phase.plan_key == "scale"
    with pytest.raises(KeyReusedError):
        desk(both).change_plan(ACCOUNT, "starter", key="k1")
    with pytest.raises(KeyReusedError):
        desk(both).resume(ACCOUNT, key="k1")
    both.register("rival")
    assert desk(both).cancel("rival", key="k1").outcome == "nothing"


def test_a_clients_key_pressed_five_times_at_once(both: Bench) -> None:
    """Five requests under one key get one and the same answer."""
    sell(both)
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: desk(both).change_plan(ACCOUNT, "team", key="k1"), range(5)))
    assert len(set(found)) == 1
    assert paid(both) == [1900, 2032]


def test_a_refusal_is_kept_under_its_key(both: Bench) -> None:
    """What Stripe refused is refused again under the same key, and may be wished under another one."""
    sell(both)
    price = both.price("team")
    both.stripe.v1.prices.update(price, {"active": False})
    for _ in range(2):
        with pytest.raises(StripeRefusedError, match="inactive"):
            desk(both).change_plan(ACCOUNT, "team", key="k1")
    assert (states(both), paid(both)) == (["refused"], [1900])
    both.stripe.v1.prices.update(price, {"active": True})
    assert desk(both).change_plan(ACCOUNT, "team", key="k2").outcome == "done"


def test_a_refusal_half_way_leaves_nothing_behind(both: Bench) -> None:
    """The schedule that was made for a change that Stripe refuses is gone again, and the mirror knows."""
    subscription_id = sell(both, "team")
    both.stripe.v1.prices.update(both.price("starter"), {"active": False})
    with pytest.raises(StripeRefusedError):
        desk(both).change_plan(ACCOUNT, "starter")
    assert at_stripe(both, subscription_id)["schedule"] is None
    assert (held(both).schedule_id, states(both)) == (None, ["refused"])


def test_news_that_crosses_the_answer(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft of an invoice arrives while the change is read back: the bill is known all the same."""
    sell(both, "team", ASKS_THE_BANK)
    read = Gateway.fetch_subscription

    def crossed(self: Gateway, subscription_id: str) -> Answer | None:
        answer = read(self, subscription_id)
        both.tick()
        both.deliver(*(each for each in both.webhooks() if each.type == "invoice.created"))
        return answer

    monkeypatch.setattr(Gateway, "fetch_subscription", crossed)
    changed = upgrade(desk(both))
    assert changed.outcome == "payment_pending"
    assert [invoice.status for invoice in both.explain().state.invoices] == ["paid", "open"]


def test_an_answer_that_others_have_overtaken(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an answer is on its way, others finish the same and go on: what it says is old by then."""
    sell(both)
    read = Gateway.fetch_subscription

    def overtaken(self: Gateway, subscription_id: str) -> Answer | None:
        answer = read(self, subscription_id)
        monkeypatch.setattr(Gateway, "fetch_subscription", read)
        desk(both).cancel(ACCOUNT)
        return answer

    monkeypatch.setattr(Gateway, "fetch_subscription", overtaken)
    assert upgrade(desk(both)).outcome == "done"
    assert held(both).is_ending
    assert len(noted(both)) == 2
