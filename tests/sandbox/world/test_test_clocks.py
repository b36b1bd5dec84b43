"""Test clocks: they move forward when told to, and everything on them moves along."""

import pytest

from tests.sandbox.world.script import DAY, NOW, Script
from tiergate_sandbox.world import Call, Settings


def advance(script: Script, target: int) -> Call:
    """Return the call that advances the script's clock."""
    path = f"/v1/test_helpers/test_clocks/{script.clock}/advance"
    return Call("POST", path, {"frozen_time": str(target)})


def test_a_new_clock(script: Script) -> None:
    """A clock stands where it was put and is ready."""
    clock = script.post("/v1/test_helpers/test_clocks", frozen_time=1577836800, name="New year")
    assert (clock["frozen_time"], clock["status"], clock["name"]) == (1577836800, "ready", "New year")
    assert clock["deletes_after"] == NOW + 30 * DAY
    script.happened("test_helpers.test_clock.created")
    listed = script.get("/v1/test_helpers/test_clocks")["data"]
    assert [one["id"] for one in listed] == [clock["id"], script.clock]


def test_advancing_is_answered_before_it_is_done(script: Script) -> None:
    """The answer says advancing; the next run_until plays what is due and the clock is ready."""
    answer, events = script.world.call(advance(script, NOW + DAY), NOW)
    assert (answer.body["status"], answer.body["frozen_time"]) == ("advancing", NOW)
    assert answer.body["status_details"] == {"advancing": {"target_frozen_time": NOW + DAY}}
    assert [event.type for event in events] == ["test_helpers.test_clock.advancing"]
    assert script.world.next_due_at() == NOW
    assert [event.type for event in script.world.run_until(NOW)] == ["test_helpers.test_clock.ready"]
    clock = script.get(f"/v1/test_helpers/test_clocks/{script.clock}")
    assert (clock["status"], clock["frozen_time"], clock["status_details"]) == ("ready", NOW + DAY, {})
    assert script.world.next_due_at() is None


def test_any_other_call_finds_it_done(script: Script) -> None:
    """Only another advance can meet a clock that is still advancing, and it is refused with 429."""
    script.world.call(advance(script, NOW + DAY), NOW)
    refused, _ = script.world.call(advance(script, NOW + 2 * DAY), NOW)
    assert refused.status == 429
    assert script.frozen_time() == NOW + DAY


def test_it_moves_only_forward(script: Script) -> None:
    """A target that is not later is refused."""
    path = f"/v1/test_helpers/test_clocks/{script.clock}/advance"
    assert script.refused(400, "POST", path, frozen_time=NOW)["param"] == "frozen_time"


def test_it_moves_two_intervals_at_most(script: Script) -> None:
    """Two intervals of the shortest subscription at a time, or two years when there is none."""
    path = f"/v1/test_helpers/test_clocks/{script.clock}/advance"
    script.refused(400, "POST", path, frozen_time=NOW + 731 * DAY)
    script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.refused(400, "POST", path, frozen_time=NOW + 60 * DAY)
    script.advance(days=59)


def test_it_has_room_for_three(script: Script) -> None:
    """Three customers on a clock, three subscriptions on each; relaxed clocks know no such limits."""
    price = script.price(0)
    customers = [script.customer() for _ in range(3)]
    script.refused(400, "POST", "/v1/customers", test_clock=script.clock)
    for _ in range(3):
        script.subscribe(customers[0], price)
    script.refused(400, "POST", "/v1/subscriptions", customer=customers[0], items=[{"price": price}])
    relaxed = Script(Settings(relaxed_clocks=True))
    for _ in range(4):
        relaxed.subscribe(relaxed.customer("pm_card_visa"), relaxed.price(2500))
    relaxed.advance(days=400)
    assert relaxed.frozen_time() == NOW + 400 * DAY


def test_everything_on_it_lives_at_its_time(script: Script) -> None:
    """Objects and events of a customer on a clock bear the clock's time, not the caller's."""
    script.advance(days=100)
    script.now = NOW + 5
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    assert sub["created"] == sub["start_date"] == NOW + 100 * DAY
    assert {payload["created"] for payload in script.payloads} == {NOW + 100 * DAY}
    assert script.invoice(sub)["test_clock"] == sub["test_clock"] == script.clock


def test_clocks_do_not_disturb_each_other(script: Script) -> None:
    """Advancing one clock plays nothing of another, nor of real time."""
    script.subscribe(script.customer("pm_card_visa"), script.price(2500), trial_period_days=10)
    script.subscribe(script.post("/v1/customers")["id"], script.price(0), trial_period_days=10)
    other = script.post("/v1/test_helpers/test_clocks", frozen_time=NOW)["id"]
    script.forget()
    script.post(f"/v1/test_helpers/test_clocks/{other}/advance", frozen_time=NOW + 30 * DAY)
    script.world.run_until(NOW)
    script.happened("test_helpers.test_clock.advancing")


def test_a_customer_can_be_put_on_a_clock_later(script: Script) -> None:
    """A clock made with a customer takes it over, with its subscriptions and what they wait for."""
    customer = script.post("/v1/customers")["id"]
    sub = script.subscribe(customer, script.price(0), trial_period_days=10)
    clock = script.post("/v1/test_helpers/test_clocks", frozen_time=NOW, customer=customer)["id"]
    assert script.subscription(sub)["test_clock"] == clock
    assert script.world.run_until(NOW + 20 * DAY) == []
    script.post(f"/v1/test_helpers/test_clocks/{clock}/advance", frozen_time=NOW + 20 * DAY)
    script.world.run_until(NOW + 20 * DAY)
    assert script.subscription(sub)["status"] == "active"
    script.refused(400, "POST", "/v1/test_helpers/test_clocks", frozen_time=NOW, customer=customer)


@pytest.mark.parametrize("clock", ["clock_nope", ""])
def test_an_unknown_clock(script: Script, clock: str) -> None:
    """An unknown clock is refused; an empty one means none."""
    if clock:
        assert script.refused(400, "POST", "/v1/customers", test_clock=clock)["param"] == "test_clock"
    else:
        assert script.post("/v1/customers", test_clock=clock)["test_clock"] is None
