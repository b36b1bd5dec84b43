"""Classic and flexible billing, and what several items of one subscription do."""

from tests.sandbox.world.script import Obj, Script, at
from tiergate_sandbox.world import Settings

CHANGE = at("2026-01-25T10:00:00")
PERIOD_END = at("2026-02-15T10:00:00")
UPDATED = "customer.subscription.updated"


def amounts(invoice: Obj) -> list[int]:
    """Return the amounts of the lines."""
    return [line["amount"] for line in invoice["lines"]["data"]]


def classic(script: Script, price: str) -> Obj:
    """Subscribe with classic billing."""
    return script.subscribe(script.customer("pm_card_visa"), price, billing_mode={"type": "classic"})


def test_migration_to_flexible(script: Script) -> None:
    """POST …/migrate is told by one event, and goes one way only."""
    sub = classic(script, script.price(2500))
    script.advance_to(CHANGE)
    script.forget()
    migrated = script.post(f"/v1/subscriptions/{sub['id']}/migrate", billing_mode={"type": "flexible"})
    assert migrated["billing_mode"] == {
        "flexible": {"proration_discounts": "included"},
        "type": "flexible",
        "updated_at": CHANGE,
    }
    told = script.happened(UPDATED)
    assert told.before(UPDATED)["billing_mode"]["type"] == "classic"
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/migrate", billing_mode={"type": "flexible"})
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/migrate", billing_mode={"type": "classic"})


def test_the_version_decides_the_default(script: Script) -> None:
    """Before clover a new subscription is classic, since then flexible."""
    price = script.price(2500)
    for version, mode in (("2025-08-27.basil", "classic"), ("2025-09-30.clover", "flexible")):
        answer = script.call(
            "POST",
            "/v1/subscriptions",
            {"customer": script.customer("pm_card_visa"), "items": [{"price": price}]},
            version,
        )
        assert answer.body["billing_mode"]["type"] == mode


def test_classic_does_not_mix_intervals(script: Script) -> None:
    """A month and a year in one subscription need flexible billing, at the start and later."""
    monthly, yearly = script.price(2500), script.price(25000, "year")
    customer = script.customer("pm_card_visa")
    items = [{"price": monthly}, {"price": yearly}]
    error = script.refused(
        400, "POST", "/v1/subscriptions", customer=customer, items=items, billing_mode={"type": "classic"}
    )
    assert error["param"] == "items"
    sub = classic(script, monthly)
    script.refused(400, "POST", "/v1/subscription_items", subscription=sub["id"], price=yearly)


def test_each_item_has_its_own_period() -> None:
    """In flexible billing a month and a year renew on their own days, each on an invoice of its own."""
    script = Script(Settings(relaxed_clocks=True))
    monthly, yearly = script.price(2500), script.price(25000, "year")
    customer = script.customer("pm_card_visa")
    sub = script.post("/v1/subscriptions", customer=customer, items=[{"price": monthly}, {"price": yearly}])
    assert amounts(script.invoice(sub)) == [2500, 25000]
    ends = [item["current_period_end"] for item in sub["items"]["data"]]
    assert ends == [PERIOD_END, at("2027-01-15T10:00:00")]
    script.advance_to(PERIOD_END)
    assert amounts(script.invoice(sub)) == [2500]
    old = script.call("GET", f"/v1/subscriptions/{sub['id']}", {}, "2024-06-20").body
    assert (old["current_period_start"], old["current_period_end"]) == (PERIOD_END, at("2026-03-15T10:00:00"))
    script.advance_to(at("2027-01-15T10:00:00"))
    assert sorted(amounts(script.invoice(sub))) == [2500, 25000]


def test_items_are_added_and_removed_in_one_update(script: Script) -> None:
    """items[][deleted] gives back, an entry without id adds; both on one invoice."""
    first, second = script.price(3100), script.price(6200)
    sub = script.subscribe(script.customer("pm_card_visa"), first)
    script.advance_to(CHANGE)
    item = sub["items"]["data"][0]["id"]
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item, "deleted": True}, {"price": second, "quantity": 2}],
        proration_behavior="always_invoice",
    )
    assert [one["price"]["id"] for one in changed["items"]["data"]] == [second]
    assert amounts(script.invoice(sub)) == [-2100, 8400]


def test_the_second_is_pinned_by_proration_date(script: Script) -> None:
    """proration_date counts, not the time of the call; it must lie in the period."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    dearer = script.price(5000)
    script.advance_to(at("2026-02-01T00:00:00"))
    change: Obj = {
        "items": [{"id": sub["items"]["data"][0]["id"], "price": dearer}],
        "proration_behavior": "always_invoice",
    }
    error = script.refused(
        400, "POST", f"/v1/subscriptions/{sub['id']}", proration_date=PERIOD_END + 1, **change
    )
    assert error["param"] == "proration_date"
    script.post(f"/v1/subscriptions/{sub['id']}", proration_date=CHANGE, **change)
    assert amounts(script.invoice(sub)) == [-1694, 3387]


def test_from_free_to_paid(script: Script) -> None:
    """Flexible waits for the next invoice unless told otherwise; classic begins a new period at once."""
    free, paid = script.price(0), script.price(2500)
    flexible, old = script.subscribe(script.customer("pm_card_visa"), free), classic(script, free)
    script.advance_to(CHANGE)
    for sub in (flexible, old):
        item = sub["items"]["data"][0]["id"]
        script.post(f"/v1/subscriptions/{sub['id']}", items=[{"id": item, "price": paid}])
    assert script.subscription(flexible)["billing_cycle_anchor"] == flexible["billing_cycle_anchor"]
    assert script.invoice(flexible)["total"] == 0
    pending = script.get("/v1/invoiceitems", customer=flexible["customer"], pending=True)["data"]
    assert sorted(item["amount"] for item in pending) == [0, 1694]
    assert script.subscription(old)["billing_cycle_anchor"] == CHANGE
    assert script.invoice(old)["total"] == 2500


def test_a_one_time_price_is_no_item(script: Script) -> None:
    """Adding a price that does not recur is refused."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    once = script.post("/v1/prices", currency="usd", unit_amount=500, product=script.product)["id"]
    error = script.refused(400, "POST", "/v1/subscription_items", subscription=sub["id"], price=once)
    assert "type=recurring" in error["message"]


def test_the_anchor_may_outlive_the_trial(script: Script) -> None:
    """trial_settings…billing_cycle_anchor=unchanged: an early end charges only up to the planned anchor."""
    anchor = at("2026-01-25T10:00:00")
    sub = script.subscribe(
        script.customer("pm_card_visa"),
        script.price(3100),
        trial_end=anchor,
        trial_settings={"end_behavior": {"billing_cycle_anchor": "unchanged"}},
    )
    script.advance_to(at("2026-01-20T10:00:00"))
    ended = script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now")
    assert (ended["status"], ended["billing_cycle_anchor"]) == ("active", anchor)
    assert ended["items"]["data"][0]["current_period_end"] == anchor
    assert script.invoice(sub)["total"] == 500


def test_a_recorded_switch_to_a_year(script: Script) -> None:
    """As recorded at Stripe: $25 a month to $250 a year four seconds after the start, anchor unchanged."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    yearly = script.price(25000, "year")
    script.advance(seconds=4)
    now, start = script.frozen_time(), sub["billing_cycle_anchor"]
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": yearly}],
        proration_behavior="always_invoice",
    )
    assert changed["billing_cycle_anchor"] == changed["items"]["data"][0]["current_period_start"] == start
    invoice = script.invoice(sub)
    assert (amounts(invoice), invoice["total"]) == ([-2500, 25000], 22500)
    periods = [line["period"] for line in invoice["lines"]["data"]]
    assert periods == [
        {"start": now, "end": PERIOD_END},
        {"start": now, "end": at("2027-01-15T10:00:00")},
    ]
    assert (invoice["period_start"], invoice["period_end"]) == (start, now)
