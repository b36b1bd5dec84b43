"""The world as a whole: failing calls leave no trace, and equal worlds behave equally."""

import pytest

from tests.sandbox.world.script import DAY, HOUR, NOW, Script
from tiergate_sandbox.world import Call, Settings, World, pagination, search, store


def busy(seed: int = 0) -> Script:
    """Return a world with a bit of everything in it, half-way through a month."""
    script = Script(Settings(relaxed_clocks=True), seed=seed)
    price, dearer = script.price(2500, lookup_key="pro"), script.price(5000)
    paying = script.subscribe(script.customer("pm_card_visa"), price)
    script.subscribe(script.customer(), price, trial_period_days=20)
    script.subscribe(script.customer("pm_card_chargeCustomerFail"), price, trial_period_days=3)
    script.post("/v1/webhook_endpoints", url="https://app.example/hook", enabled_events=["*"])
    line_items = [{"price": price, "quantity": 1}]
    script.post(
        "/v1/checkout/sessions", mode="subscription", success_url="https://x.example", line_items=line_items
    )
    script.advance(days=10)
    item = paying["items"]["data"][0]["id"]
    script.post(f"/v1/subscriptions/{paying['id']}", items=[{"id": item, "price": dearer}])
    script.advance(days=3)
    return script


def go_on(world: World, clock: str) -> list[object]:
    """Let a world live on, and return all that comes of it."""
    seen: list[object] = []
    path = f"/v1/test_helpers/test_clocks/{clock}/advance"
    for target in (NOW + 40 * DAY, NOW + 80 * DAY):
        seen.append(world.call(Call("POST", path, {"frozen_time": str(target)}), NOW + HOUR))
        seen.append([world.event_payload(e.event_id, "2024-06-20") for e in world.run_until(NOW + 2 * DAY)])
    seen.append(world.call(Call("POST", "/v1/customers", {"email": "late@example.com"}), NOW + 3 * DAY))
    seen.append(world.dump())
    return seen


def test_equal_worlds_stay_equal() -> None:
    """The same seed and the same calls give the same bytes; another seed gives other ids."""
    assert busy().world.dump() == busy().world.dump()
    assert busy().clock != busy(seed=1).clock


def test_a_loaded_world_goes_on_like_the_dumped_one() -> None:
    """load(dump) is the same world, and what it does from then on is the same to the byte."""
    script = busy()
    image = script.world.dump()
    loaded = World.load(image)
    assert loaded.dump() == image
    assert loaded.next_due_at() == script.world.next_due_at()
    assert loaded.listen_secret == script.world.listen_secret
    assert loaded.webhook_endpoints() == script.world.webhook_endpoints()
    assert go_on(loaded, script.clock) == go_on(script.world, script.clock)


def test_a_failing_call_changes_nothing() -> None:
    """A call that fails at its very last step leaves the world as it was, byte for byte."""
    script = busy()
    customer, price = script.customer("pm_card_visa"), script.price(100)
    image = script.world.dump()
    good = {"customer": customer, "items": [{"price": price}]}
    script.refused(400, "POST", "/v1/subscriptions", **good, expand=["latest_invoice.nonsense"])
    script.refused(400, "POST", "/v1/subscriptions", **good, nonsense=1)
    script.refused(
        402, "POST", "/v1/customers", email="x@example.com", payment_method="pm_card_chargeDeclined"
    )
    script.refused(400, "POST", "/v1/customers", email="x@example.com", payment_method="pm_nope")
    script.refused(404, "POST", "/v1/nonsense")
    script.refused(404, "GET", "/v1/customers/cus_nope")
    assert script.world.dump() == image
    script.happened()


def test_reading_changes_nothing() -> None:
    """No GET changes the world, whatever it expands."""
    script = busy()
    image = script.world.dump()
    script.get("/v1/subscriptions", status="all", expand=["data.customer", "data.latest_invoice.payments"])
    script.get(
        "/v1/customers", test_clock=script.clock, expand=["data.invoice_settings.default_payment_method"]
    )
    script.get("/v1/events", type="invoice.*")
    script.get("/v1/prices", expand=["data.product", "data.currency_options"])
    list(script.world.objects("subscription"))
    assert script.world.dump() == image


def test_time_does_not_go_back() -> None:
    """A call with an earlier time than the last one happens at the later of the two."""
    world = World()
    first, _ = world.call(Call("POST", "/v1/customers"), NOW)
    second, _ = world.call(Call("POST", "/v1/customers"), NOW - 100)
    assert first.body["created"] == second.body["created"] == NOW


def test_real_time_plays_like_a_clock() -> None:
    """Customers without a clock live in real time: run_until plays each instant on the way, late or not."""
    script = Script()
    method = {
        "payment_method": "pm_card_visa",
        "invoice_settings": {"default_payment_method": "pm_card_visa"},
    }
    customer = script.post("/v1/customers", **method)["id"]
    sub = script.subscribe(customer, script.price(2500), trial_period_days=14)
    assert script.world.next_due_at() == NOW + 7 * DAY
    events = script.world.run_until(NOW + 14 * DAY + 5 * HOUR)
    created = {event.type: event.created for event in events}
    assert created["invoice.upcoming"] == NOW + 7 * DAY
    assert created["customer.subscription.trial_will_end"] == NOW + 11 * DAY
    assert created["customer.subscription.updated"] == NOW + 14 * DAY
    assert created["charge.succeeded"] == NOW + 14 * DAY + HOUR
    script.now = NOW + 14 * DAY + 5 * HOUR
    assert script.subscription(sub)["status"] == "active"


def test_a_call_finds_the_world_at_its_own_time() -> None:
    """What became due before a call happens before it, and its events come with the call's."""
    script = Script()
    sub = script.subscribe(script.post("/v1/customers")["id"], script.price(2500), trial_period_days=14)
    script.forget()
    script.now = NOW + 12 * DAY
    script.post(f"/v1/subscriptions/{sub['id']}", metadata={"a": "b"})
    types = [payload["type"] for payload in script.payloads]
    assert types[-1] == "customer.subscription.updated"
    assert "customer.subscription.trial_will_end" in types[:-1]


def test_finding_one_among_many_looks_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filtered list and a search go through an index: they decode what they return, not what they pass
    over.
    """
    script = Script()
    for number in range(500):
        script.world.call(Call("POST", "/v1/customers", {"email": f"c{number}@example.com"}), NOW)
    decoded: list[bytes] = []

    def counting(row: bytes) -> object:
        decoded.append(row)
        return store.decode(row)

    monkeypatch.setattr(pagination, "decode", counting)
    monkeypatch.setattr(search, "decode", counting)
    found = script.get("/v1/customers", email="c7@example.com")["data"]
    found += script.get("/v1/customers/search", query='email:"c499@example.com"')["data"]
    assert [one["email"] for one in found] == ["c7@example.com", "c499@example.com"]
    assert len(script.get("/v1/customers", limit=3)["data"]) == 3
    assert len(decoded) == 1 + 1 + 4
