"""What is wanted from Stripe: looked up when it is old, repeated when it is wanted again."""

from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, Json
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.run_operation import run_operation
from tiergate.store.checkout_table import checkouts
from tiergate.store.tables import customers, operations
from tiergate.stripe_api.gateway import Answer, StripeUnavailableError


def at_stripe(bench: Bench, path: str) -> list[Json]:
    """All objects of a list."""
    found: list[Json] = bench.at_stripe(path)["data"]
    return found


def states(bench: Bench) -> dict[str, list[str]]:
    """The states of the operations, by action, in the order in which they were opened."""
    found: dict[str, list[str]] = {}
    for row in sorted(bench.rows(operations), key=lambda row: row.created_at):
        found.setdefault(row.action, []).append(row.state)
    return found


def lose_the_answer(bench: Bench, do: Any) -> None:
    """Let Stripe act, and its answer get lost."""
    bench.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        do()
    bench.line.deaf = False


@pytest.mark.parametrize("on_clock", [False, True], ids=["real time", "test clock"])
def test_a_customer_is_looked_up_after_a_day(both: Bench, on_clock: bool) -> None:
    """Stripe has forgotten the key by then: the customer that was created is found, not made again."""
    if on_clock:
        clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(both.clock.now.timestamp()))
        both.use_test_clock(clock["id"])
        both.register(ACCOUNT)
    lose_the_answer(both, lambda: ensure_customer(both.context, ACCOUNT))
    both.clock.advance(hours=25)
    everywhere = f"/v1/customers?test_clock={clock['id']}" if on_clock else "/v1/customers"
    (created,) = at_stripe(both, everywhere)
    assert ensure_customer(both.context, ACCOUNT) == created["id"]
    assert [customer["id"] for customer in at_stripe(both, everywhere)] == [created["id"]]
    assert [row.stripe_customer_id for row in both.rows(customers)] == [created["id"]]
    assert states(both) == {"create_customer": ["done"]}
    assert created["metadata"]["operation_id"] == both.rows(operations)[0].operation_id


def test_a_checkout_is_looked_up_after_a_day(both: Bench) -> None:
    """The session that was created is found; it has expired meanwhile, and a new one is opened."""
    ensure_customer(both.context, ACCOUNT)
    lose_the_answer(both, lambda: start_checkout(both.context, ACCOUNT, Order("team")))
    both.clock.advance(hours=23, minutes=30)
    url = start_checkout(both.context, ACCOUNT, Order("team"))
    assert [session["url"] for session in at_stripe(both, "/v1/checkout/sessions")] == [url]
    assert [row.status for row in both.rows(checkouts)] == ["open"]
    assert states(both)["checkout"] == ["done"]


def test_what_is_not_found_is_asked_for(both: Bench) -> None:
    """An old operation that Stripe never heard of is carried out: it is no proof that it was done."""
    both.line.down = True
    with pytest.raises(StripeUnavailableError):
        ensure_customer(both.context, ACCOUNT)
    both.line.down = False
    both.clock.advance(days=3)
    customer = ensure_customer(both.context, ACCOUNT)
    assert [found["id"] for found in at_stripe(both, "/v1/customers")] == [customer]


def test_a_young_operation_relies_on_its_key(both: Bench) -> None:
    """Within a day Stripe knows the key, and nothing is looked up."""
    lose_the_answer(both, lambda: ensure_customer(both.context, ACCOUNT))
    both.clock.advance(hours=22)
    both.line.requests.clear()
    ensure_customer(both.context, ACCOUNT)
    assert both.line.requests == ["POST /v1/customers"]
    assert len(at_stripe(both, "/v1/customers")) == 1


def test_upgrade_undo_upgrade_again(both: Bench) -> None:
    """The same wish after a final answer is a new one, with a key of its own: three, not one."""
    subscription_id = both.subscribe("starter")
    keys: list[str] = []

    def move(plan: str) -> None:
        item = both.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0]["id"]

        def call(parameters: dict[str, Any], key: str) -> Answer:
            keys.append(key)
            moved = both.post(f"/v1/subscriptions/{subscription_id}", idempotency_key=key, **parameters)
            return Answer(moved, both.clock.now)

        wanted = {"items": [{"id": item, "price": both.price(plan)}]}
        run_operation(
            both.context, ACCOUNT, "change_plan", wanted, call, lambda _: None, lambda *_: None,
            lambda *_: True,
        )  # fmt: skip

    for plan in ("team", "starter", "team"):
        both.tick()
        move(plan)
    assert len(set(keys)) == 3
    assert states(both)["change_plan"] == ["done"] * 3
    (item,) = both.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"]
    assert item["price"]["id"] == both.price("team")


def test_expiring_a_checkout_is_an_operation_too(both: Bench) -> None:
    """Another plan closes the session of the first one; an answer that was lost is asked for again."""
    start_checkout(both.context, ACCOUNT, Order("team"))
    both.line.requests.clear()
    lose_at = "POST /v1/checkout/sessions/"
    both.line.calls_left = 1
    with pytest.raises(StripeUnavailableError):
        start_checkout(both.context, ACCOUNT, Order("scale"))
    assert both.line.requests[-1].startswith(lose_at)
    both.line.calls_left = None
    start_checkout(both.context, ACCOUNT, Order("scale"))
    assert states(both)["expire_checkout"] == ["done"]
    assert sorted(row.status for row in both.rows(checkouts)) == ["expired", "open"]


def test_an_old_wish_to_expire_is_looked_up(both: Bench) -> None:
    """A session that has expired by itself meanwhile needs no second call."""
    start_checkout(both.context, ACCOUNT, Order("team"))
    both.line.calls_left = 1
    with pytest.raises(StripeUnavailableError):
        start_checkout(both.context, ACCOUNT, Order("scale"))
    both.line.calls_left = None
    both.clock.advance(days=2)
    both.sandbox.catch_up()
    both.line.requests.clear()
    start_checkout(both.context, ACCOUNT, Order("scale"))
    assert not any(request.endswith("/expire") for request in both.line.requests)
    assert sorted(row.status for row in both.rows(checkouts)) == ["expired", "open"]
