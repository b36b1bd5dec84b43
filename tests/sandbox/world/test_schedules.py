"""Subscription schedules: a change that waits for the end of the period, and lives that are planned ahead."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, LATER, NOW, PAID, REFUSED, Obj, Script, at
from tiergate_sandbox.world import Settings

URL = "/v1/subscription_schedules"
UPDATED = "customer.subscription.updated"
RENEWAL = at("2026-02-15T10:00:00")
SECOND = at("2026-03-15T10:00:00")


def phase(price: str, start: int, end: int, **params: object) -> Obj:
    """Return a phase of one price."""
    return {"items": [{"price": price}], "start_date": start, "end_date": end, **params}


def scheduled(script: Script, card: str = "pm_card_visa") -> tuple[Obj, Obj]:
    """Subscribe for $50 and put the subscription under a schedule."""
    sub = script.subscribe(script.customer(card), script.price(5000))
    script.forget()
    return sub, script.post(URL, from_subscription=sub["id"])


def downgrade(script: Script, sub: Obj, schedule: Obj, **params: object) -> Obj:
    """Let the schedule go from $50 to $25 when the period ends."""
    dear, cheap = sub["items"]["data"][0]["price"]["id"], script.price(2500)
    phases = [phase(dear, NOW, RENEWAL), phase(cheap, RENEWAL, SECOND)]
    return script.post(f"{URL}/{schedule['id']}", phases=phases, **params)


def amount_of(sub: Obj) -> int:
    """Return the price of the only item."""
    amount: int = sub["items"]["data"][0]["price"]["unit_amount"]
    return amount


def test_a_schedule_for_a_running_subscription(script: Script) -> None:
    """from_subscription makes one phase, the current period, and links the two."""
    sub, schedule = scheduled(script)
    assert (schedule["status"], schedule["subscription"]) == ("active", sub["id"])
    assert (schedule["end_behavior"], schedule["current_phase"]) == (
        "release",
        {"start_date": NOW, "end_date": RENEWAL},
    )
    (only,) = schedule["phases"]
    assert only["items"][0]["price"] == sub["items"]["data"][0]["price"]["id"]
    told = script.happened("subscription_schedule.created", UPDATED)
    assert told.before(UPDATED) == {"schedule": None}
    assert script.subscription(sub)["schedule"] == schedule["id"]
    shown = script.get(f"/v1/subscriptions/{sub['id']}", expand=["schedule"])["schedule"]
    assert shown["id"] == schedule["id"]


def test_a_downgrade_at_the_end_of_the_period(script: Script) -> None:
    """Nothing is prorated: the renewal is for the new price, told with the schedule's own event."""
    sub, schedule = scheduled(script)
    downgrade(script, sub, schedule)
    script.happened("subscription_schedule.updated")
    assert amount_of(script.subscription(sub)) == 5000
    script.advance_to(RENEWAL)
    told = script.happened("invoice.upcoming", "subscription_schedule.updated", "invoice.created", UPDATED)
    assert told.object_of("invoice.upcoming")["total"] == 2500
    assert told.before("subscription_schedule.updated") == {
        "current_phase": {"start_date": NOW, "end_date": RENEWAL}
    }
    assert told.before(UPDATED).keys() == {"items", "latest_invoice", "plan"}
    assert told.object_of("invoice.created")["total"] == 2500
    after = script.subscription(sub)
    assert after["items"]["data"][0]["id"] == sub["items"]["data"][0]["id"]
    assert after["items"]["data"][0]["current_period_end"] == SECOND
    script.advance(hours=1)
    script.happened(*FINALIZED, *PAID, *LATER)


def test_the_last_phase_releases(script: Script) -> None:
    """A week before the end it is announced; then the subscription goes on alone."""
    sub, schedule = scheduled(script)
    downgrade(script, sub, schedule)
    script.advance_to(SECOND - 7 * DAY)
    script.forget()
    script.advance_to(SECOND - 7 * DAY + 1)
    script.happened()
    script.advance_to(SECOND)
    told = script.happened("subscription_schedule.released", "invoice.created", UPDATED)
    released = told.object_of("subscription_schedule.released")
    assert (released["status"], released["released_subscription"]) == ("released", sub["id"])
    assert (released["subscription"], released["current_phase"]) == (None, None)
    assert told.before(UPDATED)["schedule"] == schedule["id"]
    assert amount_of(script.subscription(sub)) == 2500


def test_expiring_is_announced_a_week_before(script: Script) -> None:
    """subscription_schedule.expiring comes once, seven days before the end of the last phase."""
    scheduled(script)
    script.forget()
    script.advance_to(RENEWAL - 7 * DAY - 1)
    script.happened()
    script.advance_to(RENEWAL - 7 * DAY)
    script.happened("subscription_schedule.expiring", "invoice.upcoming")


def test_the_end_can_be_called_completed() -> None:
    """With schedule_ends_as=completed the schedule keeps its subscription and completes."""
    script = Script(Settings(schedule_ends_as="completed"))
    sub, schedule = scheduled(script)
    script.advance_to(RENEWAL)
    ended = script.get(f"{URL}/{schedule['id']}")
    assert (ended["status"], ended["completed_at"]) == ("completed", RENEWAL)
    assert script.subscription(sub)["schedule"] is None


def test_the_last_phase_cancels(script: Script) -> None:
    """With end_behavior=cancel the subscription ends with the last phase, which shows as cancel_at."""
    sub, schedule = scheduled(script)
    downgrade(script, sub, schedule, end_behavior="cancel")
    assert script.subscription(sub)["cancel_at"] is None
    script.advance_to(RENEWAL)
    assert script.subscription(sub)["cancel_at"] == SECOND
    script.advance_to(SECOND - HOUR)
    script.forget()
    script.advance_to(SECOND)
    told = script.happened("customer.subscription.deleted", "subscription_schedule.completed")
    assert told.object_of("customer.subscription.deleted")["ended_at"] == SECOND


def test_a_year_after_months(script: Script) -> None:
    """A phase with another interval begins a new cycle: the anchor is where the phase begins."""
    sub, schedule = scheduled(script)
    yearly = script.price(50000, "year")
    dear = sub["items"]["data"][0]["price"]["id"]
    script.post(
        f"{URL}/{schedule['id']}",
        phases=[
            phase(dear, NOW, RENEWAL),
            {"items": [{"price": yearly}], "duration": {"interval": "year"}},
        ],
    )
    script.advance_to(RENEWAL)
    after = script.subscription(sub)
    item = after["items"]["data"][0]
    assert after["billing_cycle_anchor"] == item["current_period_start"] == RENEWAL
    assert item["current_period_end"] == at("2027-02-15T10:00:00")
    assert script.invoice(sub)["total"] == 50000


def test_a_switch_inside_the_period(script: Script) -> None:
    """A phase that begins inside the period prorates as it says."""
    sub, schedule = scheduled(script)
    dear, dearest = sub["items"]["data"][0]["price"]["id"], script.price(10000)
    middle = at("2026-01-25T10:00:00")
    script.post(
        f"{URL}/{schedule['id']}",
        phases=[
            phase(dear, NOW, middle),
            phase(dearest, middle, RENEWAL, proration_behavior="always_invoice", metadata={"tier": "top"}),
        ],
    )
    script.forget()
    script.advance_to(middle)
    script.happened(
        "subscription_schedule.updated",
        "invoiceitem.created",
        "invoiceitem.created",
        "invoice.created",
        *FINALIZED,
        *PAID,
        "customer.updated",
        UPDATED,
    )
    assert script.invoice(sub)["total"] == 3387
    assert script.subscription(sub)["metadata"] == {"tier": "top"}


def test_the_current_phase_can_change_at_once(script: Script) -> None:
    """An update of the current phase's items is applied to the subscription, prorated as asked."""
    sub, schedule = scheduled(script)
    dearer = script.price(10000)
    script.advance_to(at("2026-01-25T10:00:00"))
    script.forget()
    script.post(
        f"{URL}/{schedule['id']}",
        phases=[phase(dearer, NOW, RENEWAL)],
        proration_behavior="always_invoice",
    )
    assert amount_of(script.subscription(sub)) == 10000
    assert script.invoice(sub)["total"] == 3387
    error = script.refused(400, "POST", f"{URL}/{schedule['id']}", phases=[phase(dearer, NOW + DAY, RENEWAL)])
    assert error["param"] == "phases[0][start_date]"


def test_release_keeps_the_subscription(script: Script) -> None:
    """POST …/release lets go; what was planned does not happen."""
    sub, schedule = scheduled(script)
    downgrade(script, sub, schedule)
    script.forget()
    script.post(f"{URL}/{schedule['id']}/release")
    told = script.happened("subscription_schedule.released", UPDATED)
    assert told.before(UPDATED) == {"schedule": schedule["id"]}
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 5000
    script.refused(400, "POST", f"{URL}/{schedule['id']}/release")
    script.refused(400, "POST", f"{URL}/{schedule['id']}", metadata={"a": "b"})


def test_cancel_ends_both(script: Script) -> None:
    """POST …/cancel ends the subscription too and, unless told otherwise, gives the unused time back."""
    sub, schedule = scheduled(script)
    script.advance_to(at("2026-01-25T10:00:00"))
    script.forget()
    canceled = script.post(f"{URL}/{schedule['id']}/cancel")
    assert (canceled["status"], canceled["subscription"]) == ("canceled", sub["id"])
    told = script.happened(
        "invoiceitem.created",
        "customer.subscription.deleted",
        "subscription_schedule.canceled",
        "invoice.created",
    )
    assert told.object_of("invoice.created")["total"] == -3387
    assert script.subscription(sub)["status"] == "canceled"


def test_the_subscription_takes_its_schedule_along(script: Script) -> None:
    """DELETE of the subscription cancels its schedule."""
    sub, schedule = scheduled(script)
    script.forget()
    script.delete(f"/v1/subscriptions/{sub['id']}")
    script.happened("customer.subscription.deleted", "subscription_schedule.canceled")
    assert script.get(f"{URL}/{schedule['id']}")["status"] == "canceled"


def test_delinquency_aborts_it() -> None:
    """When the last retry cancels the subscription, its schedule is aborted."""
    script = Script(Settings(retry_after_days=()))
    sub, schedule = scheduled(script)
    downgrade(script, sub, schedule)
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=sub["customer"])["id"]
    script.post(f"/v1/customers/{sub['customer']}", invoice_settings={"default_payment_method": bad})
    script.advance_to(RENEWAL)
    script.forget()
    script.advance(hours=1)
    script.happened(
        *FINALIZED, *REFUSED, *LATER, "customer.subscription.deleted", "subscription_schedule.aborted"
    )


def test_direct_edits_are_written_back(script: Script) -> None:
    """A direct change of the items shows in the current phase; a direct cancellation is refused."""
    sub, schedule = scheduled(script)
    item = sub["items"]["data"][0]["id"]
    script.forget()
    script.post(
        f"/v1/subscriptions/{sub['id']}", items=[{"id": item, "quantity": 3}], proration_behavior="none"
    )
    script.happened("subscription_schedule.updated", UPDATED)
    assert script.get(f"{URL}/{schedule['id']}")["phases"][0]["items"][0]["quantity"] == 3
    for params in ({"cancel_at_period_end": True}, {"cancel_at": SECOND}):
        error = script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}", **params)
        assert schedule["id"] in error["message"]


def test_from_subscription_stands_alone(script: Script) -> None:
    """Other parameters beside from_subscription are refused, and so is a second schedule."""
    sub, _ = scheduled(script)
    error = script.refused(400, "POST", URL, from_subscription=sub["id"], end_behavior="cancel")
    assert error["param"] == "end_behavior"
    script.refused(400, "POST", URL, from_subscription=sub["id"])


def test_an_archived_price_is_still_switched_to(script: Script) -> None:
    """What was planned while a price was for sale happens after it was archived, inside a period too."""
    sub, schedule = scheduled(script)
    dear, other = sub["items"]["data"][0]["price"]["id"], script.price(10000)
    middle = at("2026-01-25T10:00:00")
    phases = [phase(dear, NOW, middle), phase(other, middle, RENEWAL)]
    script.post(f"{URL}/{schedule['id']}", phases=phases)
    script.post(f"/v1/prices/{other}", active=False)
    script.advance_to(middle)
    assert amount_of(script.subscription(sub)) == 10000


def test_things_bought_with_a_phase(script: Script) -> None:
    """add_invoice_items of a phase are on the invoice with which it begins, once."""
    sub, schedule = scheduled(script)
    once = script.post("/v1/prices", currency="usd", unit_amount=900, product=script.product)["id"]
    dear = sub["items"]["data"][0]["price"]["id"]
    second = phase(dear, RENEWAL, SECOND, add_invoice_items=[{"price": once}])
    script.post(f"{URL}/{schedule['id']}", phases=[phase(dear, NOW, RENEWAL), second])
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 5900
    script.post(f"{URL}/{schedule['id']}", phases=[second])
    script.advance_to(SECOND)
    assert script.invoice(sub)["total"] == 5000


@pytest.mark.parametrize("keep", [False, True])
def test_release_and_the_planned_end(script: Script, keep: bool) -> None:
    """A release takes the end that the schedule had set along, unless preserve_cancel_date says otherwise."""
    sub, schedule = scheduled(script)
    script.post(f"{URL}/{schedule['id']}", end_behavior="cancel")
    assert script.subscription(sub)["cancel_at"] == RENEWAL
    script.post(f"{URL}/{schedule['id']}/release", preserve_cancel_date=keep)
    assert script.subscription(sub)["cancel_at"] == (RENEWAL if keep else None)


def test_metadata_of_the_current_phase(script: Script) -> None:
    """An update of the current phase merges its metadata into the subscription's at once."""
    sub, schedule = scheduled(script)
    price = sub["items"]["data"][0]["price"]["id"]
    script.post(f"/v1/subscriptions/{sub['id']}", metadata={"own": "1"})
    now = phase(price, NOW, RENEWAL, metadata={"planned": "2"}, description="Planned")
    script.post(f"{URL}/{schedule['id']}", phases=[now])
    after = script.subscription(sub)
    assert (after["metadata"], after["description"]) == ({"own": "1", "planned": "2"}, "Planned")


def test_a_pending_update_under_a_schedule(script: Script) -> None:
    """A switch of phases discards what waits; what is paid before is written to the current phase."""
    sub, schedule = scheduled(script)
    dear, other = sub["items"]["data"][0]["price"]["id"], script.price(8000)
    middle = at("2026-01-25T10:00:00")
    phases = [phase(dear, NOW, middle), phase(other, middle, RENEWAL, proration_behavior="none")]
    script.post(f"{URL}/{schedule['id']}", phases=phases)
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=sub["customer"])["id"]
    script.post(f"/v1/customers/{sub['customer']}", invoice_settings={"default_payment_method": bad})
    more: Obj = {
        "items": [{"id": sub["items"]["data"][0]["id"], "quantity": 2}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    held = script.post(f"/v1/subscriptions/{sub['id']}", **more)
    script.post(f"/v1/invoices/{held['latest_invoice']}/pay", payment_method="pm_card_visa")
    assert script.get(f"{URL}/{schedule['id']}")["phases"][0]["items"][0]["quantity"] == 2
    script.advance_to(middle - DAY)
    more["items"][0]["quantity"] = 9
    held = script.post(f"/v1/subscriptions/{sub['id']}", **more)
    assert held["pending_update"] is not None
    script.advance_to(middle - 2 * HOUR)
    held = script.post(f"/v1/subscriptions/{sub['id']}", **more)
    script.advance_to(middle)
    after = script.subscription(sub)
    assert (after["pending_update"], after["items"]["data"][0]["quantity"], amount_of(after)) == (
        None,
        1,
        8000,
    )
    assert script.get(f"/v1/invoices/{held['latest_invoice']}")["status"] == "void"


def test_a_later_phase_can_be_a_trial(script: Script) -> None:
    """A trial that begins with a renewal is not charged; at its end the price of the phase is."""
    sub, schedule = scheduled(script)
    dear, cheap = sub["items"]["data"][0]["price"]["id"], script.price(2500)
    free = phase(cheap, RENEWAL, SECOND, trial_end=RENEWAL + 45 * DAY) | {"end_date": RENEWAL + 90 * DAY}
    script.post(f"{URL}/{schedule['id']}", phases=[phase(dear, NOW, RENEWAL), free])
    script.advance_to(RENEWAL - DAY)
    script.forget()
    script.advance_to(RENEWAL)
    told = script.happened("invoice.created", UPDATED, "subscription_schedule.updated")
    assert told.before(UPDATED)["status"] == "active"
    assert script.invoice(sub)["total"] == 0
    shown = script.subscription(sub)
    assert (shown["status"], shown["trial_start"], shown["trial_end"]) == (
        "trialing",
        RENEWAL,
        RENEWAL + 45 * DAY,
    )
    item = shown["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (RENEWAL, RENEWAL + 45 * DAY)
    script.advance_to(RENEWAL + 45 * DAY + 2 * HOUR)
    assert script.subscription(sub)["status"] == "active"
    assert script.invoice(sub)["amount_paid"] == 2500


def test_a_trial_can_follow_a_trial(script: Script) -> None:
    """A phase that goes on with the trial keeps its beginning and moves its end; short ones are announced."""
    cheap = script.price(2500)
    first = phase(cheap, NOW, NOW + 10 * DAY, trial=True)
    second = phase(cheap, NOW + 10 * DAY, NOW + 12 * DAY, trial=True)
    customer = script.customer("pm_card_visa")
    schedule = script.post(URL, customer=customer, start_date=NOW, phases=[first, second])
    script.advance_to(NOW + 10 * DAY - HOUR)
    script.forget()
    script.advance_to(NOW + 10 * DAY)
    sub = script.subscription(schedule["subscription"])
    assert (sub["status"], sub["trial_start"], sub["trial_end"]) == ("trialing", NOW, NOW + 12 * DAY)
    assert "customer.subscription.trial_will_end" in {one["type"] for one in script.payloads}
    script.advance_to(NOW + 12 * DAY + 2 * HOUR)
    assert script.subscription(sub)["status"] == "active"
    assert script.invoice(sub)["amount_paid"] == 2500


def test_a_phase_says_when_sent_invoices_are_due(script: Script) -> None:
    """collection_method and days_until_due of a later phase hold from its beginning."""
    sub, schedule = scheduled(script)
    price = sub["items"]["data"][0]["price"]["id"]
    sent = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}
    phases = [phase(price, NOW, RENEWAL), phase(price, RENEWAL, SECOND, **sent)]
    script.post(f"{URL}/{schedule['id']}", phases=phases)
    script.advance_to(RENEWAL)
    shown = script.subscription(sub)
    assert (shown["collection_method"], shown["days_until_due"]) == ("send_invoice", 14)
