"""What was begun and left open is settled by the worker, and nobody is charged for a click of long ago."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.changing import (
    ASKS_THE_BANK,
    VISA,
    Killed,
    at_stripe,
    break_line,
    desk,
    held,
    noted,
    paid,
    prices,
    sell,
    states,
)
from tests.services.test_doctor import healthy, troubles
from tiergate import services
from tiergate.services.accounts.delete_customer import delete_customer
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.accounts.set_billing_email import set_billing_email
from tiergate.services.changes import finish_operations as finishing
from tiergate.services.changes.finish_operations import finish_operations
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.plans.migrate_accounts import migrate_accounts
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.services.trials.buy_in_trial import buy_in_trial
from tiergate.services.trials.extend_trial import end_trial, extend_trial
from tiergate.services.trials.start_trial import start_trial
from tiergate.store.checkout_table import checkouts
from tiergate.store.operation_rows import Operation, open_operation
from tiergate.store.tables import leases, operations
from tiergate.stripe_api.gateway import Gateway

__all__ = ["healthy"]

Do = Callable[[Bench], Any]


def die(bench: Bench, do: Do, at: int, *, executed: bool) -> None:
    """Let the process die at the n-th call, before or after Stripe has acted."""
    repair = break_line(bench, at, Killed, executed=executed)
    with suppress(Killed):
        do(bench)
    repair()


def later(bench: Bench, minutes: float = 7) -> None:
    """Let minutes pass, hear what Stripe has told, and let the worker do what is due."""
    bench.clock.advance(minutes=minutes)
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    run_due(bench.context)


def last(bench: Bench, action: str) -> str:
    """Return how far the last operation of an action has come."""
    rows = [row for row in bench.rows(operations) if row.action.partition(" ")[0] == action]
    return str(max(rows, key=lambda row: row.created_at).state)


def trying(bench: Bench) -> None:
    """A trial without a card runs."""
    start_trial(bench.context, ACCOUNT, "team")
    bench.deliver(*bench.webhooks())


def trying_with_card(bench: Bench) -> None:
    """A trial with a card runs."""
    bench.subscribe("team", trial_period_days=14)
    bench.deliver(*bench.webhooks())


def begin_customer(account_id: str, bench: Bench) -> None:
    """Somebody is to be known at Stripe."""
    ensure_customer(bench.context, account_id)


def a_customer(bench: Bench) -> None:
    """Somebody is known at Stripe."""
    bench.customer()
    bench.deliver(*bench.webhooks())


def subscribed(bench: Bench) -> None:
    """A plan was bought ten days ago."""
    sell(bench)


def with_a_page(bench: Bench) -> None:
    """A checkout is open."""
    start_checkout(bench.context, ACCOUNT, Order("team"))


def buy_another(bench: Bench) -> None:
    """Another plan is to be bought: the page that is open has to be closed."""
    start_checkout(bench.context, ACCOUNT, Order("scale"))


def with_a_new_version(bench: Bench) -> None:
    """A plan was bought, and another version published."""
    sell(bench)
    push_plans(bench.context, northwind().replace('name = "Starter"', 'name = "Beginner"'))


def nothing(_bench: Bench) -> None:
    """Nothing was done before."""


@dataclass(frozen=True)
class Wish:
    """Something that is wanted, of which the n-th call does it."""

    action: str
    before: Do
    do: Do
    call: int
    unheard: str
    """What becomes of it where Stripe never heard of it."""


WISHES = [
    Wish("create_customer", nothing, lambda b: ensure_customer(b.context, ACCOUNT), 1, "done"),
    Wish("start_trial", a_customer, lambda b: start_trial(b.context, ACCOUNT, "team"), 1, "done"),
    Wish("checkout", a_customer, lambda b: start_checkout(b.context, ACCOUNT, Order("team")), 1, "lapsed"),
    Wish("buy_in_trial", trying, lambda b: buy_in_trial(b.context, ACCOUNT, Order("team")), 1, "lapsed"),
    Wish("expire_checkout", with_a_page, buy_another, 2, "done"),
    Wish("billing_email", a_customer, lambda b: set_billing_email(b.context, ACCOUNT, "a@b.test"), 1, "done"),
    Wish("extend_trial", trying, lambda b: extend_trial(b.context, ACCOUNT, 7), 1, "done"),
    Wish("end_trial", trying_with_card, lambda b: end_trial(b.context, ACCOUNT), 1, "lapsed"),
    Wish("delete_customer", a_customer, lambda b: delete_customer(b.context, ACCOUNT), 1, "lapsed"),
    Wish("migrate", with_a_new_version, lambda b: migrate_accounts(b.context, preview=False), 1, "done"),
    Wish("change", subscribed, lambda b: desk(b).cancel(ACCOUNT), 1, "lapsed"),
]  # fmt: skip


@pytest.mark.parametrize("executed", [False, True], ids=["not heard", "answer lost"])
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.action)
def test_what_was_left_open_is_settled(both: Bench, wish: Wish, executed: bool) -> None:
    """What Stripe has done is noted, what it never heard of is done, or given up where that is safer."""
    wish.before(both)
    die(both, wish.do, wish.call, executed=executed)
    assert last(both, wish.action) == "open"
    later(both, 5)
    assert last(both, wish.action) == "open"
    later(both, 2)
    assert last(both, wish.action) == ("done" if executed else wish.unheard)
    assert not both.rows(leases)
    both.line.requests.clear()
    later(both, 60)
    assert not [request for request in both.line.requests if request.startswith(("POST", "DELETE"))]


def test_an_upgrade_that_never_reached_stripe_is_not_charged(both: Bench) -> None:
    """Nobody waits for it any more: it lapses, nothing is paid, and its key is free."""
    subscription_id = sell(both)
    die(both, lambda b: desk(b).change_plan(ACCOUNT, "team", key="k"), 1, executed=False)
    later(both)
    assert (states(both), paid(both), prices(both, subscription_id)) == (
        ["lapsed"],
        [1900],
        {"starter_monthly": 1},
    )
    assert desk(both).change_plan(ACCOUNT, "team", key="k").outcome == "done"


def test_an_upgrade_that_reached_stripe_is_finished(both: Bench) -> None:
    """Charged is charged: what is missing follows, it is noted once, and the client's key leads to it."""
    subscription_id = sell(both)
    die(both, lambda b: desk(b).change_plan(ACCOUNT, "team", key="k"), 1, executed=True)
    later(both)
    assert (states(both), paid(both), len(noted(both))) == (["done"], [1900, 2032], 1)
    assert at_stripe(both, subscription_id)["metadata"]["plan_key"] == "team"
    assert desk(both).change_plan(ACCOUNT, "team", key="k").outcome == "done"
    assert paid(both) == [1900, 2032]


@pytest.mark.parametrize("by", ["the worker", "the next click"])
def test_what_only_leads_up_to_a_charge_does_not_charge(both: Bench, by: str) -> None:
    """A planned change was taken back for an upgrade that never came: nobody is charged later."""
    subscription_id = sell(both, "team")
    desk(both).change_plan(ACCOUNT, "starter")
    die(both, lambda b: desk(b).change_plan(ACCOUNT, "scale"), 1, executed=True)
    before = paid(both)
    if by == "the worker":
        later(both)
        assert states(both) == ["done", "lapsed"]
    else:
        both.clock.advance(minutes=7)
        assert desk(both).cancel(ACCOUNT).outcome == "scheduled"
        assert states(both) == ["done", "lapsed", "done"]
    assert (paid(both), prices(both, subscription_id)) == (before, {"team_monthly": 1})
    assert held(both).schedule_id is None


def test_what_waits_for_its_payment_names_no_plan(both: Bench) -> None:
    """The bank has to confirm: minutes later the metadata still names the plan that is in force."""
    subscription_id = sell(both, "starter", ASKS_THE_BANK)
    die(both, lambda b: desk(b).change_plan(ACCOUNT, "team"), 1, executed=True)
    later(both)
    assert states(both) == ["done"]
    at = at_stripe(both, subscription_id)
    assert (bool(at["pending_update"]), at["metadata"].get("plan_key")) == (True, None)


def test_half_a_schedule_is_finished(both: Bench) -> None:
    """Between making a schedule and filling it the process dies: the smaller plan is planned all the same."""
    sell(both, "team")
    die(both, lambda b: desk(b).change_plan(ACCOUNT, "starter"), 1, executed=True)
    later(both)
    assert states(both) == ["done"]
    schedule = both.at_stripe(f"/v1/subscription_schedules/{held(both).schedule_id}")
    planned = [phase["items"][0]["price"] for phase in schedule["phases"]]
    assert planned == [both.price("team"), both.price("starter")]


def test_a_purchase_that_was_charged_is_told_as_one(both: Bench) -> None:
    """The process dies when the card was charged, and webhooks end the trial: it was bought."""
    trying(both)
    url = buy_in_trial(both.context, ACCOUNT, Order("team"))
    both.pay(url, VISA)
    told = both.webhooks()
    completed = [one for one in told if one.type == "checkout.session.completed"]
    both.line.requests.clear()
    repair = break_line(both, 4, Killed, executed=True)
    with suppress(Killed):
        both.deliver(*completed)
        run_due(both.context)
    repair()
    assert both.line.requests[-1].startswith("POST /v1/subscriptions/")
    assert last(both, "purchase") == "open"
    later(both)
    later(both, 11)
    assert last(both, "purchase") == "done"
    kinds = [entry.kind for entry in both.explain().journal]
    assert ("bought_in_trial" in kinds, "purchase_lapsed" in kinds, paid(both)) == (True, False, [4900])


def test_one_that_fails_backs_off_and_holds_up_no_other(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again after half its age; meanwhile the next is finished."""
    tried = []

    def fail(_context: Any, begun: Operation) -> None:
        tried.append(begun.operation_id)
        raise RuntimeError("it cannot be done")

    with both.context.database.write() as tx:
        open_operation(tx, Operation("op_1", ACCOUNT, "odd", {}, both.clock.now))
    monkeypatch.setattr(finishing, "_FINISHERS", {**finishing._FINISHERS, "odd": fail})
    both.tick()
    die(both, lambda b: ensure_customer(b.context, ACCOUNT), 1, executed=True)
    for _ in range(60):
        both.clock.advance(minutes=1)
        finish_operations(both.context)
    assert last(both, "create_customer") == "done"
    assert (last(both, "odd"), len(tried)) == ("open", 5)
    both.clock.advance(days=30)
    finish_operations(both.context)
    both.clock.advance(hours=6)
    finish_operations(both.context)
    assert len(tried) == 7


def test_a_silent_stripe_is_left_alone(both: Bench) -> None:
    """Once Stripe cannot be reached, the others wait for the next round."""
    for number in range(3):
        both.register(f"account_{number}")
        die(both, partial(begin_customer, f"account_{number}"), 1, executed=False)
    both.line.down = True
    both.clock.advance(minutes=7)
    both.line.requests.clear()
    finish_operations(both.context)
    assert len(both.line.requests) == 1
    both.line.down = False
    finish_operations(both.context)
    both.clock.advance(minutes=6)
    finish_operations(both.context)
    assert {row.state for row in both.rows(operations)} == {"done"}


def test_so_many_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round finishes some of them, the oldest first, and the next one goes on."""
    monkeypatch.setattr(finishing, "_MOST", 2)
    for number in range(3):
        bench.register(f"account_{number}")
        die(bench, partial(begin_customer, f"account_{number}"), 1, executed=True)
        bench.tick()
    bench.clock.advance(minutes=7)
    finish_operations(bench.context)
    found = sorted(bench.rows(operations), key=lambda row: row.created_at)
    assert [row.state for row in found] == ["done", "done", "open"]
    finish_operations(bench.context)
    assert {row.state for row in bench.rows(operations)} == {"done"}


def test_whoever_clicks_meanwhile_is_not_disturbed(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the worker looks an operation up, somebody else settles it: it is done once."""
    a_customer(both)
    die(both, lambda b: start_checkout(b.context, ACCOUNT, Order("team")), 1, executed=True)
    list_sessions = Gateway.list_checkout_sessions

    def crossed(self: Gateway, customer_id: str) -> Any:
        monkeypatch.setattr(Gateway, "list_checkout_sessions", list_sessions)
        start_checkout(both.context, ACCOUNT, Order("team"))
        return list_sessions(self, customer_id)

    monkeypatch.setattr(Gateway, "list_checkout_sessions", crossed)
    later(both)
    assert [row.status for row in both.rows(checkouts)] == ["open"]
    assert last(both, "checkout") == "done"


def test_a_trial_is_not_begun_for_who_has_bought_meanwhile(both: Bench) -> None:
    """What speaks against a trial by now is heeded: it lapses."""
    a_customer(both)
    die(both, lambda b: start_trial(b.context, ACCOUNT, "team"), 1, executed=False)
    subscription_id = both.subscribe("starter")
    later(both)
    assert last(both, "start_trial") == "lapsed"
    assert both.mirrored_ids() == {subscription_id}


def test_the_doctor_tells_of_what_stays_open(healthy: Bench) -> None:
    """One that nobody can finish is a problem, with the log as the remedy."""
    with healthy.context.database.write() as tx:
        open_operation(tx, Operation("op_1", ACCOUNT, "odd", {}, healthy.clock.now))
    healthy.clock.advance(minutes=11)
    run_due(healthy.context)
    assert "operations" in troubles(healthy)


def test_what_is_needed_no_more_is_closed(both: Bench) -> None:
    """A second subscription is over by now, and invoices are not to be sent any more: neither stays open."""
    subscription_id = sell(both)
    both.stripe.v1.subscriptions.cancel(subscription_id)
    told = {"subscription": subscription_id, "kept": "sub_other"}
    naming = {"subscription": subscription_id, "prices": [], "metadata": {}, "waiting": "op_gone"}
    left: list[tuple[str, dict[str, Any]]] = [
        (f"cancel_duplicate {subscription_id}", told),
        (f"send_invoices {subscription_id}", {}),
        ("name_plan", naming),
    ]
    with both.context.database.write() as tx:
        for number, (action, parameters) in enumerate(left):
            open_operation(tx, Operation(f"op_{number}", ACCOUNT, action, parameters, both.clock.now))
    later(both)
    settled = [last(both, action.partition(" ")[0]) for action, _ in left]
    assert settled == ["done", "lapsed", "lapsed"]


def test_what_an_account_has_only_once_is_not_cancelled(both: Bench) -> None:
    """A cancellation that never reached Stripe lapses where the subscription is the only one by now."""
    subscription_id = sell(both)
    told = {"subscription": subscription_id, "kept": "sub_other"}
    begun = Operation("op_1", ACCOUNT, f"cancel_duplicate {subscription_id}", told, both.clock.now)
    with both.context.database.write() as tx:
        open_operation(tx, begun)
    later(both)
    assert last(both, "cancel_duplicate") == "lapsed"
    assert at_stripe(both, subscription_id)["status"] == "active"


def test_whatever_is_begun_can_be_finished() -> None:
    """Each use case that opens an operation has what finishes it."""
    folder = Path(services.__file__).parent
    texts = {path.stem: path.read_text() for path in folder.rglob("*.py")}
    opens = {name for name, text in texts.items() if " run_operation(\n" in text and "def run_op" not in text}
    finish = {finisher.__module__.rpartition(".")[2] for finisher in finishing._FINISHERS.values()}
    assert opens == finish
