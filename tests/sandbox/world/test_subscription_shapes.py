"""The shapes of what schedules, pauses and pending updates show, in the newest and in older versions."""

from tests.sandbox.world.conformance import faults_of
from tests.sandbox.world.script import Obj, Script

URL = "/v1/subscription_schedules"


def held_and_scheduled(script: Script) -> tuple[Obj, Obj]:
    """Return a subscription with a pending update, and a schedule of another one."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": bad})
    held = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": script.price(9000)}],
        proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
    )
    other = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    return held, script.post(URL, from_subscription=other["id"])


def test_every_key_is_stripes(script: Script) -> None:
    """Schedules, phases, pending updates, pauses and all their events have Stripe's keys and no other."""
    held, schedule = held_and_scheduled(script)
    planned = script.post(
        URL,
        customer=script.customer("pm_card_visa"),
        start_date="now",
        phases=[
            {
                "items": [{"price": script.price(700)}],
                "trial": True,
                "duration": {"interval": "month"},
                "invoice_settings": {"days_until_due": 3},
                "default_payment_method": None,
            },
            {"items": [{"price": script.price(800), "quantity": 2}]},
        ],
    )
    paused = script.post(f"/v1/subscriptions/{held['id']}/pause")
    listed = script.get(URL, limit=10)
    events = script.get("/v1/events", limit=100)
    assert faults_of([held, schedule, planned, paused, listed, events]) == []


def test_older_versions(script: Script) -> None:
    """Before basil items have no periods of their own, before flexible billing a schedule has no mode."""
    held, schedule = held_and_scheduled(script)
    old = script.call("GET", f"/v1/subscriptions/{held['id']}", {}, "2024-06-20").body
    (waiting,) = old["pending_update"]["subscription_items"]
    assert waiting["price"]["unit_amount"] == 9000
    assert "current_period_start" not in waiting
    shown = script.call("GET", f"{URL}/{schedule['id']}", {}, "2025-03-31.basil").body
    assert {"billing_mode", "pause_schedules"} & shown.keys() == set()
    later = script.call("GET", f"{URL}/{schedule['id']}", {}, "2025-09-30.clover").body
    assert ("billing_mode" in later, "pause_schedules" in later) == (True, False)


def test_phases_in_older_words(script: Script) -> None:
    """Before clover a phase lasts some iterations of its price; since then it has a duration."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    old: Obj = {"items": [{"price": price}], "iterations": 3}
    new: Obj = {"items": [{"price": price}], "duration": {"interval": "month", "interval_count": 3}}
    ends = []
    for version, right, wrong in (
        ("2025-03-31.basil", old, new),
        ("2025-09-30.clover", new, old),
    ):
        params: Obj = {"customer": customer, "start_date": "now"}
        refused = script.call("POST", URL, {**params, "phases": [wrong]}, version)
        assert refused.body["error"]["code"] == "parameter_unknown"
        made = script.call("POST", URL, {**params, "phases": [right]}, version).body
        ends.append(made["phases"][0]["end_date"])
    assert ends[0] == ends[1]
